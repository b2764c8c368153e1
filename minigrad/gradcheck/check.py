"""`gradcheck` and `gradgradcheck`: the analytic gradient proven against the numerical one, by PyTorch's call."""

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

import numpy as np

from minigrad.autograd.grad_mode import enable_grad
from minigrad.dtypes import epsilon
from minigrad.engine.gradients import grad
from minigrad.engine.primitive import wrap
from minigrad.engine.tensor import Tensor
from minigrad.gradcheck import properties
from minigrad.gradcheck.compare import Block
from minigrad.gradcheck.diagnose import diagnose
from minigrad.gradcheck.jacobian import jacobian, located
from minigrad.gradcheck.kinks import kinks_of, tie_broken
from minigrad.gradcheck.masks import Masks
from minigrad.gradcheck.point import Point
from minigrad.gradcheck.probe import Probe, nodes_of, placed
from minigrad.gradcheck.report import Report
from minigrad.gradcheck.sampling import how_many, smooth_copies, tied_copies
from minigrad.gradcheck.settings import ELEMENTARY, FULL_JACOBIAN, PROJECTIONS, Settings


def gradcheck(
    func: Callable[..., Any], inputs: Any, *, eps: float | None = None, atol: float | None = None,
    rtol: float | None = None, raise_exception: bool = True, fast_mode: bool = False, nondet_tol: float = 0.0,
    check_grad_dtypes: bool = True, kinks: str = "accept", samples: int | None = None,
    allow_zero: bool | Sequence[int] = False, seed: int = 0, check_undefined_grad: bool = True,
    check_batched_grad: bool = False, check_forward_ad: bool = False, check_backward_ad: bool = True,
    masked: bool | None = None,
) -> Report:  # fmt: skip
    """Check the gradients of func(*inputs), for every input that requires grad, against numerical ones.

    Returns a Report, true where it passed; raises GradcheckError (with `.report`) where it failed or was inconclusive,
    unless raise_exception is False. The analytic gradient must lie in the numerical one's own error bar.
    eps, atol, rtol: honoured where given (a first step; |a - n| <= atol + rtol |n| + the error bar).
    kinks: "accept" subgradients, "skip", or "fail". samples: how many changed copies of the inputs to try besides.
    allow_zero: inputs (or True for all) whose gradient is rightly zero. fast_mode: random projections only.
    nondet_tol: by how much backward may differ from run to run. seed: of all that is drawn; printed. The last five
    are PyTorch's, for its sake: forward mode does not exist here, check_undefined_grad is always on.
    """
    if check_forward_ad or check_batched_grad:
        raise ValueError("gradcheck: check_forward_ad, check_batched_grad: there is no forward mode nor vmap to check")
    settings = Settings(eps, atol, rtol, fast_mode, nondet_tol, kinks, samples, allow_zero, check_grad_dtypes, seed)
    return Check(func, _checked_inputs(inputs), settings).run().settle(raise_exception)


def _checked_inputs(inputs: Any) -> tuple[Any, ...]:
    given = tuple(inputs) if isinstance(inputs, (tuple, list)) else (inputs,)
    if not any(isinstance(t, Tensor) and t.requires_grad for t in given):
        raise ValueError("gradcheck: inputs: expected at least one tensor that requires grad, got none")
    return given


OUTSIDE = (ArithmeticError, np.linalg.LinAlgError)  # raised by backward on made-up inputs: outside its domain


