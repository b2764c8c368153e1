"""Search without gradients: `RandomSearch` and `RandomLocalSearch`, the lecture's first two strategies."""

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.autograd.grad_mode import no_grad
from minigrad.backend import array_module, array_on, asarray, device_guard, device_of, ignore_fp_warnings, quiet
from minigrad.dtypes import finfo
from minigrad.engine.messages import describe
from minigrad.engine.primitive import wrap
from minigrad.engine.tensor import Tensor
from minigrad.engine.versions import bump_version, version
from minigrad.errors import ShapeError
from minigrad.ops.random import Generator, default_generator, draw_normal
from minigrad.optim import checks
from minigrad.optim.optimizer import Optimizer, Params

Arrays = list[Any]  # one for each parameter; with a leading axis where they stand for several candidates


class Search(Optimizer):
    """What both searches share: candidates are tried in turn, and the best weights so far stay in the parameters.

    Candidate number n is drawn from (seed, n) alone. So a search that evaluates many at once tries the same ones as a
    search that evaluates them singly, and a search that is resumed goes on exactly.
    """

    _size: str  # the setting that scales the draws
    _local: bool  # is a draw where to go from the best weights, or the candidate itself?

    def __init__(self, params: Params, size: float, seed: int | Generator | None) -> None:
        super().__init__(params, {self._size: size})
        self.state["search"] = {"seed": self._seed(seed), "attempts": 0, "best_loss": math.inf}
        self._linear_checked = False

    @property
    def best_loss(self) -> float:
        """The loss of the weights that stay in the parameters; inf while there was none but nan."""
        return float(self.state["search"]["best_loss"])

    @property
    def attempts(self) -> int:
        """How many candidates were tried, each by one evaluation of the loss."""
        return int(self.state["search"]["attempts"])

    def step(
        self, closure: Callable[..., Any] | None = None, *, batched: Callable[..., Tensor] | None = None,
        linear: Callable[..., Tensor] | None = None, candidates: int | None = None,
    ) -> Any:  # fmt: skip
        """Try one candidate, or `candidates` of them in turn, and leave the best weights in the parameters.

        step(closure)                          closure() gives the loss of the weights in the parameters. If it calls
                                               backward(), the gradients are dropped. Returns what it returned.
        step(closure, candidates=k)            The same k times. Returns the k losses as floats, as do the following.
        step(batched=f, candidates=k)          f(*weights), weights with a leading axis of k, gives k losses.
        step(closure, linear=f, candidates=k)  f(*weights), with a leading axis, gives the outputs of a model that is
                                               linear in its weights (the first call checks that): k candidates' in
                                               one product. closure(outputs) then gives the loss of one of them, whose
                                               weights are in the parameters.

        All of these try the same candidates and keep the same ones. A loss of nan is never the best. Where a function
        raises, the best weights so far are restored.
        """
        self._check_call(closure, batched, linear, candidates)
        with device_guard(self):
            if batched is not None:
                return self._try_batch(batched, self._draw(candidates or 1))
            losses = self._try_each(closure, linear, self._draw(candidates or 1))
        return losses[0] if candidates is None else [self._number(loss) for loss in losses]

    # --- trying -------------------------------------------------------------------------------------------------

    def _try_each(self, closure: Any, linear: Any, draws: Arrays) -> list[Any]:
        """One after another: set the parameters to a candidate's weights and call the closure."""
        params = self._params()
        best, grads = [p._array.copy() for p in params], [p._grad for p in params]
        best_outputs, changes = self._outputs(linear, best, draws) if linear else (None, [])
        losses = []
        try:
            for i in range(len(draws[0])):
                weights = [self._candidate(b, d[i]) for b, d in zip(best, draws)]
                outputs = [asarray(self._candidate(best_outputs, changes[i]))] if linear else []
                self._set_weights(weights)
                for p in params:
                    p._grad = None  # else backward() would add to the user's own, in place
                known = [version(p._array) for p in params]
                losses.append(self._evaluate(closure, *map(wrap, outputs)))
                self._check_untouched(params, known)
                if self._is_best(self._number(losses[-1])):
                    best = weights
                    best_outputs = outputs[0] if linear else None
        finally:
            self._set_weights(best)
            for p, grad in zip(params, grads):
                p._grad = grad
        return losses

    def _try_batch(self, losses_of: Callable[..., Tensor], draws: Arrays) -> list[float]:
        """All at once. In a local search those after the first success started from weights that are no longer the
        best: they do not count, and are tried again from the new ones."""
        tried: list[float] = []
        while len(draws[0]):
            weights = [self._candidate(p._array, d) for p, d in zip(self._params(), draws)]
            with no_grad():
                losses = self._numbers(losses_of(*map(wrap, weights)), len(draws[0]))
            for i, loss in enumerate(losses):
                tried.append(loss)
                if self._is_best(loss):
                    self._set_weights([w[i] for w in weights])
                    if self._local:
                        break
            draws = [d[i + 1 :] for d in draws]
        return tried

    def _outputs(self, linear: Callable[..., Tensor], best: Arrays, draws: Arrays) -> tuple[Any, Any]:
        """The outputs of the best weights (local search) and those of the draws, by one call."""
        if not self._linear_checked:
            self._check_linear(linear)
            self._linear_checked = True
        if not self._local:
            return None, self._call_linear(linear, draws)
        rows = [array_module(b).concatenate([b[None], d]) for b, d in zip(best, draws)]
        outputs = self._call_linear(linear, rows)
        return outputs[0], outputs[1:]

    def _candidate(self, best: Any, draw: Any) -> Any:
        return ignore_fp_warnings(operator.add, best, draw) if self._local else draw

    def _set_weights(self, weights: Arrays) -> None:
        for p, w in zip(self._params(), weights):
            p._array[...] = w
            bump_version(p._array, f"{self._name}.step")

    def _is_best(self, loss: float) -> bool:
        """Count the attempt; is its loss the lowest so far?"""
        search = self.state["search"]
        search["attempts"] += 1
        if not loss < search["best_loss"]:
            return False
        search["best_loss"] = loss
        return True

    def _params(self) -> list[Tensor]:
        return [p for group in self.param_groups for p in group["params"]]

    # --- drawing ------------------------------------------------------------------------------------------------

    def _seed(self, seed: Any) -> int:
        if seed is None or isinstance(seed, Generator):
            return int((seed or default_generator).numpy.integers(2**63))
        if not isinstance(seed, (int, np.integer)) or isinstance(seed, bool):
            raise TypeError(f"{self._name}: seed: expected an integer, a Generator or None, got {seed!r}")
        return int(seed) % 2**64

    def _draw(self, k: int) -> Arrays:
        """The next k draws, scaled, for each parameter with a leading axis of k, where the parameter lives."""
        sizes = [float(group[self._size]) for group in self.param_groups for _ in group["params"]]
        for group in self.param_groups:
            self._check(group)  # settings may be changed between steps
        draws = self._normal(range(self.attempts, self.attempts + k))
        if self._local and self.attempts == 0:
            for d in draws:
                d[0] = 0.0
        return [array_on(device_of(p._array), d * size) for p, d, size in zip(self._params(), draws, sizes)]

    def _normal(self, numbers: Any) -> Arrays:
        """Standard normal draws of these numbers, on the CPU, so that a seed gives the same ones everywhere."""
        params = self._params()
        draws = [np.empty((len(numbers), *p.shape), p.dtype) for p in params]
        for i, n in enumerate(numbers):
            rng = np.random.Generator(np.random.Philox(key=self.state["search"]["seed"], counter=n << 128))
            for p, d in zip(params, draws):
                d[i] = draw_normal(rng, p.shape, p.dtype)
        return draws

    # --- checking -----------------------------------------------------------------------------------------------

    def _check_untouched(self, params: list[Tensor], known: list[int]) -> None:
        for i, (p, before) in enumerate(zip(params, known)):
            if version(p._array) != before:
                raise ValueError(
                    f"{self._name}.step: closure: it changed params[{i}] in place, so that its loss is not that of "
                    f"the candidate; let it only evaluate"
                )

    def _check(self, group: dict[str, Any]) -> None:
        size = checks.number(self._name, self._size, group[self._size])
        for i, p in enumerate(group["params"]):
            with quiet():
                scaled = float(p.dtype.type(size))
            if not math.isfinite(scaled) or (size and not scaled):
                raise ValueError(
                    f"{self._name}: {self._size}: {size:g} is {scaled:g} in the {p.dtype} of params[{i}]; choose one "
                    f"that this dtype has"
                )

    def _check_state(self, state: dict[Any, dict[str, Any]]) -> None:
        op = f"{self._name}.load_state_dict: search"
        if "search" not in state:
            raise ValueError(f'{self._name}.load_state_dict: expected the state of a search, with an entry "search"')
        found = state["search"]
        for name, kind, expected in (("seed", int, "an integer"), ("attempts", int, "an integer from 0 on"),
                                     ("best_loss", (int, float), "a number")):  # fmt: skip
            value = found.get(name)
            if isinstance(value, bool) or not isinstance(value, kind) or (name == "attempts" and value < 0):
                raise ValueError(f"{op}: {name}: expected {expected}, got {value!r}")

    def _check_call(self, closure: Any, batched: Any, linear: Any, candidates: Any) -> None:
        if batched is None and closure is None:
            raise TypeError(f"{self._name}.step: expected a closure that returns the loss (or batched=), got none")
        if batched is not None and (closure is not None or linear is not None):
            raise TypeError(f"{self._name}.step: batched: it gives the losses by itself; leave out closure and linear")
        if candidates is None and (batched is not None or linear is not None):
            raise TypeError(f"{self._name}.step: candidates: say how many to evaluate at once, such as candidates=16")
        if candidates is not None and (not isinstance(candidates, int) or candidates < 1):
            raise ValueError(f"{self._name}.step: candidates: expected an integer from 1 on, got {candidates!r}")

    def _number(self, loss: Any, of: str = "closure") -> float:
        """A scalar loss as a Python float."""
        return checks.loss(f"{self._name}.step: {of}", loss)

    def _numbers(self, losses: Any, k: int) -> list[float]:
        """The losses of k candidates, a tensor or a list."""
        if not hasattr(losses, "__len__") or not getattr(losses, "ndim", 1) or len(losses) != k:
            got = f"{type(losses).__name__} of {len(losses)}" if isinstance(losses, (list, tuple)) else describe(losses)
            raise ShapeError(f"{self._name}.step: batched: expected {k} losses, one for each candidate, got {got}")
        return [self._number(loss, "batched") for loss in losses]

    def _call_linear(self, linear: Callable[..., Tensor], weights: Arrays) -> Any:
        k = len(weights[0])
        with no_grad():
            outputs = linear(*map(wrap, weights))
        if not isinstance(outputs, Tensor) or tuple(outputs.shape[:1]) != (k,):
            raise ShapeError(
                f"{self._name}.step: linear: expected outputs with a leading axis of {k}, got {describe(outputs)}"
            )
        return outputs._array

    def _check_linear(self, linear: Callable[..., Tensor]) -> None:
        """ValueError unless f(a + b) = f(a) + f(b) for two draws, up to rounding."""
        ab = [array_on(device_of(p._array), d) for p, d in zip(self._params(), self._normal(range(1, 3)))]
        a, b, both = self._call_linear(linear, [array_module(d).concatenate([d, d[:1] + d[1:]]) for d in ab])
        with quiet():
            gap, most = (float(abs(x).max()) if x.size else 0.0 for x in (both - a - b, both))
        if gap > 10 * math.sqrt(finfo(both.dtype).eps) * most:
            raise ValueError(
                f"{self._name}.step: linear: expected outputs linear in the parameters, f(a + b) = f(a) + f(b); these "
                f"differ by {gap:.3g} where outputs go up to {most:.3g}. Add a constant in the closure; for a model "
                f"that is not linear use batched="
            )


class RandomSearch(Search):
    """Every attempt draws all parameters anew, scale * standard normal, and the best stay.

    scale may differ by parameter group. seed: an integer, a Generator, or None for the default generator. The weights
    the parameters start with are never tried; they stay until an attempt gives a number.
    """

    _size, _local = "scale", False

    def __init__(self, params: Params, scale: float = 1e-4, seed: int | Generator | None = None) -> None:
        super().__init__(params, scale, seed)


class RandomLocalSearch(Search):
    """Random hill climbing: an attempt is the best weights + step_size * standard normal, kept if the loss falls.

    The first attempt tries the weights the parameters start with. step_size may differ by parameter group; seed as in
    `RandomSearch`.
    """

    _size, _local = "step_size", True

    def __init__(self, params: Params, step_size: float = 1e-4, seed: int | Generator | None = None) -> None:
        super().__init__(params, step_size, seed)
