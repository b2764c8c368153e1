"""`Proximal`: a proximal step of a regularizer after each step of an optimizer, so that weights become exactly zero."""

from collections.abc import Callable, Sequence
from typing import Any

from minigrad.backend import device_guard, ignore_fp_warnings
from minigrad.engine.primitive import wrap
from minigrad.engine.tensor import Tensor
from minigrad.nn.modules.module import Module
from minigrad.nn.regularizers import Regularizer, _named
from minigrad.optim.optimizer import Optimizer


class Proximal:
    """Minimizes loss + R: `optimizer` follows the gradient of the loss alone, then each parameter v becomes the
    minimiser of |x - v|^2 / (2 step) + R(x), with the step that the optimizer makes for a gradient: lr, under momentum
    lr (1 - dampening) / (1 - momentum), and of Adam and its variants one of each element (the exact proximal step in
    their metric). So it converges to a minimum of loss + R, whatever the optimizer.

    regularizer: on all of the optimizer's parameters; with model=, on those of the module's that it chooses (weights,
    by default). Raises NotImplementedError where no exact step exists: LBFGS, overlapping groups, ... A list of
    regularizers takes their exact steps in turn, which for rows and columns of one weight (they overlap) is exact to
    the first order in lr, and leaves zero what either made so. Everything else (`param_groups`, `zero_grad`,
    `state_dict`) is the optimizer's. Parikh and Boyd, Proximal Algorithms, 2014.
    """

    def __init__(
        self, optimizer: Optimizer, regularizer: Regularizer | Sequence[Regularizer], model: Module | None = None
    ) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"Proximal: optimizer: expected an Optimizer, got {type(optimizer).__name__}")
        self._turns: list[Any] = list(regularizer) if isinstance(regularizer, (list, tuple)) else [regularizer]
        for R in self._turns:
            if not isinstance(R, Regularizer):
                raise TypeError(f"Proximal: regularizer: expected a Regularizer or a list, got {type(R).__name__}")
        if type(optimizer)._preconditioner is Optimizer._preconditioner:
            optimizer._preconditioner(Tensor(0), {}, 0.0)  # raises NotImplementedError
        self.optimizer, self.regularizer, self.model = optimizer, regularizer, model
        mine = {id(p) for group in optimizer.param_groups for p in group["params"]}
        for R in self._turns:
            R.prox_(self._params(), 0.0)  # changes nothing, but raises where there is no exact step
            if not self._chosen(R) & mine:
                raise ValueError(f"Proximal: {R!r}: expected a parameter of the optimizer's among those it chooses")

    def _params(self) -> Any:
        """The model or the parameters from which the regularizers choose."""
        if self.model is not None:
            return self.model
        return [p for group in self.optimizer.param_groups for p in group["params"]]

    def _chosen(self, R: Regularizer) -> set[int]:
        """The ids of the parameters that a regularizer applies to."""
        params = self._params()
        return {id(p) for part in R.parts() for p in part._select(_named(params), params)}

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """The optimizer's step, then the proximal one of every parameter that has a gradient."""
        loss = self.optimizer._evaluate(closure)
        with device_guard(self):
            self._shrink(ignore_fp_warnings(self.optimizer._update_all))
        return loss

    def _shrink(self, rates: list[float]) -> None:
        groups = zip(self.optimizer.param_groups, rates)
        stepped = {id(p): (group, lr) for group, lr in groups for p in group["params"] if p._grad is not None}
        params = self._params()
        for R in self._turns:
            moved = self._chosen(R) & stepped.keys()
            factor = self.optimizer._preconditioner
            steps = [factor(p, *stepped[id(p)]) if id(p) in moved else 0.0 for _, p in _named(params)]
            R.prox_(params, [s if isinstance(s, float) else wrap(s) for s in steps])

    def __getattr__(self, name: str) -> Any:
        if name == "optimizer":
            raise AttributeError(name)
        return getattr(self.optimizer, name)

    def __repr__(self) -> str:
        return f"Proximal({self.optimizer!r}, {self.regularizer!r})"
