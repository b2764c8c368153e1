"""`Proximal`: a proximal step of a regularizer after each step of an optimizer, so that weights become exactly zero."""

from collections.abc import Callable
from typing import Any

from minigrad.backend import silently
from minigrad.engine.primitive import wrap
from minigrad.nn.modules.module import Module
from minigrad.nn.regularizers import Regularizer
from minigrad.optim.optimizer import Optimizer
from minigrad.tensor import Tensor


class Proximal:
    """Minimizes loss + R: `optimizer` follows the gradient of the loss alone, then each parameter v becomes the
    minimiser of |x - v|^2 / (2 step) + R(x), with the step that the optimizer makes for a gradient: lr, under momentum
    lr (1 - dampening) / (1 - momentum), and of Adam and its kin for each element its own (the exact proximal step in
    their metric). So it comes to rest where loss + R is least, whatever the optimizer.

    regularizer: on all of the optimizer's parameters; with model=, on those of the module's that it chooses (weights,
    by default). Raises NotImplementedError where no exact step exists: LBFGS, overlapping groups, ... Everything else
    (`param_groups`, `zero_grad`, `state_dict`) is the optimizer's. Parikh and Boyd, Proximal Algorithms, 2014.
    """

    def __init__(self, optimizer: Optimizer, regularizer: Regularizer, model: Module | None = None) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"Proximal: optimizer: expected an Optimizer, got {type(optimizer).__name__}")
        if not isinstance(regularizer, Regularizer):
            raise TypeError(f"Proximal: regularizer: expected a Regularizer, got {type(regularizer).__name__}")
        if type(optimizer)._metric is Optimizer._metric:
            optimizer._metric(Tensor(0), {}, 0.0)  # raises, in words
        self.optimizer, self.regularizer, self.model = optimizer, regularizer, model
        regularizer.prox_([(name, p.detach().clone()) for name, p in self._named()], 0.0)  # can it be done at all?

    def _named(self) -> list[tuple[str, Tensor]]:
        """The parameters to regularize."""
        mine = {id(p): p for group in self.optimizer.param_groups for p in group["params"]}
        if self.model is None:
            return [(str(i), p) for i, p in enumerate(mine.values())]
        chosen = {id(p) for part in self.regularizer.parts() for p in
                  part._chosen(list(self.model.named_parameters()), self.model)}  # fmt: skip
        return [(name, p) for name, p in self.model.named_parameters() if id(p) in chosen and id(p) in mine]

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """The optimizer's step, then the proximal one of every parameter that has a gradient."""
        optimizer = self.optimizer
        groups = optimizer.param_groups
        loss = optimizer._evaluate(closure)
        rates = silently(optimizer._update_all)
        places = {id(p): (group, lr) for group, lr in zip(groups, rates) for p in group["params"]}
        moved = [(name, p) for name, p in self._named() if p._grad is not None]
        steps = [optimizer._metric(p, *places[id(p)]) for _, p in moved]
        if moved:
            self.regularizer.prox_(moved, [s if isinstance(s, float) else wrap(s) for s in steps])
        return loss

    def zero_grad(self, set_to_none: bool = True) -> None:
        """The optimizer's."""
        self.optimizer.zero_grad(set_to_none)

    def __getattr__(self, name: str) -> Any:
        if name == "optimizer":
            raise AttributeError(name)
        return getattr(self.optimizer, name)

    def __repr__(self) -> str:
        return f"Proximal({self.optimizer!r}, {self.regularizer!r})"
