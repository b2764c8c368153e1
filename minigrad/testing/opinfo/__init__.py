"""Every op and how to check it: one `OpInfo` an op, in one file a family of ops/; `op_db` has them by name.

Its names are exactly those of the registered primitives, of the public functions in `ops/`, and of composites that
only modules call; a test holds the sets equal, so that no op ships unchecked. `python -m minigrad.ops` prints what
op_db and the registry know.
"""

from minigrad.testing.opinfo import array, index, linalg, loss, nn, pointwise, reduce, scatter, sort
from minigrad.testing.opinfo.model import Array, OpInfo, SampleInput, bools, ints, large_samples

__all__ = ["Array", "OpInfo", "SampleInput", "bools", "ints", "large_samples", "op_db"]

op_db: dict[str, OpInfo] = {}
for family in (pointwise, reduce, sort, array, index, scatter, linalg, nn, loss):
    for op in family.op_db:
        if op_db.setdefault(op.name, op) is not op:
            raise ValueError(f"opinfo: two entries are called {op.name!r}")
        op.family = family.__name__.rpartition(".")[2]
