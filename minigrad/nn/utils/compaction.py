"""A model whose weights have whole rows or columns of zeros, as a smaller dense one with equal outputs.

Wen et al., Learning Structured Sparsity in Deep Neural Networks, NeurIPS 2016, section 3: what structured sparsity is
for.
"""

import copy
import math
from collections import Counter
from typing import Any

import numpy as np

from minigrad.backend import to_numpy
from minigrad.engine.modes import no_grad
from minigrad.nn import functional as F
from minigrad.nn.modules import activation as act
from minigrad.nn.modules import pooling
from minigrad.nn.modules.container import Sequential
from minigrad.nn.modules.conv import Conv1d, Conv2d, Conv3d
from minigrad.nn.modules.dropout import _Dropout
from minigrad.nn.modules.layers import Identity, Linear
from minigrad.nn.modules.module import Module
from minigrad.nn.modules.normalization import _BatchNorm
from minigrad.nn.modules.shaping import Flatten
from minigrad.nn.parameter import Parameter
from minigrad.nn.utils.fewer import FewerColumns, FewerInputs
from minigrad.ops.array.creation import tensor, zeros

CONV = (Conv1d, Conv2d, Conv3d)
POOLS = (pooling._MaxPool, pooling._AdaptiveAvg, pooling._AdaptiveMax, pooling._AvgPool, pooling.AvgPool1d)
POINTWISE = (
    act.ReLU, act.LeakyReLU, act.ELU, act.CELU, act.SELU, act.GELU, act.SiLU, act.Mish, act.ReLU6, act.Sigmoid,
    act.Tanh, act.Softplus, act.Softsign, act.Tanhshrink, act.Hardtanh, act.Hardswish, act.Hardsigmoid, act.Hardshrink,
    act.Softshrink, act.Threshold, act.LogSigmoid, _Dropout, Identity,
)  # fmt: skip


@no_grad()
def compact(model: Module) -> Module:
    """A copy of the model without its dead rows, columns, filters and channels; in eval mode its outputs are equal.

    It looks inside every Sequential, at weights that follow each other with only activations, pooling, batch norm,
    dropout and flattening between them. A row of zeros puts out a constant, its bias: that is carried through what is
    between and folded into the next layer's bias. An output that the next layer does not read goes, too. Columns of
    zeros that are left become a product over fewer columns. Where zero padding makes folding inexact the filter stays.
    The attribute `compaction` of the result says, line by line, what was done and what was left.
    """
    if not isinstance(model, Module):
        raise TypeError(f"compact: model: expected a Module, got {type(model).__name__}")
    small = copy.deepcopy(model).eval()
    notes: list[str] = []
    shared, seen = _shared(small), set[int]()
    for path, module in list(small.named_modules()):
        if type(module).forward is Sequential.forward and id(module) not in seen:
            _compact_chain(_flat(path, module, seen), shared, notes)
    small.train(model.training)
    object.__setattr__(small, "compaction", notes)
    return small


def _shared(model: Module) -> set[int]:
    """The ids of modules that are in the model more than once, or hold a parameter that is: they stay as they are."""
    held = Counter(id(m) for parent in model.modules() for m in parent._modules.values())
    owned = Counter(id(p) for m in model.modules() for p in m._parameters.values() if p is not None)
    twice = {id(m) for part in model.modules() if held[id(part)] > 1 for m in part.modules()}
    return twice | {id(m) for m in model.modules() if any(owned[id(p)] > 1 for p in m._parameters.values())}


Place = tuple[Module, str, str, Any]


def _flat(path: str, module: Module, seen: set[int]) -> list[Place]:
    """(holder, name there, path, layer) of a Sequential and those inside it, in order."""
    found: list[Place] = []
    seen.add(id(module))
    for name, layer in module._modules.items():
        place = f"{path}.{name}".strip(".")
        if layer is not None and type(layer).forward is Sequential.forward:
            found += _flat(place, layer, seen)
        elif layer is not None:
            found.append((module, name, place, layer))
    return found


def _compact_chain(layers: list[Place], shared: set[int], notes: list[str]) -> None:
    weights = [i for i, (*_, layer) in enumerate(layers) if isinstance(layer, (Linear, *CONV))]
    for i, j in zip(weights, weights[1:]):
        (*_, path, a), between, (*_, next_path, b) = layers[i], [layer for *_, layer in layers[i + 1 : j]], layers[j]
        why = _why_apart(a, between, b, next_path, shared)
        if why:
            notes.append(f"{path}: stays, {why}")
        else:
            _shrink_pair(path, a, between, next_path, b, notes)
    for i in weights:
        holder, name, place, layer = layers[i]
        smaller = None if id(layer) in shared else _without_columns(layer)
        if smaller is not None:
            holder._modules[name] = smaller
            notes.append(f"{place}: a product over {smaller.weight.shape[1]} columns, where there were "
                         f"{math.prod(layer.weight.shape[1:])}")  # fmt: skip


def _why_apart(a: Any, between: list[Any], b: Any, next_path: str, shared: set[int]) -> str:
    """Why the outputs of `a` are not, one for one, what `b` reads; "" where they are."""
    if getattr(a, "groups", 1) != 1 or getattr(b, "groups", 1) != 1:
        return "groups are not taken apart"
    if shared & {id(m) for m in (a, *between, b)}:
        return f"it or what is on the way to {next_path} is in several places"
    strange = [type(m).__name__ for m in between if not isinstance(m, (*POINTWISE, *POOLS, _BatchNorm, Flatten))]
    if strange:
        return f"before {next_path} there is {', '.join(strange)}"
    outputs, read = a.weight.shape[0], b.weight.shape[1]
    ends = [i for i, m in enumerate(between) if isinstance(m, Flatten)]
    pictures = isinstance(a, CONV)  # channels lie on dimension 1; what a linear layer puts out, on the last
    if pictures and isinstance(b, Linear):
        fits = len(ends) == 1 and read % outputs == 0
    else:
        fits = read == outputs and (not ends if pictures else isinstance(b, Linear))
    ahead, after = (between[: ends[0]], between[ends[0] + 1 :]) if ends else (between, [])
    straight = (
        fits
        and all((m.start_dim, m.end_dim) == (1, -1) for m in between if isinstance(m, Flatten))
        and all(m.num_features == outputs for m in ahead if isinstance(m, _BatchNorm))
        and all(pictures for m in ahead if isinstance(m, POOLS))
        and all(isinstance(m, POINTWISE) for m in after)
    )
    return "" if straight else f"before {next_path} there is a change of shape"


