"""Regularizers: R(W), added to the loss so that small, sparse or structured weights are preferred.

Each is a penalty, `R(params)`, a scalar to add to the loss and differentiate, and each has its exact proximal step,
`R.prox_(params, step)`, which makes weights exactly zero where a (sub)gradient only comes near. They add:
`L2(1e-3) + GroupLasso(1e-2)` is the lecture's E_D + lambda R(W) + lambda_g sum R_g(W).
"""

import math
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import Any

from minigrad.engine.explain import describe
from minigrad.engine.modes import no_grad
from minigrad.errors import DtypeError, ShapeError
from minigrad.nn.modules.module import Module
from minigrad.ops.creation import arange
from minigrad.ops.elementwise import abs, safe_sqrt
from minigrad.ops.linalg import sum_of_squares
from minigrad.ops.reduce import sum
from minigrad.ops.shape import movedim, reshape
from minigrad.tensor import Tensor

Choice = str | Iterable[str] | Callable[[str, Tensor], bool] | None


class Regularizer:
    """A penalty on parameters.

    R(params) takes a tensor, several, or a Module. Of a Module it takes the weights, those parameters that have two or
    more dimensions (so no biases and no scales of normalisation layers), or what `parameters` chooses: a pattern for
    names (`"features.*"`), several, or a function of name and parameter. Call it on a submodule to choose by layer.
    """

    l1 = l2 = 0.0

    def __init__(self, parameters: Choice = None) -> None:
        self.parameters = parameters

    def parts(self) -> "list[Regularizer]":
        """The regularizers that this one is the sum of."""
        return [self]

    def value(self, w: Tensor) -> Tensor:
        """The penalty of one parameter."""
        raise NotImplementedError

    def __call__(self, params: Any) -> Tensor:
        named = _named(params)
        terms = [part.value(p) for part in self.parts() for p in part._chosen(named, params)]
        total = terms[0]
        for term in terms[1:]:
            total = total + term
        return total

    def __add__(self, other: "Regularizer") -> "Regularizer":
        return Sum(self, other) if isinstance(other, Regularizer) else NotImplemented

    def _chosen(self, named: list[tuple[str, Tensor]], params: Any) -> list[Tensor]:
        choice = self.parameters
        if choice is None:
            found = [p for _, p in named if not isinstance(params, Module) or p.ndim >= 2]
        elif callable(choice):
            found = [p for name, p in named if choice(name, p)]
        else:
            patterns = [choice] if isinstance(choice, str) else list(choice)
            found = [p for name, p in named if any(fnmatchcase(name, pattern) for pattern in patterns)]
        if not found:
            raise ValueError(
                f"{self!r}: no parameter was chosen of {', '.join(name for name, _ in named) or 'none'}; "
                f"parameters={choice!r} chooses by name or function, None the weights of a Module"
            )
        for p in found:
            if p.dtype.kind != "f":
                raise DtypeError(f"{self!r}: expected floating parameters, got {describe(p)}")
        return found

    @no_grad()
    def prox_(self, params: Any, step: float) -> None:
        """Replace each parameter v, in place, by the minimiser of |x - v|^2 / 2 + step R(x), in closed form.

        Exact for L1, L2, elastic net, group lasso, and their sums with at most one group lasso a parameter. Raises
        NotImplementedError for what has no closed form: two group lassos on one parameter, or overlapping groups.
        """
        if not 0 <= step < math.inf:
            raise ValueError(f"prox_: step: expected a finite number of 0 or more, got {step}")
        named = _named(params)
        terms: dict[int, tuple[Tensor, list[Regularizer]]] = {}
        for part in self.parts():
            for p in part._chosen(named, params):
                terms.setdefault(id(p), (p, []))[1].append(part)
        for p, parts in terms.values():
            _prox(p, parts, step)


def _named(params: Any) -> list[tuple[str, Tensor]]:
    if isinstance(params, Tensor):
        return [("0", params)]
    if isinstance(params, Module):
        return list(params.named_parameters())
    named = [p if isinstance(p, tuple) else (str(i), p) for i, p in enumerate(params)]
    for name, p in named:
        if not isinstance(p, Tensor):
            raise TypeError(f"regularizer: parameter {name}: expected a Tensor, got {type(p).__name__}")
    return named


def _prox(p: Tensor, parts: list[Regularizer], step: float) -> None:
    """The proximal map of l1 |x|_1 + l2 |x|^2 + a group lasso: shrink, soft-threshold, then shrink the groups.

    The square only rescales point and step (complete it); soft-thresholding before the group step is exact for the sum
    of the two (Simon et al., A Sparse-Group Lasso, 2013).
    """
    l1, l2 = (math.fsum(getattr(part, name) for part in parts) for name in ("l1", "l2"))
    groups = [part for part in parts if isinstance(part, GroupLasso)]
    if len(groups) > 1:
        raise NotImplementedError(
            f"prox_: the sum of {' and '.join(map(repr, groups))} on one parameter has no closed form; use one, or "
            f"the penalties' gradient"
        )
    shrink = 1 / (1 + 2 * l2 * step)
    if l2:
        p.mul_(shrink)
    if l1:
        p.sub_(p.clamp(-l1 * step * shrink, l1 * step * shrink))
    for group in groups:
        group._shrink(p, step * shrink)


