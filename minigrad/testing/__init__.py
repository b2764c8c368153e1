"""What users import in the tests of their own operations.

check.py       check_op: everything minigrad asks of its own operations, in one call
strategies.py  hypothesis strategies: tensors, shapes that broadcast, indices
plugin.py      the pytest plugin: @pytest.mark.gradcheck, --gradcheck=fast|full
"""

from typing import TYPE_CHECKING

from minigrad._lazy import lazy_imports

if TYPE_CHECKING:
    from minigrad.testing.check import OpCheckError, OpReport, check_op
    from minigrad.testing.strategies import broadcastable, indexers, shapes, tensors, values

__getattr__, __dir__ = lazy_imports(
    __name__,
    "check strategies",
    check="OpCheckError OpReport check_op",
    strategies="broadcastable indexers shapes tensors values",
)

__all__ = [
    "OpCheckError", "OpReport", "broadcastable", "check_op", "indexers", "shapes", "tensors", "values",
]  # fmt: skip
