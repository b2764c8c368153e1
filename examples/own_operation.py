"""Your own differentiable operation with a bug, the report that finds it, and a test that keeps it from coming back.

    python examples/own_operation.py

The operation normalises the rows of a matrix, y = x / |x|. Its gradient is (g - y (y . g)) / |x|. One term is easily
forgotten: |x| depends on x, too.
"""

from typing import Any

import minigrad as mg
from minigrad import Tensor
from minigrad.autograd import Function, gradcheck
from minigrad.gradcheck import GradcheckError
from minigrad.testing import check_op


class Unit(Function):
    """x / |x|, row by row. The backward treats |x| as a constant: wrong."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """The rows of x, of length 1."""
        size = x.norm(dim=1, keepdim=True)
        ctx.save_for_backward(x, size)
        return x / size

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Tensor:
        """g / |x|, and no more."""
        x, size = ctx.saved_tensors
        return g / size


class UnitFixed(Unit):
    """The same, with a backward that knows that |x| changes with x."""

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Tensor:
        """(g - y (y . g)) / |x|, in recorded operations on x: differentiable in turn."""
        x, _ = ctx.saved_tensors
        size = x.norm(dim=1, keepdim=True)
        y = x / size
        return (g - y * (y * g).sum(1, keepdim=True)) / size


def test_unit() -> None:
    """What to put into your own test suite."""
    check_op(UnitFixed.apply, (3, 4), reference=lambda x: x / (x**2).sum(1, keepdims=True) ** 0.5, dtypes=("float64",))


def main() -> None:
    """Check the wrong operation, then the corrected one."""
    mg.manual_seed(0)
    x = mg.randn(3, 4, dtype=mg.float64, requires_grad=True)
    try:
        gradcheck(Unit.apply, x)
    except GradcheckError as error:
        print("the first attempt:", error, sep="\n")
    print("\ncorrected:", gradcheck(UnitFixed.apply, x), sep="\n")
    test_unit()
    print("\nand test_unit() passes: values, gradients, second order, layouts, purity, empty inputs")


if __name__ == "__main__":
    main()
