"""Regularizers R(W), added to the loss so that small, sparse or structured weights are preferred.

Each is a penalty `R(params)`, a scalar to add to the loss and differentiate, and each has an exact proximal step,
`R.prox_(params, step)`, which makes weights exactly zero where (sub)gradient steps only come near zero. They can be
added: `L2(1e-3) + GroupLasso(1e-2)` is the lecture's E_D + lambda R(W) + lambda_g sum R_g(W).
"""

import math
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from functools import reduce
from numbers import Real
from operator import add
from typing import Any

from minigrad.autograd.grad_mode import no_grad
from minigrad.dtypes import floating
from minigrad.engine.messages import describe
from minigrad.engine.tensor import Tensor
from minigrad.errors import DtypeError, ShapeError
from minigrad.nn.modules.module import Module
from minigrad.ops.array.creation import arange
from minigrad.ops.array.shape import reshape
from minigrad.ops.index.scatter import bincount
from minigrad.ops.linalg.products import sum_of_squares
from minigrad.ops.pointwise.arithmetic import abs, safe_sqrt
from minigrad.ops.reduce.reductions import sum

ParameterFilter = str | Iterable[str] | Callable[[str, Tensor], bool] | None


class Regularizer:
    """A penalty on parameters, and its proximal step.

    R(params) is a 0-d tensor, for a tensor, several, (name, tensor) pairs or a Module. Of a Module it penalizes the
    weights, the parameters with two or more dimensions (no biases, no scales of normalization layers), or those that
    `parameters` selects: a pattern for their names (`"features.*"`), several patterns, or a function of name and
    parameter. Call it on a submodule to select by layer. Raises ValueError where nothing is selected, DtypeError for
    parameters that are not floating, TypeError for other arguments.
    """

    l1 = l2 = 0.0
    min_dims = 2  # of the parameters of a Module that are selected by default

    def __init__(self, parameters: ParameterFilter = None) -> None:
        if parameters is not None and not callable(parameters) and not isinstance(parameters, Iterable):
            raise TypeError(f"{type(self).__name__}: parameters: expected a pattern, several patterns, a function or "
                            f"None, got {parameters!r}")  # fmt: skip
        self.parameters = parameters

    def parts(self) -> "list[Regularizer]":
        """The regularizers of which this one is the sum."""
        return [self]

    def value(self, w: Tensor) -> Tensor:
        """The penalty of one parameter, a 0-d tensor. Every subclass defines it."""
        raise NotImplementedError

    def __call__(self, params: Any) -> Tensor:
        named = _named(params)
        return reduce(add, [part.value(p) for part in self.parts() for p in part._select(named, params)])

    def __add__(self, other: "Regularizer") -> "Regularizer":
        return Sum(self, other) if isinstance(other, Regularizer) else NotImplemented

    def _select(self, named: list[tuple[str, Tensor]], params: Any) -> list[Tensor]:
        selector = self.parameters
        if selector is None:
            found = [p for _, p in named if not isinstance(params, Module) or p.ndim >= self.min_dims]
        elif callable(selector):
            found = [p for name, p in named if selector(name, p)]
        else:
            patterns = [selector] if isinstance(selector, str) else list(selector)
            found = [p for name, p in named if any(fnmatchcase(name, pattern) for pattern in patterns)]
        if not found:
            raise ValueError(
                f"{self!r}: no parameter was selected from {', '.join(name for name, _ in named) or 'none'}; "
                f"parameters={selector!r} selects by name or function; None those of a Module with {self.min_dims} or "
                f"more dimensions"
            )
        for p in found:
            if not floating(p.dtype):
                raise DtypeError(f"{self!r}: expected floating parameters, got {describe(p)}")
        return found

    @no_grad()
    def prox_(self, params: Any, step: Any) -> None:
        """The proximal step: replace each parameter v, in place, by the minimizer of |x - v|^2 / (2 step) + R(x).

        step: a number, or a tensor of the parameter's shape with a step for each element; for several parameters also a
        list of these. Exact for L1, L2, ElasticNet, GroupLasso and their sums with one kind of groups for each
        parameter. Raises NotImplementedError where no closed form is known: two kinds of groups on one parameter,
        overlapping groups, a regularizer of your own. An error leaves all parameters unchanged.
        """
        named = _named(params)
        steps = list(step) if isinstance(step, (list, tuple)) else [step] * len(named)
        if len(steps) != len(named):
            raise ValueError(f"prox_: step: expected one for each of {len(named)} parameters, got {len(steps)}")
        by_parameter = {id(p): _checked_step(s, p) for s, (_, p) in zip(steps, named)}
        terms: dict[int, tuple[Tensor, list[Regularizer]]] = {}
        for part in self.parts():
            for p in part._select(named, params):
                terms.setdefault(id(p), (p, []))[1].append(part)
        for p, parts in terms.values():
            _check_prox(p, parts)
        for p, parts in terms.values():
            if isinstance(by_parameter[id(p)], Tensor) or by_parameter[id(p)]:
                _prox(p, parts, by_parameter[id(p)])