def _shrink_pair(path: str, a: Any, between: list[Any], next_path: str, b: Any, notes: list[str]) -> None:
    """Take out what is dead between two layers, and fold what it put out into the second."""
    outputs = a.weight.shape[0]
    share = b.weight.shape[1] // outputs  # columns of b for one output of a
    wa, wb = to_numpy(a.weight._array), to_numpy(b.weight._array)
    dead = ~wa.reshape(outputs, -1).any(1)
    unread = ~wb.swapaxes(0, 1).reshape(outputs, -1).any(1)
    value, exact = _carried(a, between)
    if isinstance(b, CONV) and b.padding_mode == "zeros" and np.any(np.asarray(b.padding, object) != 0):
        exact &= value == 0
    stays = dead & ~unread & ~exact
    if stays.any():
        notes.append(f"{path}: {int(stays.sum())} dead outputs stay, for what they put out is not one number all over "
                     f"what {next_path} reads (padding, or statistics of the batch)")  # fmt: skip
    gone = unread | (dead & exact)
    if gone.all():
        gone[int(np.argmin(gone & ~dead))] = False  # one output at least
    if not gone.any():
        return
    folded = gone & ~unread & (value != 0)
    if folded.any():
        _fold(b, np.repeat(np.where(folded, value, 0.0), share))
    keep = np.flatnonzero(~gone)
    _keep_outputs(a, keep)
    for m in between:
        if isinstance(m, _BatchNorm):
            _keep_channels(m, keep)
    _keep_inputs(b, (keep[:, None] * share + np.arange(share)).reshape(-1))
    notes.append(f"{path}: {len(keep)} of {outputs} outputs left" + (
        f", {int(folded.sum())} constants folded into {next_path}" if folded.any() else ""))  # fmt: skip


def _carried(a: Any, between: list[Any]) -> tuple[Any, Any]:
    """What each output of `a` would be after the layers between, were it its bias alone; and where that is exact."""
    n = a.weight.shape[0]
    x = zeros(n, dtype=a.weight.dtype, device=a.weight.device) if a.bias is None else a.bias.detach()
    exact = np.ones(n, bool)
    for m in between:
        if isinstance(m, _BatchNorm) and m.running_mean is None:
            return np.zeros(n), np.zeros(n, bool)
        if isinstance(m, _BatchNorm):
            x = F.batch_norm(x.unsqueeze(0), m.running_mean, m.running_var, m.weight, m.bias, False, 0.0, m.eps)[0]
        elif isinstance(m, POINTWISE) and not isinstance(m, _Dropout):
            x = m(x.clone())
        elif isinstance(m, (pooling._AvgPool, pooling.AvgPool1d)) and (
            np.any(np.asarray(m.padding) != 0) or getattr(m, "divisor_override", None)
        ):
            exact &= to_numpy(x._array) == 0  # the mean of a window with zeros in it, or no mean
    return to_numpy(x._array).astype("float64"), exact


def _fold(b: Any, values: Any) -> None:
    """Add to b's bias what constant inputs give."""
    w = to_numpy(b.weight._array).astype("float64")
    added = w.reshape(w.shape[0], w.shape[1], -1).sum(-1) @ values
    more = tensor(added, dtype=b.weight.dtype, device=b.weight.device)
    b.bias = Parameter(more if b.bias is None else b.bias.detach() + more)


def _taken(p: Any, index: Any, dim: int = 0) -> Any:
    return Parameter(p.detach().index_select(dim, tensor(index, device=p.device)), p.requires_grad)


def _keep_outputs(a: Any, keep: Any) -> None:
    a.weight = _taken(a.weight, keep)
    a.bias = None if a.bias is None else _taken(a.bias, keep)
    setattr(a, "out_features" if isinstance(a, Linear) else "out_channels", len(keep))


def _keep_inputs(b: Any, keep: Any) -> None:
    b.weight = _taken(b.weight, keep, 1)
    setattr(b, "in_features" if isinstance(b, Linear) else "in_channels", len(keep))


def _keep_channels(norm: Any, keep: Any) -> None:
    for name in ("weight", "bias"):
        p = getattr(norm, name)
        if p is not None:
            setattr(norm, name, _taken(p, keep))
    for name in ("running_mean", "running_var"):
        if getattr(norm, name) is not None:
            setattr(norm, name, getattr(norm, name)[tensor(keep)])
    norm.num_features = len(keep)


def _without_columns(layer: Any) -> Any:
    """The layer without its columns of zeros, or None where it has none (or where it cannot be taken apart)."""
    w = to_numpy(layer.weight._array)
    live = np.flatnonzero(w.reshape(w.shape[0], -1).any(0))
    if len(live) == w[0].size or not len(live):
        return None
    if isinstance(layer, Linear):
        return FewerInputs(layer, live)
    plain = layer.groups == 1 and layer.padding_mode == "zeros" and not isinstance(layer.padding, str)
    return FewerColumns(layer, live) if plain else None
