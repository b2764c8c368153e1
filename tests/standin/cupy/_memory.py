"""The pretended GPU's memory: who holds how much of it. The arrays themselves are NumPy's."""

from typing import Any


class OutOfMemoryError(MemoryError):
    """More asked for than the pool's limit allows."""

    def __init__(self, size: int, total: int, limit: int = 0) -> None:
        super().__init__(f"Out of memory allocating {size:,} bytes (allocated so far: {total:,} bytes).")


class Pool:
    """`malloc(size)` counts, and refuses beyond the limit (0: there is none)."""

    def __init__(self) -> None:
        self._used = self._most = self._limit = 0

    def malloc(self, size: int) -> int:
        if self._limit and self._used + size > self._limit:
            raise OutOfMemoryError(size, self._used, self._limit)
        self._used += size
        self._most = max(self._most, self._used)
        return size

    def _free(self, size: int) -> None:
        self._used -= size

    def set_limit(self, size: Any = None, fraction: Any = None) -> None:
        self._limit = size or 0

    def get_limit(self) -> int:
        return self._limit

    def used_bytes(self) -> int:
        return self._used

    def total_bytes(self) -> int:
        return self._most

    def free_bytes(self) -> int:
        return self._most - self._used

    def free_all_blocks(self, stream: Any = None) -> None:
        self._most = self._used

    def n_free_blocks(self) -> int:
        return 0


class Allocator:
    """The function that arrays ask for memory."""

    def __init__(self) -> None:
        self.pool, self.pinned = Pool(), Pool()
        self.malloc: Any = self.pool.malloc


allocator = Allocator()