def _checked_step(step: Any, p: Tensor) -> Any:
    if isinstance(step, Tensor) and tuple(step.shape) == tuple(p.shape):
        return step
    if not isinstance(step, Real) or not 0 <= float(step) < math.inf:
        raise ValueError(f"prox_: step: expected a finite number of 0 or more, or one for each element, got "
                         f"{describe(step) if isinstance(step, Tensor) else repr(step)}")  # fmt: skip
    return float(step)


def _named(params: Any) -> list[tuple[str, Tensor]]:
    if isinstance(params, Tensor):
        return [("0", params)]
    if isinstance(params, Module):
        return list(params.named_parameters())
    if not isinstance(params, Iterable):
        raise TypeError(f"regularizer: expected a Tensor, several, or a Module, got {type(params).__name__}")
    named = [p if isinstance(p, tuple) else (str(i), p) for i, p in enumerate(params)]
    for name, p in named:
        if not isinstance(p, Tensor):
            raise TypeError(f"regularizer: parameter {name}: expected a Tensor, got {type(p).__name__}")
    return named


def _check_prox(p: Tensor, parts: list[Regularizer]) -> None:
    """Raise unless the sum of these regularizers has a proximal map that is known in closed form for `p`."""
    for part in parts:
        if not isinstance(part, (L1, L2, ElasticNet, GroupLasso)):
            raise NotImplementedError(f"prox_: {part!r}: no proximal step is known; use the penalty's gradient")
    lassos = [part for part in parts if isinstance(part, GroupLasso)]
    if len({lasso.groups for lasso in lassos}) > 1:
        raise NotImplementedError(
            f"prox_: the sum of {' and '.join(map(repr, lassos))} on one parameter has no closed form; use one, "
            f"the penalties' gradient, or optim.Proximal(optimizer, [one, other]), which takes their steps in turn"
        )
    for lasso in lassos:
        lasso._check_disjoint(p)


def _prox(p: Tensor, parts: list[Regularizer], step: Any) -> None:
    """The proximal map of l1 |x|_1 + l2 |x|^2 + a group lasso: shrink, soft-threshold, then shrink the groups.

    The square only rescales point and step (by completing the square). Soft-thresholding, then the step of the groups,
    is exact for the sum of both (Simon et al., A Sparse-Group Lasso, 2013), also with a step for each element. Lassos
    over the same groups are one lasso, whose strength is their sum."""
    l1, l2 = (math.fsum(getattr(part, name) for part in parts) for name in ("l1", "l2"))
    lassos = [part for part in parts if isinstance(part, GroupLasso) and part.strength]
    if l2:
        step = step / (1 + 2 * l2 * step)
        p.mul_(1 - 2 * l2 * step)  # = 1 / (1 + 2 l2 step), of the step before
    if l1:
        p.sub_(p.clamp(-l1 * step, l1 * step))
    if lassos:
        lassos[0]._shrink_groups(p, step, math.fsum(lasso._scaled_strength(p) for lasso in lassos))


def _checked_strength(name: str, value: float) -> float:
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= value < math.inf:
        raise ValueError(f"{name}: strength: expected a finite number of 0 or more, got {value!r}")
    return float(value)


