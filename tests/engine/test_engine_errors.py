"""What operations say when they are called wrongly: the op, what was expected, what came, what to do."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.engine.messages import describe, operands
from minigrad.errors import DeviceError, DtypeError, GraphError, ShapeError

WRONG: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "broadcast": (
        lambda: mg.ones(2, 3) + mg.ones(2),
        ShapeError,
        r"^add: expected shapes that broadcast together \(equal sizes or 1, compared from the last dimension\); got "
        r"float32\[2, 3\], float32\[2\]$",
    ),
    "broadcast, reflected": (
        lambda: np.ones(3, "float32") * mg.ones(2),
        ShapeError,
        r"^mul: .* float32\[3\], float32\[2\]$",
    ),
    "where": (
        lambda: mg.where(mg.tensor([True]), mg.ones(2), mg.ones(3)),
        ShapeError,
        r"^where: expected shapes that broad",
    ),
    "matmul, inner sizes": (
        lambda: mg.ones(2, 3) @ mg.ones(2, 3),
        ShapeError,
        r"^matmul: expected the last size of the left \(3\) to equal the last but one size of the right \(2\), got "
        r"shapes \[2, 3\] and \[2, 3\]$",
    ),
    "matmul, vectors": (
        lambda: mg.ones(3) @ mg.ones(2),
        ShapeError,
        r"\(3\) to equal the last size of the right \(2\)",
    ),
    "matmul, 0-d": (
        lambda: mg.tensor(1.0) @ mg.ones(2),
        ShapeError,
        "expected at least 1 dimension on both sides.*use \\* for",
    ),
    "matmul, dtypes": (
        lambda: mg.ones(2, 2) @ mg.ones(2, 2).double(),
        DtypeError,
        "expected one dtype, got float32 and float64",
    ),
    "mm": (lambda: mg.mm(mg.ones(2), mg.ones(2, 2)), ShapeError, r"^mm: expected two matrices, got float32\[2\]"),
    "cat, sizes": (
        lambda: mg.cat([mg.ones(2, 3), mg.ones(3, 2)]),
        ShapeError,
        r"^cat: .*got float32\[2, 3\], float32\[3, 2\]$",
    ),
    "cat, nothing": (lambda: mg.cat([]), ShapeError, "^cat: expected at least one tensor, got none$"),
    "cat, 0-d": (
        lambda: mg.cat([mg.tensor(1.0)]),
        ShapeError,
        r"^cat: tensors of 0 dimensions cannot be joined; use stack\(\)",
    ),
    "cat, dim": (
        lambda: mg.cat([mg.ones(2)], 1),
        IndexError,
        "^cat: dim: expected -1 to 0 for a tensor of 1 dimensions, got 1",
    ),
    "stack": (
        lambda: mg.stack([mg.ones(2), mg.ones(3)]),
        ShapeError,
        r"^stack: expected tensors of one shape, got \(2,\) at 0 and \(3,\) at 1$",
    ),
    "stack, nothing": (lambda: mg.stack([]), ShapeError, "^stack: expected at least one tensor, got none$"),
    "reduce over no such dim": (
        lambda: mg.ones(2, 3).sum(2),
        IndexError,
        "^sum: dim: expected -2 to 1 for a tensor of 2 dim",
    ),
    "reduce over one twice": (
        lambda: mg.ones(2, 3).mean((0, -2)),
        ValueError,
        "^mean: dim: expected each dimension once, got",
    ),
    "mean of integers": (
        lambda: mg.tensor([1]).mean(),
        DtypeError,
        r"^mean: expected a floating dtype, got int64; use .float\(\)",
    ),
    "max of nothing": (
        lambda: mg.zeros(0).max(),
        ShapeError,
        "expected at least one element to choose from, got shape",
    ),
    "argmax of nothing": (
        lambda: mg.zeros(0, 2).argmax(0),
        ShapeError,
        "^argmax: expected at least one element to choose from",
    ),
    "dim is no number": (lambda: mg.ones(2).sum("a"), TypeError, "^sum: dim: expected an integer, got 'a'"),
    "dim and axis": (lambda: mg.ones(2).sum(0, axis=0), TypeError, "^sum: expected dim or axis"),
    "reshape": (
        lambda: mg.ones(2, 3).reshape(7),
        ShapeError,
        r"^reshape: cannot reshape array of size 6.*float32\[2, 3\]$",
    ),
    "reshape twice -1": (
        lambda: mg.ones(2, 3).reshape(-1, -1),
        ShapeError,
        "^reshape: can only specify one unknown dim",
    ),
    "view of what is scattered": (
        lambda: mg.ones(2, 3).T.view(6),
        ShapeError,
        r"^view: shape \(6,\) is no view of this tensor of shape \(3, 2\), whose elements are not contiguous",
    ),
    "expand": (
        lambda: mg.ones(2, 3).expand(3, 3),
        ShapeError,
        "^expand: only dimensions of size 1 can be expanded; got shape",
    ),
    "expand to fewer": (lambda: mg.ones(2, 3).expand(3), ShapeError, "^expand: expected at least 2 sizes"),
    "permute": (
        lambda: mg.ones(2, 3).permute(0),
        ShapeError,
        r"^permute: expected each of 2 dimensions once, got \(0,\)",
    ),
    "transpose": (lambda: mg.ones(2).transpose(0, 1), IndexError, "^transpose: dim: expected -1 to 0"),
    "t": (lambda: mg.ones(2, 2, 2).t(), ShapeError, r"^t: expected at most 2 dimensions, got shape \(2, 2, 2\)"),
    "unsqueeze": (lambda: mg.ones(2).unsqueeze(3), IndexError, "^unsqueeze: dim: expected -2 to 1"),
    "flatten": (
        lambda: mg.ones(2, 2).flatten(1, 0),
        ShapeError,
        "^flatten: expected start_dim <= end_dim, got 1 and 0",
    ),
    "narrow": (
        lambda: mg.ones(3).narrow(0, 2, 2),
        ShapeError,
        "^narrow: expected a slice of dimension 0 of size 3, got 2 and",
    ),
    "split": (lambda: mg.ones(3).split([1, 1]), ShapeError, r"^split: expected sizes that add up to 3, got \[1, 1\]"),
    "split by 0": (lambda: mg.ones(3).split(0), ShapeError, "^split: expected a positive size, got 0"),
    "chunk": (lambda: mg.ones(3).chunk(0), ShapeError, "^chunk: expected a positive number of chunks, got 0"),
    "movedim": (
        lambda: mg.ones(2, 2).movedim(0, (0, 1)),
        ShapeError,
        "^movedim: expected as many destinations as sources",
    ),
    "index": (
        lambda: mg.ones(2)[5],
        IndexError,
        r"^getitem: index 5 is out of bounds.*; got a tensor of shape \(2,\)$",
    ),
    "gather": (
        lambda: mg.ones(2, 2).gather(1, mg.tensor([[5]])),
        IndexError,
        "^gather: expected indices from 0 to 1.*, got 5",
    ),
    "clamp without limits": (
        lambda: mg.ones(2).clamp(),
        ValueError,
        "^clamp: at least one of min and max must be given",
    ),
    "div by an unknown mode": (
        lambda: mg.div(mg.ones(1), 2, rounding_mode="up"),
        ValueError,
        'expected None, "trunc" or "floor"',
    ),
    "a string": (
        lambda: mg.ones(2) + "a",
        DtypeError,
        "^add: `other`: expected a Tensor, an array or a number, got str",
    ),
    "a list": (lambda: mg.maximum(mg.ones(2), [1, 2]), TypeError, "maximum: .*list"),
    "integer bits of floats": (lambda: ~mg.ones(2), DtypeError, r"^bitwise_not: .*; got float32\[2\]$"),
    "minus of bools": (lambda: -mg.tensor([True]), DtypeError, r"^neg: .*; got bool\[1\]$"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_call_is_answered_in_words(name: str) -> None:
    call, kind, text = WRONG[name]
    with pytest.raises(kind, match=text):
        call()


@pytest.mark.parametrize("name", ["broadcast", "matmul, inner sizes", "stack", "reshape", "index"])
def test_the_same_words_where_the_graph_is_recorded_and_where_it_is_not(name: str) -> None:
    call, kind, text = WRONG[name]
    with mg.no_grad(), pytest.raises(kind, match=text):
        call()


def test_an_error_can_be_caught_as_numpy_or_pytorch_users_do() -> None:
    assert issubclass(ShapeError, RuntimeError) and issubclass(ShapeError, ValueError)
    assert issubclass(DtypeError, RuntimeError) and issubclass(DtypeError, TypeError)
    assert issubclass(DeviceError, RuntimeError) and issubclass(GraphError, RuntimeError)
    for kind in (RuntimeError, ValueError, ShapeError):
        with pytest.raises(kind):
            mg.ones(2) + mg.ones(3)


def test_a_failed_call_changes_nothing() -> None:
    x = mg.ones(2, requires_grad=True)
    t = x * 1
    node, version = t._node, t._version
    for wrong in (lambda: t.add_(mg.ones(3)), lambda: t.__setitem__(5, 1), lambda: t.mul_(mg.ones(3, 2))):
        with pytest.raises((ShapeError, IndexError)):
            wrong()
    assert t.tolist() == [1, 1] and t._node is node and t._version == version
    t.sum().backward()
    assert x.grad.tolist() == [1, 1]


def test_operands_are_described_in_a_few_words() -> None:
    assert operands([mg.ones(2, 3), np.zeros(2, "int8"), 2.0, None, "a", mg.tensor(1)]) == (
        "float32[2, 3], int8[2], 2.0, None, str 'a', int64[]"
    )
    assert describe(True) == "True" and describe([1]) == "list"
