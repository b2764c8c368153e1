"""`check_op`: every check that minigrad's own operations pass, for yours, in one call."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from minigrad.autograd import grad
from minigrad.engine.primitive import wrap
from minigrad.engine.tensor import Tensor
from minigrad.gradcheck import gradcheck, gradgradcheck

Maker = Callable[[np.random.Generator], Any] | Tensor | np.ndarray[Any, Any] | Sequence[int]
TOLERANCE = {"float16": 2e-2, "float32": 1e-4, "float64": 1e-12}


class OpCheckError(AssertionError):
    """An operation failed `check_op`. `.report` holds the outcome of every check."""

    def __init__(self, report: "OpReport") -> None:
        super().__init__(str(report))
        self.report = report


@dataclass
class OpReport:
    """What `check_op` found: by check, "ok" or what went wrong."""

    name: str
    seed: int
    found: dict[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return all(text.startswith(("ok", "not checked")) for text in self.found.values())

    def __str__(self) -> str:
        lines = [f"check_op({self.name}, seed={self.seed}): {'passed' if self else 'failed'}"]
        return "\n".join(lines + [f"  {name}: " + text.replace("\n", "\n    ") for name, text in self.found.items()])


def check_op(
    fn: Callable[..., Any],
    *makers: Maker,
    reference: Callable[..., Any] | None = None,
    order: int = 2,
    dtypes: Sequence[str] = ("float64", "float32"),
    alias: bool = False,
    broadcasts: bool = False,
    empties: bool = True,
    kinks: str = "accept",
    seed: int = 0,
    fast_mode: bool = False,
    raise_exception: bool = True,
) -> OpReport:
    """Check values, gradients, second order, dtypes, layouts, purity, broadcasting and empty inputs of `fn`.

    makers: one an argument: a shape (normal numbers), a function of a numpy.random.Generator that returns an array, an
    array, or a tensor. Integer arrays stay constants. reference: the same function on NumPy arrays. order: 1 or 2.
    dtypes: in each the result and the gradients must keep it. alias: the result may share memory with an argument.
    broadcasts: an argument with sizes of 1 must do, and get a gradient of its own shape. empties: arguments without
    elements must give a result, or raise a ValueError that says why. kinks: as gradcheck's.
    Raises OpCheckError (an AssertionError), with every check's outcome and the seed that replays it.
    """
    if not makers:
        raise TypeError("check_op: expected a maker for each argument of fn, got none")
    run = _OpCheck(fn, [_made(m, np.random.default_rng((seed, i))) for i, m in enumerate(makers)], seed, alias)
    if reference is not None:
        run.check("values", lambda: run.values(reference))
    run.check("gradient", lambda: run.gradient(gradcheck, kinks, fast_mode))
    if order >= 2:
        run.check("second order", lambda: run.gradient(gradgradcheck, kinks, fast_mode))
    for dtype in dtypes:
        run.check(dtype, lambda dtype=dtype: run.dtype(dtype))  # type: ignore[misc]
    run.check("layouts", run.layouts)
    run.check("purity", run.purity)
    if broadcasts:
        run.check("broadcasting", run.broadcasting)
    if empties:
        run.check("empty inputs", run.empties)
    if raise_exception and not run.report:
        raise OpCheckError(run.report)
    return run.report


def _made(maker: Maker, rng: np.random.Generator) -> Any:
    if isinstance(maker, Tensor):
        return maker.detach().numpy()
    if isinstance(maker, np.ndarray):
        return maker
    return np.asarray(maker(rng)) if callable(maker) else rng.standard_normal(tuple(maker))


class _OpCheck:
    """The checks of one operation on one set of arrays. Each returns "ok" or raises AssertionError."""

    def __init__(self, fn: Callable[..., Any], arrays: list[Any], seed: int, alias: bool) -> None:
        self.fn, self.arrays, self.seed, self.alias = fn, arrays, seed, alias
        self.report = OpReport(getattr(fn, "__name__", type(fn).__name__), seed)

    def check(self, name: str, body: Callable[[], str]) -> None:
        """Run one check and note its outcome."""
        try:
            self.report.found[name] = body()
        except AssertionError as error:
            self.report.found[name] = str(error)
        except Exception as error:
            self.report.found[name] = f"raised {type(error).__name__}: {error}"

    def tensors(self, arrays: Any = None, dtype: str = "float64") -> list[Tensor]:
        """Leaves on those arrays; floating ones require grad."""
        given = self.arrays if arrays is None else arrays
        made = [wrap(a.astype(dtype) if a.dtype.kind == "f" and a.dtype != dtype else a) for a in given]
        return [t.requires_grad_() if t.dtype.kind == "f" else t for t in made]

    def run(self, inputs: list[Tensor]) -> tuple[Tensor, list[Any]]:
        """The result, and the gradients of its weighted sum (None for constants)."""
        out = self.fn(*inputs)
        assert isinstance(out, Tensor), f"expected fn to return a Tensor, got {type(out).__name__}"
        live = [t for t in inputs if t.requires_grad]
        weights = np.cos(np.arange(float(out.numel()))).reshape(tuple(out.shape)).astype(out.dtype)
        weights.flags.writeable = False
        found = iter(grad(out, live, wrap(weights), allow_unused=True)) if out.requires_grad else iter([None] * 9)
        return out, [next(found) if t.requires_grad else None for t in inputs]

    def values(self, reference: Callable[..., Any]) -> str:
        """The result is the reference's."""
        out, expected = self.fn(*self.tensors()).detach().numpy(), np.asarray(reference(*self.arrays))
        assert out.shape == expected.shape, f"expected shape {expected.shape}, got {out.shape}"
        wrong = ~np.isclose(out, expected, rtol=1e-9, atol=1e-12, equal_nan=True)
        if wrong.any():
            i = tuple(int(k[0]) for k in np.nonzero(wrong)) if out.ndim else ()
            raise AssertionError(
                f"{wrong.sum()} of {out.size} values differ; at {list(i)}: {out[i]}, not {expected[i]}"
            )
        return "ok"

    def gradient(self, checker: Callable[..., Any], kinks: str, fast: bool) -> str:
        """The gradient is the numerical one."""
        report = checker(self.fn, self.tensors(), kinks=kinks, fast_mode=fast, seed=self.seed, raise_exception=False)
        assert report, str(report)
        return "ok"

    def dtype(self, dtype: str) -> str:
        """Result and gradients keep the dtype, and are near the float64 ones."""
        out, grads = self.run(self.tensors(dtype=dtype))
        assert out.dtype == dtype, f"the result is {out.dtype}"
        exact, exact_grads = self.run(self.tensors())
        named = [("the result", out, exact)]
        named += [(f"gradient {i}", a, b) for i, (a, b) in enumerate(zip(grads, exact_grads))]
        for name, a, b in named:
            if a is not None and b is not None:
                assert a.dtype == dtype, f"{name} is {a.dtype}"
                x, y = a.detach().numpy().astype("float64"), b.detach().numpy()
                scale = max(float(np.abs(y[np.isfinite(y)]).max(initial=0.0)), 1e-30)
                far = float(np.abs(x - y)[np.isfinite(y)].max(initial=0.0)) / scale
                assert far <= TOLERANCE[dtype], f"{name} is off by {far:.1e} of its size"
        return "ok"

    def layouts(self) -> str:
        """Transposed, strided and reversed memory makes no difference."""
        plain, grads = self.run(self.tensors())
        for how, laid in LAYOUTS.items():
            out, found = self.run(self.tensors([laid(a) for a in self.arrays]))
            same = np.allclose(out.detach().numpy(), plain.detach().numpy(), rtol=1e-10, equal_nan=True)
            assert same, f"on {how} memory the result differs"
            for i, (a, b) in enumerate(zip(found, grads)):
                same = a is None or np.allclose(a.numpy(), b.numpy(), rtol=1e-8, atol=1e-12, equal_nan=True)
                assert same, f"on {how} memory gradient {i} differs"
        return "ok"

    def purity(self) -> str:
        """Arguments and upstream gradient are only read; result and gradients have memory of their own."""
        locked = [a.copy() for a in self.arrays]
        for a in locked:
            a.flags.writeable = False
        inputs = self.tensors(locked)
        out, grads = self.run(inputs)
        for i, t in enumerate(inputs):
            shared = np.shares_memory(out._array, t._array)
            assert self.alias or not shared, f"the result shares memory with argument {i} (alias=True allows it)"
            for j, g in enumerate(grads):
                assert g is None or not np.shares_memory(g._array, t._array), (
                    f"gradient {j} shares memory with argument {i}"
                )
        arrays = [g._array for g in grads if g is not None]
        for i, a in enumerate(arrays):
            assert not any(np.shares_memory(a, b) for b in arrays[:i]), "two gradients share memory"
        return "ok"

    def broadcasting(self) -> str:
        """An argument shrunk to size 1 somewhere gets the gradient of its repeated self, summed."""
        for i, a in enumerate(self.arrays):
            for d in range(a.ndim if a.dtype.kind == "f" else 0):
                if a.shape[d] < 2:
                    continue
                small = a.take([0], axis=d)
                shrunk = [small if j == i else b for j, b in enumerate(self.arrays)]
                repeated = [np.repeat(small, a.shape[d], d) if j == i else b for j, b in enumerate(self.arrays)]
                (out, grads), (full, expected) = self.run(self.tensors(shrunk)), self.run(self.tensors(repeated))
                where = f"with argument {i} of size 1 in dimension {d}"
                assert np.allclose(out.detach().numpy(), full.detach().numpy()), f"{where} the result differs"
                assert grads[i] is not None and tuple(grads[i].shape) == small.shape, (
                    f"{where} its gradient is misshapen"
                )
                same = np.allclose(grads[i].numpy(), expected[i].numpy().sum(d, keepdims=True))
                assert same, f"{where} its gradient is not the sum over what was repeated"
        return "ok"

    def empties(self) -> str:
        """Arguments without elements work, or raise a ValueError that says why."""
        if not all(a.ndim for a in self.arrays):
            return "not checked: a 0-d argument cannot be empty"
        try:
            inputs = self.tensors([a[:0] for a in self.arrays])
            _, grads = self.run(inputs)
        except ValueError as error:
            assert str(error), "empty inputs raise a ValueError without a message"
            return f"ok (raises: {str(error).splitlines()[0][:80]})"
        for i, (g, t) in enumerate(zip(grads, inputs)):
            assert g is None or g.shape == t.shape, f"gradient {i} has shape {tuple(g.shape)} for {tuple(t.shape)}"
        return "ok"


LAYOUTS: dict[str, Callable[[Any], Any]] = {
    "transposed": lambda a: np.ascontiguousarray(a.T).T,
    "strided": lambda a: np.stack([a, a], -1)[..., 0],
    "reversed": lambda a: np.ascontiguousarray(a[::-1])[::-1] if a.ndim else a,
}