class L1(Regularizer):
    """strength * sum |w|: makes single weights zero. Gradient 0 at 0. Raises ValueError unless strength is a finite
    number of 0 or more. Tibshirani, Regression Shrinkage and Selection via the Lasso, 1996."""

    def __init__(self, strength: float, parameters: ParameterFilter = None) -> None:
        super().__init__(parameters)
        self.l1 = self.strength = _checked_strength("L1", strength)

    def value(self, w: Tensor) -> Tensor:
        """strength * sum |w|."""
        return self.strength * sum(abs(w))

    def __repr__(self) -> str:
        return f"L1({self.strength})"


class L2(Regularizer):
    """strength * sum w^2 (without 1/2): keeps weights small and evenly spread. With SGD it equals
    weight_decay = 2 * strength. Raises as L1."""

    def __init__(self, strength: float, parameters: ParameterFilter = None) -> None:
        super().__init__(parameters)
        self.l2 = self.strength = _checked_strength("L2", strength)

    def value(self, w: Tensor) -> Tensor:
        """strength * sum w^2."""
        return self.strength * sum_of_squares(w)

    def __repr__(self) -> str:
        return f"L2({self.strength})"


class ElasticNet(Regularizer):
    """l1 * sum |w| + l2 * sum w^2. Raises as L1. Zou and Hastie, Regularization and Variable Selection via the Elastic
    Net, 2005."""

    def __init__(self, l1: float, l2: float, parameters: ParameterFilter = None) -> None:
        super().__init__(parameters)
        self.l1, self.l2 = _checked_strength("ElasticNet", l1), _checked_strength("ElasticNet", l2)

    def value(self, w: Tensor) -> Tensor:
        """l1 * sum |w| + l2 * sum w^2."""
        return self.l1 * sum(abs(w)) + self.l2 * sum_of_squares(w)

    def __repr__(self) -> str:
        return f"ElasticNet({self.l1}, {self.l2})"


# For each kind of groups, the least number of dimensions of a parameter, and the dimensions that index the groups: of a
# convolution's weight (filters, channels, height, width), the first indexes "filters", all others "columns".
_GROUPS: dict[str, tuple[int, slice]] = {
    "rows": (2, slice(0, 1)), "columns": (2, slice(1, None)), "filters": (3, slice(0, 1)), "channels": (3, slice(1, 2)),
    "layer": (1, slice(0, 0)),
}  # fmt: skip

NEWTON_STEPS = 12  # to a group's norm: convergence is from below and quadratic, on a function that is almost linear