class Check:
    """One run of the checker."""

    def __init__(self, func: Callable[..., Any], inputs: tuple[Any, ...], settings: Settings) -> None:
        self.settings, self.report = settings, Report(seed=settings.seed)
        self.rng = np.random.default_rng(settings.seed)
        self.probe = Probe(func, inputs)
        self.masks = Masks()
        self.influence = np.zeros(len(self.probe.checked), bool)

    def run(self) -> Report:
        """All checks, the cheap and telling ones first; stops at the first failure."""
        probe, report = self.probe, self.report
        if not probe.m:
            return report.doubt("func has no floating output that is not empty: there is nothing to check")
        if not probe.n:
            return self._empty()
        trouble = properties.repeatable(probe)
        if trouble:
            return report.fail(trouble)
        try:
            self._run()
        except Exception as error:  # whatever a user's backward may raise is an answer
            report.error = error
            report.fail(f"backward raised {type(error).__name__}: {error}")
        return report

    def _run(self) -> None:
        given = self._point("as given", self.probe.x)
        if not given.inside:
            self.report.doubt("f is not finite anywhere at the given inputs")
            return
        for step in (self._purity, self._given, self._copies, self._ties, self._vacuity, self._low_precision):
            step(given)
            if self.report.outcome == "fail":
                return

    def _point(self, name: str, x: Any) -> Point:
        return Point(self.probe, x, self.settings, self.rng, name)

    def _empty(self) -> Report:
        tape = self.probe.record(self.probe.x)
        tape.vjp(np.ones(self.probe.m))
        self.report.notes.append("the inputs are empty: only shapes were checked")
        return self.report

    # --- the steps ------------------------------------------------------------------------------------------------

    def _purity(self, point: Point) -> None:
        trouble = properties.inputs_unchanged(self.probe)
        if trouble:
            self.report.fail(trouble)
            return
        if not point.tape.live:
            s = point.resolved(point.direction(0))
            if (abs(s.value) > 10 * s.error).any():
                self.report.fail(
                    "no output requires grad, though f depends on its inputs: the graph is cut (detach(), "
                    ".numpy(), no_grad())"
                )
                return
        for words in properties.violations(point, self.settings):
            self.report.fail(words)
        if self.settings.check_grad_dtypes:
            for words in properties.wrong_dtypes(point):
                self.report.fail(f"{words} (check_grad_dtypes=False lets it pass)")
        if self.report.outcome == "fail":  # where it also shows in numbers, say where
            self._blame(point)

    def _blame(self, point: Point) -> None:
        """After a property was violated: the worst element, where there is one."""
        if self.probe.n * self.probe.m <= FULL_JACOBIAN:
            block = jacobian(point)
            if block.wrong.any():
                self.report.show(self.probe, block)
                self.report.diagnosis += diagnose(point, block)

    def _given(self, point: Point) -> None:
        self.report.samples.append(point.name)
        self.masks.see(point.tape)
        full = self.probe.n * self.probe.m <= FULL_JACOBIAN and not self.settings.fast
        found = None if full else point.suspicious(PROJECTIONS)
        if full or found is not None:
            self._judge(point, jacobian(point) if full or found is None else located(point, *found), given=True)

    def _copies(self, point: Point) -> None:
        count = self.settings.samples
        if count is None:
            count = how_many(self.probe.n, 12 if self.settings.fast else 30)
        flipped = self.masks.other_sides(self.probe, self.rng) if count else ()
        for name, x in chain(smooth_copies(self.probe, self.rng, count), flipped):
            self._try(name, x)
            if self.report.outcome == "fail":
                return
        self.report.notes += self.masks.one_sided()

    def _try(self, name: str, x: Any) -> None:
        point = self._point(name, x)
        if not point.inside:
            return
        try:
            self.masks.see(point.tape)
            found = point.suspicious(3)
        except OUTSIDE:
            return
        self.report.samples.append(name)
        if found is not None:
            self._judge(point, located(point, *found), given=False)

    def _ties(self, given: Point) -> None:
        """Copies with ties, on a block of the Jacobian. Only of single ops: at a kink a composition of right rules need
        not give a subgradient (relu(x) - relu(-x) is x, and has gradient 0 at 0 in every framework)."""
        if self.settings.samples == 0 or self.settings.kinks == "skip" or not self._elementary(given):
            return
        for name, x in tied_copies(self.probe, self.rng):
            point = self._point(name, x)
            if point.inside:
                self.report.samples.append(name)
                small = self.probe.n * self.probe.m <= FULL_JACOBIAN
                columns = None if small else self.rng.choice(self.probe.n, min(self.probe.n, 24), replace=False)
                rows = None if small else self.rng.choice(self.probe.m, min(self.probe.m, 24), replace=False)
                try:
                    self._judge(point, jacobian(point, rows, columns, lenient=True), given=False)
                except OUTSIDE:
                    continue
            if self.report.outcome == "fail":
                return

    def _elementary(self, point: Point) -> bool:
        return sum(1 for node in nodes_of(point.tape) if node.parents) <= ELEMENTARY

    def _judge(self, point: Point, block: Block, given: bool) -> None:
        """Carry a block's verdict into the report."""
        report = self.report
        if given or block.wrong.any():
            report.kinks += kinks_of(point, block)[:20]
        if block.wrong.any():
            report.fail("the analytic gradient is not the numerical one").show(self.probe, block)
            report.diagnosis += diagnose(point, block)
            return
        subgradient = self.settings.kinks == "accept" and self._elementary(point)
        broken = tie_broken(point, block) if subgradient else None
        if broken is not None:
            report.sample = point.name
            report.fail("the analytic gradient is not a subgradient").diagnosis.append(broken[1])
        elif given and block.unresolved.any():
            share = f"{int(block.unresolved.sum())} of {block.unresolved.size}"
            report.doubt(
                f"the numerical gradient is too rough to tell for {share} elements: f is noisy (float32 "
                "inside?), or jumps"
            )

    def _vacuity(self, given: Point) -> None:
        """Does every input move some output somewhere? A gradient of nothing is right whatever it is."""
        allowed = self.settings.allow_zero
        missing = [k for k in range(len(self.probe.checked)) if not self._moves(given, k)]
        for name, x in smooth_copies(self.probe, self.rng, 9) if missing else ():
            point = self._point(name, x)
            missing = [k for k in missing if not (point.inside and self._moves(point, k))]
        for k in missing:
            i = self.probe.checked[k]
            if allowed is True or (not isinstance(allowed, bool) and i in allowed):
                continue
            self.report.doubt(
                f"input {i} has no influence on any output, so its gradient proves nothing. If zero is right, say "
                f"allow_zero=[{i}]; else check that f uses it, and that the outputs do not cancel "
                "(softmax(x).sum() is 1)"
            )

    def _moves(self, point: Point, k: int) -> bool:
        d = np.zeros(self.probe.n)
        part = self.probe.parts[k]
        d[part] = (point.reach * self.rng.choice([-1.0, 1.0], self.probe.n))[part]
        if not d.any():
            return True  # an empty input
        s = point.derivative(d)
        with np.errstate(invalid="ignore"):
            sides = (s.value, s.error), (s.left, s.left_error), (s.right, s.right_error)
            return any(bool((abs(v) > 10 * e + 1e3 * point.noise).any()) for v, e in sides)

    def _low_precision(self, given: Point) -> None:
        """The gradient in the dtypes given, against that in float64, which is proven by now."""
        low = [d for d in self.probe.dtypes if d != np.float64]
        if not low or not self.probe.double:
            return
        tape = self.probe.record(self.probe.x, low=True)
        u = np.where(np.isfinite(given.f), self.rng.choice([-1.0, 1.0], self.probe.m), 0.0)
        a, b = tape.vjp(u), given.tape.vjp(u)
        eps = max(epsilon(d) for d in low)
        size = np.abs(b).max(initial=0.0)
        with np.errstate(invalid="ignore"):
            wrong = ~(abs(a - b) <= 200 * eps * (abs(b) + size)) & np.isfinite(b)
        if wrong.any():
            i = int(np.argmax(np.where(wrong, np.nan_to_num(abs(a - b), nan=np.inf), -1)))
            k, at = self.probe.place(i)
            self.report.fail(
                f"in {low[0]} the gradient of input {k}{list(at)} is {a[i]:.6g}, in float64 {b[i]:.6g}: "
                "more than rounding"
            )
        if self.settings.check_grad_dtypes:
            for words in properties.wrong_dtypes(given, low=True):
                self.report.fail(f"{words} (check_grad_dtypes=False lets it pass)")