def _strength(name: str, value: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
        raise ValueError(f"{name}: strength: expected a finite number of 0 or more, got {value!r}")
    return value


class L1(Regularizer):
    """strength * sum |w|: drives weights to zero one by one (Tibshirani's lasso, 1996). Gradient 0 at 0."""

    def __init__(self, strength: float, parameters: Choice = None) -> None:
        super().__init__(parameters)
        self.l1 = self.strength = _strength("L1", strength)

    def value(self, w: Tensor) -> Tensor:
        """strength * sum |w|."""
        return self.strength * sum(abs(w))

    def __repr__(self) -> str:
        return f"L1({self.strength})"


class L2(Regularizer):
    """strength * sum w^2 (no half): spreads weights out. Equals SGD's weight_decay = 2 * strength."""

    def __init__(self, strength: float, parameters: Choice = None) -> None:
        super().__init__(parameters)
        self.l2 = self.strength = _strength("L2", strength)

    def value(self, w: Tensor) -> Tensor:
        """strength * sum w^2."""
        return self.strength * sum_of_squares(w)

    def __repr__(self) -> str:
        return f"L2({self.strength})"


class ElasticNet(Regularizer):
    """l1 * sum |w| + l2 * sum w^2 (Zou and Hastie, 2005)."""

    def __init__(self, l1: float, l2: float, parameters: Choice = None) -> None:
        super().__init__(parameters)
        self.l1, self.l2 = _strength("ElasticNet", l1), _strength("ElasticNet", l2)

    def value(self, w: Tensor) -> Tensor:
        """l1 * sum |w| + l2 * sum w^2."""
        return self.l1 * sum(abs(w)) + self.l2 * sum_of_squares(w)

    def __repr__(self) -> str:
        return f"ElasticNet({self.l1}, {self.l2})"


# The views that put groups along dimension 0. A convolution's weight is (filters, channels, height, width); as the
# matrix of its product it has a row a filter, and a column a place in the filters' common shape.
_GROUPS: dict[str, tuple[int, Callable[[Tensor], Tensor]]] = {
    "rows": (2, lambda w: w),
    "columns": (2, lambda w: reshape(w, (w.shape[0], -1)).T),
    "filters": (3, lambda w: w),
    "channels": (3, lambda w: movedim(w, 1, 0)),
}


class GroupLasso(Regularizer):
    """strength * sum over groups g of |w_g|_2: whole groups become zero together (structured sparsity).

    groups: "rows" (all that feeds an output), "columns" (all that an input feeds), "filters" and "channels" of a
    convolution, or a function that gives a view of the parameter with the groups along dimension 0. Unscaled, as in
    Wen et al., Learning Structured Sparsity in Deep Neural Networks, NeurIPS 2016; scale="sqrt" multiplies each group's
    norm by the root of its size (Yuan and Lin, 2006). The gradient of a group that is zero is zero.
    """

    def __init__(
        self,
        strength: float,
        groups: str | Callable[[Tensor], Tensor] = "rows",
        scale: str | None = None,
        parameters: Choice = None,
    ) -> None:
        super().__init__(parameters)
        self.strength = _strength("GroupLasso", strength)
        if not callable(groups) and groups not in _GROUPS:
            raise ValueError(f"GroupLasso: groups: expected {', '.join(_GROUPS)} or a function, got {groups!r}")
        if scale not in (None, "sqrt"):
            raise ValueError(f'GroupLasso: scale: expected None or "sqrt", got {scale!r}')
        self.groups, self.scale = groups, scale

    def grouped(self, w: Tensor) -> Tensor:
        """A view of `w` with its groups along dimension 0. ShapeError where w has too few dimensions."""
        if callable(self.groups):
            return self.groups(w)
        ndim, view = _GROUPS[self.groups]
        if w.ndim < ndim:
            raise ShapeError(f"GroupLasso: {self.groups} need at least {ndim} dimensions, got {describe(w)}")
        return view(w)

    def norms(self, w: Tensor) -> Tensor:
        """The 2-norm of each group."""
        g = self.grouped(w)
        return safe_sqrt(sum(g * g, tuple(range(1, g.ndim)))) if g.ndim > 1 else abs(g)

    def _factor(self, g: Tensor) -> float:
        size = g.numel() // max(g.shape[0], 1)
        return self.strength * (math.sqrt(size) if self.scale else 1.0)

    def value(self, w: Tensor) -> Tensor:
        """strength * sum of the groups' norms."""
        return self._factor(self.grouped(w)) * sum(self.norms(w))

    def _shrink(self, p: Tensor, step: float) -> None:
        """Each group times max(0, 1 - step * strength / its norm)."""
        places = self.grouped(reshape(arange(p.numel()), tuple(p.shape)))
        if len(set(reshape(places, -1).tolist())) < places.numel():
            raise NotImplementedError(f"prox_: {self!r}: overlapping groups have no closed form; use the gradient")
        g = self.grouped(p)
        norms = self.norms(p)
        keep = 1 - self._factor(g) * step / norms.masked_fill(norms == 0, 1.0)
        keep = keep.clamp(min=0.0)
        if g._base is not p and g is not p:
            raise ValueError(f"prox_: {self!r}: expected groups to give a view of the parameter, got a copy")
        g.mul_(reshape(keep, (-1, *[1] * (g.ndim - 1))))

    def __repr__(self) -> str:
        groups = repr(self.groups) if isinstance(self.groups, str) else getattr(self.groups, "__name__", "function")
        return f"GroupLasso({self.strength}, groups={groups})"


class Sum(Regularizer):
    """Several regularizers at once: what `+` makes."""

    def __init__(self, *regularizers: Regularizer) -> None:
        super().__init__()
        self._parts = [part for r in regularizers for part in r.parts()]

    def parts(self) -> list[Regularizer]:
        """The regularizers that were added."""
        return self._parts

    def __repr__(self) -> str:
        return " + ".join(map(repr, self._parts))


__all__ = ["L1", "L2", "ElasticNet", "GroupLasso", "Regularizer", "Sum"]