class GroupLasso(Regularizer):
    """strength * sum over groups g of |w_g|_2: whole groups become zero together (structured sparsity).

    groups: "rows" (the weights of one output), "columns" (the weights of one input; of a convolution, one element of
    all filters), "filters" or "channels" of a convolution, the whole "layer" (the paper's depth), or a function that
    gives a view of the parameter with the groups along dimension 0. The norms are unscaled, as in Wen et al., Learning
    Structured Sparsity in Deep Neural Networks, NeurIPS 2016; scale="sqrt" multiplies each by the square root of its
    group's size (Yuan and Lin, Model Selection and Estimation in Regression with Grouped Variables, 2006). The gradient
    of a group of zeros is 0. Of a Module, "filters" and "channels" select the weights of convolutions only. Raises
    ValueError for other words, ShapeError for parameters of too few dimensions."""

    def __init__(
        self, strength: float, groups: str | Callable[[Tensor], Tensor] = "rows", scale: str | None = None,
        parameters: ParameterFilter = None,
    ) -> None:  # fmt: skip
        super().__init__(parameters)
        self.strength = _checked_strength("GroupLasso", strength)
        if not callable(groups) and not (isinstance(groups, str) and groups in _GROUPS):
            raise ValueError(f"GroupLasso: groups: expected {', '.join(_GROUPS)} or a function, got {groups!r}")
        if scale not in (None, "sqrt"):
            raise ValueError(f'GroupLasso: scale: expected None or "sqrt", got {scale!r}')
        self.groups, self.scale = groups, scale
        self.min_dims = 2 if callable(groups) else _GROUPS[groups][0]

    def _grouped(self, w: Tensor) -> tuple[Tensor, tuple[int, ...]]:
        """`w`, or the view of it that a function gives, and the dimensions inside a group. ShapeError where there are
        too few."""
        if callable(self.groups):
            view = self.groups(w)
            if not isinstance(view, Tensor) or view.ndim == 0:
                raise ShapeError(f"{self!r}: expected a tensor with the groups along dimension 0, got {describe(view)}")
            return view, tuple(range(1, view.ndim))
        min_dims, index_dims = _GROUPS[self.groups]
        if w.ndim < min_dims:
            raise ShapeError(f"GroupLasso: {self.groups} need at least {min_dims} dimensions, got {describe(w)}")
        dims = range(w.ndim)
        return w, tuple(d for d in dims if d not in dims[index_dims])

    def norms(self, w: Tensor) -> Tensor:
        """The 2-norms of all groups, a 1-d tensor."""
        return reshape(self._norms(w), (-1,))

    def _norms(self, w: Tensor) -> Tensor:
        x, inside = self._grouped(w)
        return safe_sqrt(sum(x * x, inside, keepdim=True)) if inside else abs(x)

    def _scaled_strength(self, w: Tensor) -> float:
        x, inside = self._grouped(w)
        return self.strength * (math.sqrt(math.prod(x.shape[d] for d in inside)) if self.scale else 1.0)

    def value(self, w: Tensor) -> Tensor:
        """strength * sum of the groups' 2-norms."""
        return self._scaled_strength(w) * sum(self._norms(w))

    def _check_disjoint(self, p: Tensor) -> None:
        """Raise unless the groups are views of `p` that do not overlap. Those with names never overlap."""
        x, _ = self._grouped(p)
        if x is p or x.numel() == 0:
            return
        indices, _ = self._grouped(reshape(arange(p.numel(), device="cpu"), tuple(p.shape)))
        if bincount(reshape(indices, (-1,))).max().item() > 1:
            raise NotImplementedError(f"prox_: {self!r}: overlapping groups have no closed form; use the gradient")
        if x._base is not p and (p._base is None or x._base is not p._base):
            raise ValueError(f"prox_: {self!r}: expected groups to give a view of the parameter, got a copy")

    def _shrink_groups(self, p: Tensor, step: Any, strength: float) -> None:
        """Replace each group x by the minimizer y of |y - x|^2 / (2 step) + strength |y|: x max(0, 1 - step strength /
        |x|); with a step s_i for each element, y_i = x_i / (1 + strength s_i / |y|), by Newton's method for |y|."""
        x, inside = self._grouped(p)
        norms = self._norms(p)
        if not isinstance(step, Tensor):
            zero = norms <= step * strength  # also groups of numbers so small that their norm is 0
            x.mul_((1 - step * strength / norms.masked_fill(zero, 1.0)).masked_fill(zero, 0.0))
            return
        s = self._grouped(step)[0] * strength
        over = (x / s.masked_fill(s == 0, 1.0)).masked_fill((s == 0) & (x != 0), math.inf)
        zero = (over * over).sum(inside, keepdim=True) <= 1 if inside else abs(over) <= 1
        r = (norms - (s.amax(inside, keepdim=True) if inside else s)).clamp(min=0.0)
        for _ in range(NEWTON_STEPS):
            q = x / (r + s).masked_fill(r + s == 0, 1.0)
            f = (q * q).sum(inside, keepdim=True) if inside else q * q
            g = q * q / (r + s).masked_fill(r + s == 0, 1.0)
            derivative = g.sum(inside, keepdim=True) if inside else g
            r = r + ((f.sqrt() - 1) * f / derivative.masked_fill(derivative == 0, 1.0)).clamp(min=0.0)
        shrunk = r / (r + s).masked_fill(r + s == 0, 1.0)
        x.mul_(shrunk.masked_fill(zero, 0.0))

    def __repr__(self) -> str:
        groups = repr(self.groups) if isinstance(self.groups, str) else getattr(self.groups, "__name__", "function")
        return f"GroupLasso({self.strength}, groups={groups})"


class Sum(Regularizer):
    """The sum of several regularizers: the result of `+`."""

    def __init__(self, *regularizers: Regularizer) -> None:
        super().__init__()
        self._parts = [part for r in regularizers for part in r.parts()]

    def parts(self) -> list[Regularizer]:
        return self._parts

    def __repr__(self) -> str:
        return " + ".join(map(repr, self._parts))


__all__ = ["L1", "L2", "ElasticNet", "GroupLasso", "Regularizer", "Sum"]
