"""The engine beside PyTorch: random programs of views, changes in place and operations; promotion; making; printing."""

import itertools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import minigrad as mg

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

# --- random programs ----------------------------------------------------------------------------------------------
# A program is a list of steps (name, tensor, argument, second tensor) over a growing pool of tensors; numbers choose
# from the pool modulo its length, so that every program is valid and Hypothesis can shrink it.

Step = tuple[str, int, Any, int]
SLICES = [slice(0, 1), slice(1, None), slice(None, None, 2), slice(0, 2), slice(None)]


def dim(x: Any, n: int) -> int:
    return n % max(x.ndim, 1)


def rows(x: Any, n: int) -> list[int]:
    return [i % x.shape[0] for i in (n, n + 1, n // 2)] if x.ndim and x.shape[0] else []


def hooked(x: Any, factor: float) -> Any:
    y = x * 1.0
    y.register_hook(lambda g: g * factor)
    return y


def retaining(x: Any) -> Any:
    y = x * 1.0
    y.retain_grad()
    return y


# each: (library, tensor, number, other tensor) -> a new tensor, several, or None
OPERATIONS: dict[str, Callable[[Any, Any, int, Any], Any]] = {
    **{
        f: lambda L, x, n, y, f=f: getattr(x, f)()
        for f in ("sin", "tanh", "neg", "exp", "sigmoid", "abs", "clone", "mean")
    },
    **{f: lambda L, x, n, y, f=f: getattr(L, f)(x, y) for f in ("add", "sub", "mul", "maximum", "matmul")},
    "scale": lambda L, x, n, y: x * (n % 7 - 3.5) + 1,
    "reflected": lambda L, x, n, y: 0.7 - x,
    "sum": lambda L, x, n, y: x.sum(dim(x, n), keepdim=n % 2 == 0) if x.ndim else x.sum(),
    "cat": lambda L, x, n, y: L.cat([x, y]),
    "stack": lambda L, x, n, y: L.stack([x, y], dim(x, n)),
    "rows": lambda L, x, n, y: x[L.tensor(rows(x, n), dtype=L.int64)] if x.ndim else None,
    "mask": lambda L, x, n, y: x[x > 0],
    "where": lambda L, x, n, y: L.where(x > 0, x, y),
    "hooked": lambda L, x, n, y: hooked(x, n % 5 - 2.5) if x.requires_grad else None,
    "retaining": lambda L, x, n, y: retaining(x) if x.requires_grad else None,
}
VIEWS: dict[str, Callable[[Any, Any, int, Any], Any]] = {
    "slice": lambda L, x, n, y: x[(slice(None),) * dim(x, n) + (SLICES[n % 5],)] if x.ndim else x[...],
    "select": lambda L, x, n, y: x[n % 2 - 1] if x.ndim else None,
    "transpose": lambda L, x, n, y: x.transpose(0, -1),
    "flatten": lambda L, x, n, y: x.flatten(),
    "view": lambda L, x, n, y: x.view(-1, 1),
    "reshape": lambda L, x, n, y: x.reshape(1, -1),
    "unsqueeze": lambda L, x, n, y: x.unsqueeze(n % (x.ndim + 1)),
    "squeeze": lambda L, x, n, y: x.squeeze(),
    "expand": lambda L, x, n, y: x.expand(2, *x.shape),
    "contiguous": lambda L, x, n, y: x.contiguous(),
    "detach": lambda L, x, n, y: x.detach(),
    "unbind": lambda L, x, n, y: x.unbind(0)[:3] if x.ndim else None,
    "split": lambda L, x, n, y: x.split(1)[:2] if x.ndim else None,
}
CHANGES: dict[str, Callable[[Any, Any, int, Any], Any]] = {
    **{f: lambda L, x, n, y, f=f: getattr(x, f)() for f in ("sin_", "tanh_", "neg_", "exp_", "abs_", "relu_", "zero_")},
    **{f: lambda L, x, n, y, f=f: getattr(x, f)(y) for f in ("add_", "sub_", "mul_", "copy_")},
    **{f"{f} a number": lambda L, x, n, y, f=f: getattr(x, f)(n % 5 - 1.5) for f in ("add_", "mul_", "div_", "fill_")},
    "clamp_": lambda L, x, n, y: x.clamp_(-0.5, 0.5),
    "pow_": lambda L, x, n, y: x.pow_(2),
    "augmented": lambda L, x, n, y: x.__iadd__(y),
    "item": lambda L, x, n, y: x.__setitem__(n % 2 - 1 if x.ndim else ..., 0.3),
    "slice = ": lambda L, x, n, y: x.__setitem__(SLICES[n % 5] if x.ndim else ..., y),
    "slice *= ": lambda L, x, n, y: x[SLICES[n % 5]].__imul__(1.5) if x.ndim else None,
    "rows = ": lambda L, x, n, y: x.__setitem__(L.tensor(sorted({*rows(x, n)}), dtype=L.int64), y) if x.ndim else None,
    "mask = ": lambda L, x, n, y: x.__setitem__(x > 0.2, -0.4),
}
STEPS = OPERATIONS | VIEWS | CHANGES
FROZEN = {f"{name}, no_grad": name for name in CHANGES}

STRICTER_TORCH = (
    "refer to a single memory location",  # overlapping memory, which NumPy copies first
    "function that returns multiple views",  # split and unbind
    "view was created in no_grad mode",
    "doesn't match the broadcast shape",  # leading sizes of one, which NumPy drops
)
shapes = st.sampled_from([(3,), (2, 3), (2, 1, 3), (1,), (), (4, 2), (2, 2)])
leaves = st.lists(st.tuples(shapes, st.integers(0, 99), st.booleans()), min_size=1, max_size=3)
small = st.integers(0, 19)
steps = st.lists(
    st.tuples(st.sampled_from([*STEPS, *VIEWS, *CHANGES, *FROZEN]), small, small, small), min_size=4, max_size=16
)


class Program:
    """One run of a program in one of the two libraries."""

    def __init__(self, library: Any, made: list[Any]) -> None:
        self.library, self.pool = library, []
        for i, (shape, seed, requires_grad) in enumerate(made):
            values = np.random.default_rng(seed).uniform(-1, 1, shape)
            self.pool.append(library.tensor(values, dtype=library.float64, requires_grad=requires_grad or i == 0))
            self.pool.append(self.pool[-1] * 1.0)  # something that may be changed in place

    def step(self, name: str, i: int, n: int, j: int) -> Exception | None:
        x, y = self.pool[i % len(self.pool)], self.pool[j % len(self.pool)]
        try:
            if name in FROZEN:
                with self.library.no_grad():
                    STEPS[FROZEN[name]](self.library, x, n, y)
                return None
            new = STEPS[name](self.library, x, n, y)
        except Exception as error:
            return error
        if name not in CHANGES and new is not None:
            self.pool += new if isinstance(new, (tuple, list)) else [new]
        return None

    def backward(self, order: int) -> Exception | None:
        """Gradients of a weighted sum of everything; of second order: with the sum of their squares added."""
        try:
            loss = sum((t * (i % 5 - 1.7)).sum() for i, t in enumerate(self.pool) if t.requires_grad)
            if order == 2:
                leaves = [t for t in self.pool if t.requires_grad and t.is_leaf]
                first = self.library.autograd.grad(loss, leaves, create_graph=True, allow_unused=True)
                loss = loss + sum((g * g).sum() for g in first if g is not None)
            loss.backward()
        except Exception as error:
            return error
        return None

    def facts(self) -> list[Any]:
        return [(tuple(t.shape), t.requires_grad, t.is_leaf) for t in self.pool]

    def values(self) -> list[Any]:
        return [t.detach().numpy() for t in self.pool]

    def grads(self) -> list[Any]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            zero = self.library.zeros(1, dtype=self.library.float64)  # PyTorch has zeros without memory
            return [None if t.grad is None else (t.grad.detach() + zero).numpy() for t in self.pool]


def alike(a: Any, b: Any) -> bool:
    return a is b if a is None or b is None else bool(np.allclose(a, b, rtol=1e-7, atol=1e-9, equal_nan=True))


def forbidden_by_torch(error: Exception | None) -> bool:
    return error is not None and any(text in str(error) for text in STRICTER_TORCH)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(leaves, steps, st.sampled_from([1, 1, 2]))
def test_random_programs_agree_in_values_graphs_gradients_and_refusals(
    made: list[Any], program: list[Step], order: int
) -> None:
    theirs, ours = Program(torch, made), Program(mg, made)
    with np.errstate(all="ignore"):
        for step in program:
            expected, got = theirs.step(*step), ours.step(*step)
            if "read-only" in str(got) or got is None and forbidden_by_torch(expected):
                return  # expanded memory is never written here; PyTorch writes it in part, and forbids what works here
            assert (expected is None) is (got is None), (step, expected, got)
            try:
                facts = theirs.facts()
            except RuntimeError as error:  # a view that PyTorch gave up
                assert forbidden_by_torch(error)
                return
            assert ours.facts() == facts, step
            assert all(map(alike, ours.values(), theirs.values())), step
        expected, got = theirs.backward(order), ours.backward(order)
        if expected is not None and got is None:  # PyTorch keeps the memory itself, recorded changes here keep a copy
            assert "modified by an inplace operation" in str(expected)
            return
        assert (expected is None) is (got is None), (expected, got)
        if got is None:
            assert all(map(alike, ours.grads(), theirs.grads()))
            own = {id(g): g for t in ours.pool if t.is_leaf and t.grad is not None for g in (t.grad._array,)}.values()
            assert not any(np.shares_memory(a, b) for a, b in itertools.combinations(own, 2))


# --- promotion ----------------------------------------------------------------------------------------------------

DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"]
TWO: dict[str, Callable[[Any, Any, Any], Any]] = {
    "add": lambda L, a, b: a + b,
    "sub": lambda L, a, b: a - b,
    "rsub": lambda L, a, b: b - a,
    "mul": lambda L, a, b: a * b,
    "div": lambda L, a, b: a / b,
    "rdiv": lambda L, a, b: b / a,
    "pow": lambda L, a, b: a**b,
    "rpow": lambda L, a, b: b**a,
    "where": lambda L, a, b: L.where(L.tensor([True, False]), a, b),
    "maximum": lambda L, a, b: L.maximum(a, b),
    "eq": lambda L, a, b: a == b,
    "lt": lambda L, a, b: a < b,
    "and": lambda L, a, b: a & b,
    "cat": lambda L, a, b: L.cat([a, b]),
    "add_": lambda L, a, b: a.add_(b),
    "mul_": lambda L, a, b: a.mul_(b),
    "div_": lambda L, a, b: a.div_(b),
    "result_type": lambda L, a, b: L.result_type(a, b),
}


def dtype_of(library: Any, op: Any, a: Any, b: Any) -> str | None:
    def made(x: Any) -> Any:
        return library.ones((2,) * x[1], dtype=getattr(library, x[0])) if isinstance(x, tuple) else x

    try:
        result = op(library, made(a), made(b))
    except (RuntimeError, TypeError, NotImplementedError):
        return None
    return str(getattr(result, "dtype", result)).replace("torch.", "")


@pytest.mark.parametrize("name", TWO)
def test_promotion(name: str) -> None:
    operands = [*itertools.product(DTYPES, (1, 0)), True, 3, 2.5]
    for a, b in itertools.product(operands[:-3], operands):
        expected = dtype_of(torch, TWO[name], a, b)
        if expected is not None and (expected, name) != ("bool", "pow"):  # True ** True: NumPy's is int8
            assert dtype_of(mg, TWO[name], a, b) == expected, (a, b)


# --- making and printing ------------------------------------------------------------------------------------------

MADE: list[Callable[[Any], Any]] = [
    lambda L: L.tensor([1, 2.5]),
    lambda L: L.tensor([True, 2]),
    lambda L: L.tensor([]),
    lambda L: L.tensor([[], []]),
    lambda L: L.tensor(np.float64(2)),
    lambda L: L.tensor(np.int32(2)),
    lambda L: L.tensor([np.float64(1), 2]),
    lambda L: L.tensor([L.tensor(1.0), L.tensor(2.0)]),
    lambda L: L.tensor([[L.tensor(1), 2.5]]),
    lambda L: L.tensor(1j),
    lambda L: L.tensor(np.array([1, 2], "uint16")),
    lambda L: L.tensor(range(3)),
    lambda L: L.Tensor([[1, 2]]),
    lambda L: L.Tensor((2, 3)),
    lambda L: L.Tensor(),
    lambda L: L.Tensor(np.array([1, 2], "int16")),
    lambda L: L.tensor([1.5, 2], dtype=L.int64),
    lambda L: L.full((2,), 3),
    lambda L: L.full((2,), True),
    lambda L: L.eye(2, 3),
    lambda L: L.arange(1, 2, 0.25),
    lambda L: L.arange(5, 0, -2),
    lambda L: L.linspace(0, 1, 5),
    lambda L: L.ones(2, 3)[None],
    lambda L: L.arange(6).reshape(2, 3).T,
    lambda L: L.tensor(1e40),
    lambda L: L.zeros(0, 3),
    lambda L: L.tensor([1, 2]) / 2,
    lambda L: L.tensor([True, False]).sum(),
    lambda L: L.ones(2, dtype=L.float16).sum(),
    lambda L: L.tensor([3, 1]).max(),
]


@pytest.mark.parametrize("index", range(len(MADE)))
def test_tensors_are_made_and_printed_alike(index: int) -> None:
    expected, got = MADE[index](torch), MADE[index](mg)
    assert (tuple(expected.shape), str(expected.dtype)) == (got.shape, f"torch.{got.dtype}")
    assert repr(got).replace("minigrad.", "torch.") == repr(expected)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.integers(0, 6), max_size=3),
    st.sampled_from(["float16", "float32", "float64", "int64", "int32", "bool"]),
    st.integers(0, 10**6),
    st.sampled_from([1, 1e-6, 1e3, 1e9, "wide", "whole"]),
)
def test_random_tensors_print_alike(shape: list[int], dtype: str, seed: int, scale: Any) -> None:
    rng = np.random.default_rng(seed)
    values = np.asarray(rng.normal(size=shape))
    with np.errstate(all="ignore"):
        if scale == "wide":
            values *= 10.0 ** rng.integers(-8, 12, shape)
        else:
            values = np.asarray(np.round(values * 50) if scale == "whole" else values * scale)
        values[rng.random(shape) < 0.1] = rng.choice([np.nan, np.inf, -np.inf, 0.0])
        array = np.asarray(np.nan_to_num(values, posinf=9, neginf=-9) if dtype[0] in "ib" else values).astype(dtype)
    texts = repr(torch.tensor(array)), repr(mg.tensor(array)).replace("minigrad.", "torch.")
    expected, got = (text.replace("\n       dtype", " dtype") for text in texts)  # the longer name breaks first
    assert got == expected


