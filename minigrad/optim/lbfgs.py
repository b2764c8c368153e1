"""`LBFGS`: a quasi-Newton method with limited memory."""

import math
from functools import partial
from typing import Any

from minigrad.backend import array_module, device_guard, ignore_fp_warnings
from minigrad.engine.primitive import wrap
from minigrad.engine.tensor import Tensor
from minigrad.engine.versions import bump_version
from minigrad.optim import checks, state
from minigrad.optim.optimizer import Closure, LearningRate, Optimizer, Params, settings_of
from minigrad.optim.wolfe import Point, strong_wolfe

FLAT = ("d", "prev_flat_grad", "old_dirs", "old_stps")  # state entries over all parameters, flattened


class LBFGS(Optimizer):
    """p = p + t * d, d = -H @ g, where H approximates the inverse Hessian by the last history_size changes of g.

    A step makes up to max_iter of these, and up to max_eval calls of the closure, which is to clear the gradients,
    compute the loss anew, call backward() and return it. t: lr, at first min(1, 1 / sum|g|) * lr; from there on a
    search under line_search_fn="strong_wolfe". It ends when no |g| is above tolerance_grad, or a change of the
    parameters or of the loss is below tolerance_change. All parameters are in one group, on one device, and the
    state is kept for the first. After Nocedal 1980.
    """

    def __init__(
        self, params: Params, lr: LearningRate = 1, max_iter: int = 20, max_eval: int | None = None,
        tolerance_grad: float = 1e-7, tolerance_change: float = 1e-9, history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:  # fmt: skip
        if max_eval is None:
            max_eval = checks.integer("LBFGS", "max_iter", max_iter) * 5 // 4
        super().__init__(params, settings_of(locals()))

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Takes one group. Raises ValueError for a second."""
        if self.param_groups:
            raise ValueError(f"{self._name}: params: expected one group, got another; it takes all parameters alike")
        super().add_param_group(param_group)

    def _check(self, group: dict[str, Any]) -> None:
        checks.learning_rate(self._name, group)
        for name in ("max_iter", "max_eval", "history_size"):
            checks.integer(self._name, name, group[name])
        for name in ("tolerance_grad", "tolerance_change"):
            checks.number(self._name, name, group[name])
        checks.one_of(self._name, "line_search_fn", group["line_search_fn"], "strong_wolfe", None)

    def step(self, closure: Closure | None = None) -> Any:
        """Minimize for up to max_iter iterations; returns what the closure gave first."""
        if closure is None:
            raise TypeError(f"{self._name}.step: closure: expected a function that computes the loss anew, got none")
        (group,) = self.param_groups
        self._check(group)
        first = self._evaluate(closure)
        loss, lr = checks.loss(f"{self._name}.step: closure", first), self._current_lr(group)
        if callable(group["lr"]):
            group["steps"] = group.get("steps", 0) + 1
        with device_guard(group["params"][0]):
            self._minimize(group, lr, closure, loss)
        return first

    def _minimize(self, group: dict[str, Any], lr: float, closure: Closure, loss: float) -> None:
        memory, max_iter, max_eval = self.state[group["params"][0]], int(group["max_iter"]), int(group["max_eval"])
        enough, least = float(group["tolerance_grad"]), float(group["tolerance_change"])
        history, grad, evals = int(group["history_size"]), ignore_fp_warnings(self._gradient), 1
        memory["func_evals"] = int(memory.get("func_evals", 0)) + 1
        if ignore_fp_warnings(_max_abs, grad) <= enough:
            return
        for n in range(1, max_iter + 1):
            t, d, start, reach = ignore_fp_warnings(self._next_direction, memory, loss, grad, lr, history)
            if start.derivative > -least:
                break
            at, calls = partial(self._evaluate_at, closure, self._flatten([p._array for p in group["params"]]), d), 0
            if group["line_search_fn"]:
                (t, loss, grad, _), calls = strong_wolfe(at, start, t, reach, 1e-9, max_eval - evals)
                at(t, evaluate=False)
            elif n < max_iter:
                (_, loss, grad, _), calls = at(t), 1
            else:
                at(t, evaluate=False)
            memory["t"], evals = t, evals + calls
            memory["func_evals"] += calls
            settled = reach * abs(t) <= least or abs(loss - start.loss) < least
            if evals >= max_eval or settled or ignore_fp_warnings(_max_abs, grad) <= enough:
                break

    def _next_direction(
        self, memory: dict[str, Any], loss: float, grad: Any, lr: float, most: int
    ) -> tuple[float, Any, Point, float]:
        """A first step length, the direction, its starting point, and its largest entry; also kept in the state."""
        t, before = lr, memory.get("prev_flat_grad")
        if before is None:
            memory.update(old_dirs=[], old_stps=[], ro=[], H_diag=1.0)
            t = min(1.0, 1.0 / float(abs(grad).sum())) * lr
        else:
            self._remember(memory, grad - before._array, memory["d"]._array * float(memory["t"]), most)
        d = self._direction(memory, grad)
        memory.update(
            d=wrap(d), t=t, prev_flat_grad=wrap(grad), prev_loss=loss, n_iter=int(memory.get("n_iter", 0)) + 1
        )
        return t, d, Point(0.0, loss, grad, float(grad @ d)), _max_abs(d)

    def _remember(self, memory: dict[str, Any], y: Any, s: Any, most: int) -> None:
        """Keep the change s of the parameters and y of the gradient, if y @ s > 0: the loss is convex along s."""
        curvature, square = float(y @ s), float(y @ y)
        if curvature <= 1e-10 or not square:
            return
        memory["H_diag"] = curvature / square
        for name, entry in (("old_dirs", wrap(y)), ("old_stps", wrap(s)), ("ro", 1.0 / curvature)):
            memory[name] = [*memory[name], entry][-most:]

    def _direction(self, memory: dict[str, Any], grad: Any) -> Any:
        """-H @ grad, by the two loops of Nocedal 1980."""
        xp, d, t = array_module(grad), -grad, self._workspace.scratch(grad, 0)
        kept = zip(memory["old_dirs"], memory["old_stps"], memory["ro"])
        pairs = [(y._array, s._array, float(r)) for y, s, r in kept]
        shares = []
        for y, s, r in reversed(pairs):
            shares.append(float(s @ d) * r)
            d -= xp.multiply(y, shares[-1], out=t)
        d *= float(memory["H_diag"])
        for (y, s, r), share in zip(pairs, reversed(shares)):
            d += xp.multiply(s, share - float(y @ d) * r, out=t)
        return d

    def _evaluate_at(self, closure: Closure, x: Any, d: Any, t: float, evaluate: bool = True) -> Point:
        """Set the parameters to x + t * d, and evaluate the closure there."""
        ignore_fp_warnings(self._set_parameters, x, d, t)
        if not evaluate:
            return Point(t, math.nan, None, math.nan)
        loss = checks.loss(f"{self._name}.step: closure", self._evaluate(closure))
        self._check_gradients(self.param_groups[0])
        grad = ignore_fp_warnings(self._gradient)
        return Point(t, loss, grad, ignore_fp_warnings(lambda: float(grad @ d)))

    def _set_parameters(self, x: Any, d: Any, t: float) -> None:
        begin, row = 0, array_module(x).multiply(d, t, out=self._workspace.scratch(d, 0))
        row += x
        for p in self.param_groups[0]["params"]:
            end = begin + p._array.size
            p._array[...] = row[begin:end].reshape(p._array.shape)
            begin = end
            bump_version(p._array, f"{self._name}.step")

    def _gradient(self) -> Any:
        return self._flatten(
            [p._array * 0 if p._grad is None else p._grad._array for p in self.param_groups[0]["params"]]
        )

    def _flatten(self, arrays: list[Any]) -> Any:
        return array_module(arrays[0]).concatenate([a.reshape(-1) for a in arrays])

    def _cast_state(self, op: str, p: Tensor, number: Any, name: str, value: Any) -> Any:
        if name not in FLAT or value is None:
            return super()._cast_state(op, p, number, name, value)
        if isinstance(value, list):
            return [self._cast_state(op, p, number, name, entry) for entry in value]
        row = wrap(self._flatten([q._array for q in self.param_groups[0]["params"]]))
        return state.cast_state(op, row, number, name, value)


def _max_abs(x: Any) -> float:
    return float(abs(x).max()) if x.size else 0.0
