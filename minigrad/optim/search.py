"""Finding weights without a gradient: random search and random local search, behind the same `step(closure)`.

The lecture's first two strategies. They are here to be compared with the third: each attempt costs one evaluation of
the loss, and tells of one direction out of millions.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.backend import array_on
from minigrad.engine.modes import enable_grad
from minigrad.engine.primitive import wrap
from minigrad.errors import ShapeError
from minigrad.engine.graph import changed
from minigrad.optim import checks
from minigrad.optim.optimizer import Closure, Optimizer
from minigrad.random import Generator, draw_normal
from minigrad.tensor import Tensor


class _Search(Optimizer):
    """Keeps the best weights in the parameters. `best_loss`: theirs; `attempts`: how many losses were computed."""

    def __init__(self, params: Any, settings: dict[str, Any], seed: Any) -> None:
        self.generator = seed if isinstance(seed, Generator) else Generator()
        if isinstance(seed, (int, np.integer)):
            self.generator.manual_seed(int(seed))
        self.best_loss, self.attempts = math.inf, 0
        super().__init__(params, settings)

    @property
    def _params(self) -> list[Tensor]:
        return [p for group in self.param_groups for p in group["params"]]

    def _draw(self, scale: str) -> list[Any]:
        """One set of random arrays like the parameters, normal with their groups' scale."""
        drawn = []
        for group in self.param_groups:
            for p in group["params"]:
                noise = draw_normal(self.generator.numpy, p._array.shape, p.dtype) * p.dtype.type(group[scale])
                drawn.append(array_on(p.device, noise))
        return drawn

    def _judge(self, closure: Closure) -> float:
        """The closure's loss as a number; what gradients it makes are put back as they were."""
        before = [p._grad for p in self._params]
        kept = [None if g is None else g._array.copy() for g in before]
        try:
            with enable_grad():
                loss = closure()
        finally:
            for p, g, values in zip(self._params, before, kept):
                p._grad = g
                if g is not None:
                    g._array[...] = values
        self.attempts += 1
        if isinstance(loss, Tensor):
            if loss._array.size != 1:
                raise ShapeError(f"{type(self).__name__}: expected the closure to return one number, got {loss.shape}")
            return float(loss.item())
        if not isinstance(loss, (int, float)):
            raise TypeError(f"{type(self).__name__}: expected the closure to return the loss, got {loss!r}")
        return float(loss)

    def _put(self, arrays: list[Any]) -> None:
        for p, array in zip(self._params, arrays):
            p._array[...] = array
            changed(p._array, "search")

    def _try(self, arrays: list[Any], closure: Closure) -> bool:
        """Put weights in, and keep them if their loss is the lowest so far; else put the old ones back."""
        before = [p._array.copy() for p in self._params]
        better = False
        try:
            self._put(arrays)
            loss = self._judge(closure)
            better = loss < self.best_loss  # never true of nan
            if better:
                self.best_loss = loss
        finally:
            if not better:
                self._put(before)
        return better

    def state_dict(self) -> dict[str, Any]:
        """See Optimizer.state_dict; also the best loss, the number of attempts and the state of the random numbers."""
        return {**super().state_dict(), "best_loss": self.best_loss, "attempts": self.attempts,
                "generator": self.generator.get_state()}  # fmt: skip

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from such a state, drawing the same numbers (the best weights are in the parameters' own state)."""
        super().load_state_dict(state_dict)
        self.best_loss, self.attempts = state_dict["best_loss"], state_dict["attempts"]
        self.generator.set_state(state_dict["generator"])


def _stacked(draws: list[list[Any]]) -> list[Tensor]:
    """For each parameter its candidates along a new leading dimension."""
    from minigrad.backend import array_module

    return [wrap(array_module(column[0]).stack(column)) for column in zip(*draws)]


class RandomSearch(_Search):
    """Draw fresh weights, normal with deviation `scale`, and keep the best.

    step(closure): one attempt; `closure()` returns the loss with the weights in the parameters (a backward() in it is
    ignored). step(batched=f, candidates=k): k attempts at once; f gets each parameter with a leading dimension of k
    candidates and returns their k losses. Same seed, same candidates either way. Returns the best loss so far.
    """

    def __init__(self, params: Any, scale: float = 1e-4, seed: Any = None) -> None:
        super().__init__(params, {"scale": scale}, seed)

    def _check(self, settings: dict[str, Any]) -> None:
        checks.number("RandomSearch", "scale", settings["scale"])

    def step(
        self, closure: Closure | None = None, *, batched: Callable[..., Any] | None = None, candidates: int = 1
    ) -> float:
        """One attempt, or `candidates` of them."""
        if candidates < 1:
            raise ValueError(f"RandomSearch.step: candidates: expected 1 or more, got {candidates}")
        if batched is None:
            if closure is None:
                raise TypeError("RandomSearch.step: expected a closure that returns the loss, or batched=")
            for _ in range(candidates):
                self._try(self._draw("scale"), closure)
            return self.best_loss
        draws = [self._draw("scale") for _ in range(candidates)]
        losses = batched(*_stacked(draws))
        values = [float(x) for x in (losses.tolist() if hasattr(losses, "tolist") else losses)]
        if len(values) != candidates:
            raise ShapeError(f"RandomSearch.step: expected {candidates} losses from batched, got {len(values)}")
        self.attempts += candidates
        for draw, loss in zip(draws, values):
            if loss < self.best_loss:
                self.best_loss = loss
                self._put(draw)
        return self.best_loss


class RandomLocalSearch(_Search):
    """Take a random step from the best weights so far, normal with deviation `step_size`; keep it if the loss falls.

    The first step judges the weights it starts from, too. step(closure) as RandomSearch's. Where the model's outputs
    are *linear in the parameters*, `step(loss, linear=f, candidates=k)` computes the outputs of k steps in one product:
    f gets each parameter with a leading dimension and returns outputs with that dimension; since they add up, the steps
    are then tried one after another, just as k calls of step(closure) would, and `loss(outputs)` is asked with the
    parameters in place (so that it may include a regularizer).
    """

    def __init__(self, params: Any, step_size: float = 1e-4, seed: Any = None) -> None:
        super().__init__(params, {"step_size": step_size}, seed)
        self._outputs: Any = None

    def _check(self, settings: dict[str, Any]) -> None:
        checks.number("RandomLocalSearch", "step_size", settings["step_size"])

    def step(
        self,
        closure: Callable[..., Any] | None = None,
        *,
        linear: Callable[..., Any] | None = None,
        candidates: int = 1,
    ) -> float:
        """One attempt, or `candidates` of them, one after another."""
        if closure is None:
            raise TypeError("RandomLocalSearch.step: expected a closure that returns the loss")
        if candidates < 1:
            raise ValueError(f"RandomLocalSearch.step: candidates: expected 1 or more, got {candidates}")
        if linear is not None:
            return self._linear(closure, linear, candidates)
        if self.attempts == 0:
            self.best_loss = min(math.inf, self._judge(closure))
        for _ in range(candidates):
            moves = self._draw("step_size")
            self._try([p._array + move for p, move in zip(self._params, moves)], closure)
        return self.best_loss

    def _linear(self, loss: Callable[[Any], Any], outputs: Callable[..., Any], candidates: int) -> float:
        if self._outputs is None:
            (self._outputs,) = self._detached(outputs, [[p._array for p in self._params]])
        if self.attempts == 0:
            self.best_loss = min(math.inf, self._judge(lambda: loss(self._outputs)))
        draws = [self._draw("step_size") for _ in range(candidates)]
        for move, change in zip(draws, self._detached(outputs, draws)):
            there = self._outputs + change
            if self._try([p._array + m for p, m in zip(self._params, move)], lambda: loss(there)):  # noqa: B023
                self._outputs = there
        return self.best_loss

    @staticmethod
    def _detached(outputs: Callable[..., Any], draws: list[list[Any]]) -> Any:
        from minigrad.engine.modes import no_grad

        with no_grad():
            return outputs(*_stacked(draws)).unbind()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """See _Search.load_state_dict."""
        super().load_state_dict(state_dict)
        self._outputs = None