def gradgradcheck(
    func: Callable[..., Any], inputs: Any, grad_outputs: Any = None, *, raise_exception: bool = True, seed: int = 0,
    gen_non_contig_grad_outputs: bool = False, check_first: bool = True, **options: Any,
) -> Report:  # fmt: skip
    """Check gradients of gradients: `gradcheck` of (inputs, grad_outputs) -> the gradients of func.

    The first order is checked first (check_first), so that a failure here is one of the second order. grad_outputs are
    drawn from `seed` where not given. Other options are gradcheck's. A function linear in its inputs has a second
    derivative of zero in them, which is no reason to doubt here.
    """
    given = _checked_inputs(inputs)
    if check_first:
        first = gradcheck(func, given, raise_exception=False, seed=seed, **options)
        if not first:
            first.name = "gradgradcheck: the first order already fails: gradcheck"
            return first.settle(raise_exception)
    with enable_grad():
        outs = _float_outputs(func(*given))
    if grad_outputs is None:
        rng = np.random.default_rng(seed)
        grad_outputs = [
            wrap(placed(np.asarray(rng.uniform(-1, 1, o.shape)), o.dtype, o)).requires_grad_() for o in outs
        ]
    gs = tuple(grad_outputs) if isinstance(grad_outputs, (tuple, list)) else (grad_outputs,)
    chosen = [i for i, t in enumerate(given) if isinstance(t, Tensor) and t.requires_grad]

    def gradients(*args: Any) -> tuple[Any, ...]:
        xs, gys = list(args[: len(given)]), list(args[len(given) :])
        with enable_grad():
            for i in chosen:
                xs[i] = xs[i] if xs[i].requires_grad else xs[i].requires_grad_()
            results = _float_outputs(func(*xs))
            live = [(o, g) for o, g in zip(results, gys) if o.requires_grad]
            return grad(
                [o for o, _ in live], [xs[i] for i in chosen], [g for _, g in live], create_graph=True,
                materialize_grads=True,
            )  # fmt: skip

    options.setdefault("allow_zero", True)
    report = gradcheck(gradients, (*given, *gs), raise_exception=False, seed=seed, **options)
    report.name = "gradgradcheck"
    return report.settle(raise_exception)


def _float_outputs(out: Any) -> list[Tensor]:
    return [t for t in (out if isinstance(out, (tuple, list)) else (out,)) if t._array.dtype.kind == "f"]