def test_large_tensors_print_alike() -> None:
    for shape in ((1001,), (50, 100), (11, 10, 10), (2, 600), (7, 7, 7, 7)):
        for make in (lambda L, n: L.arange(n), lambda L, n: L.arange(n) / 7, lambda L, n: L.arange(n) > 3):
            n = int(np.prod(shape))
            expected, got = make(torch, n).reshape(shape), make(mg, n).reshape(shape)
            assert repr(got) == repr(expected)


# --- gradients of indexing and of everything in between -----------------------------------------------------------


@pytest.mark.parametrize(
    "use",
    [
        lambda L, x: x[[0, 1, 1]] * x[:, None],
        lambda L, x: x[L.tensor([True, False, True])].exp(),
        lambda L, x: L.stack([x, x * x], 1)[:, 1] / x,
        lambda L, x: (x.reshape(3, 1) @ x.reshape(1, 3)).tanh(),
        lambda L, x: L.where(x > 0, x, x * x).cumsum(0) if hasattr(x, "cumsum") else L.where(x > 0, x, x * x),
        lambda L, x: x.expand(4, 3).T.reshape(4, 3) * x,
        lambda L, x: x.max() - x.min() + x.std() + x.norm(),
        lambda L, x: x.log_softmax(0).exp() * x.logsumexp(0),
        lambda L, x: L.cat([x[:2], x[1:]]).unsqueeze(0).squeeze() ** 3,
        lambda L, x: x.clamp(-0.1, 0.4) + x.relu() * x.sign() + x.floor(),
    ],
)
def test_gradients_to_third_order(use: Any) -> None:
    orders = []
    for library in (torch, mg):
        x = library.tensor([0.3, -0.7, 0.5], dtype=library.float64, requires_grad=True)
        y, found = use(library, x), []
        for _ in range(3):
            (y,) = library.autograd.grad((y * y).sum(), x, create_graph=True)
            found.append(y.detach().numpy())
            if not y.requires_grad:
                break
        orders.append(found)
    assert len(orders[0]) == len(orders[1]) and all(np.allclose(a, b) for a, b in zip(*orders, strict=True))
