"""Compaction: a model whose weights have whole rows or columns of zeros as a smaller dense model with equal outputs.

It is what makes structured sparsity pay: Wen et al., Learning Structured Sparsity in Deep Neural Networks, NeurIPS
2016, section 3.
"""

import copy
import math
import warnings
from collections import Counter
from typing import Any

import numpy as np

from minigrad.autograd.grad_mode import no_grad
from minigrad.backend import to_numpy
from minigrad.nn import functional as F
from minigrad.nn.modules import activation as act
from minigrad.nn.modules import pooling
from minigrad.nn.modules.batchnorm import _BatchNorm
from minigrad.nn.modules.container import Sequential
from minigrad.nn.modules.conv import Conv1d, Conv2d, Conv3d
from minigrad.nn.modules.dropout import _DropoutNd
from minigrad.nn.modules.flatten import Flatten
from minigrad.nn.modules.linear import Identity, Linear
from minigrad.nn.modules.module import Module
from minigrad.nn.parameter import Parameter
from minigrad.nn.utils.pruned import PrunedConv, PrunedLinear
from minigrad.ops.array.creation import tensor, zeros

CONV = (Conv1d, Conv2d, Conv3d)
WEIGHTED = (Linear, *CONV)
AVG_POOLS = (pooling.AvgPool1d, pooling._AvgPoolNd)
POOLS = (pooling._MaxPoolNd, pooling._AdaptiveAvgPoolNd, pooling._AdaptiveMaxPoolNd, *AVG_POOLS)
POINTWISE = (
    act.ReLU, act.LeakyReLU, act.ELU, act.CELU, act.SELU, act.GELU, act.SiLU, act.Mish, act.ReLU6, act.Sigmoid,
    act.Tanh, act.Softplus, act.Softsign, act.Tanhshrink, act.Hardtanh, act.Hardswish, act.Hardsigmoid, act.Hardshrink,
    act.Softshrink, act.Threshold, act.LogSigmoid, _DropoutNd, Identity,
)  # fmt: skip


@no_grad()
def compact(model: Module) -> Module:
    """A copy of the model without its dead rows, columns, filters and channels, whose outputs in eval mode are equal.

    It treats every Sequential: pairs of linear layers or convolutions with only activations, pooling, batch norm,
    dropout and flattening between them. The output of a row of zeros is constant, its bias; this constant is propagated
    through the layers between and folded into the next layer's bias. Outputs whose weights in the next layer are all
    zero are removed, too. Other columns of zeros are left out of the product (PrunedLinear, PrunedConv). A filter stays
    where zero padding would make folding inexact; so do layers that another module's forward calls, layers with hooks
    or parametrizations, and subclasses with a forward of their own. The attribute `compaction` of the copy lists what
    was removed and what was kept, and why. Warns where zeros stay outside of any Sequential, or there is none. Raises
    TypeError unless model is a Module."""
    if not isinstance(model, Module):
        raise TypeError(f"compact: model: expected a Module, got {type(model).__name__}")
    small = copy.deepcopy(model).eval()
    notes: list[str] = []
    shared, seen, followed = _shared(small), set[int](), set[int]()
    before = list(small.named_modules())
    for path, module in before:
        if type(module).forward is Sequential.forward and id(module) not in seen:
            layers = _flattened(path, module, seen)
            followed |= {id(layer) for *_, layer in layers if _plain(layer, *WEIGHTED)}
            _compact_chain(layers, shared, notes)
    _tell_of_others([(path, m) for path, m in before if isinstance(m, WEIGHTED)], followed, notes)
    small.train(model.training)
    object.__setattr__(small, "compaction", notes)
    return small


def _tell_of_others(layers: list[tuple[str, Any]], followed: set[int], notes: list[str]) -> None:
    """Note, and warn of, the layers that stay as they are, since what becomes of their outputs is not known."""
    others = [(path, layer) for path, layer in layers if id(layer) not in followed]
    zeros = [path or "the model" for path, layer in others if "weight" in layer._parameters and _zeros(layer)]
    notes += [f"{path}: kept, it is no plain layer of a Sequential" for path in zeros]
    if zeros or len(others) == len(layers):
        what = f"{', '.join(zeros)}: rows or columns of zeros stay" if zeros else "there is nothing to compact"
        warnings.warn(
            f"compact: {what}, for only plain linear layers and convolutions of a Sequential are compacted; put layers "
            f"that follow one another into one",
            stacklevel=4,
        )


def _zeros(layer: Any) -> bool:
    """Has its weight whole rows or columns of zeros?"""
    live = to_numpy(layer.weight._array).reshape(layer.weight.shape[0], -1) != 0
    return not (live.any(0).all() and live.any(1).all())


def _plain(m: Any, *kinds: type[Module]) -> bool:
    """Is it of one of these kinds, with nothing of its own: no other forward, no hook, no parametrization?"""
    return (
        any(isinstance(m, kind) and type(m).forward is kind.forward for kind in kinds)
        and not (m._forward_hooks or m._forward_pre_hooks or "parametrizations" in m._modules)
    )  # fmt: skip


def _shared(model: Module) -> set[int]:
    """The ids of modules that are in the model more than once, or have a parameter that is: they are left unchanged."""
    parents = Counter(id(m) for parent in model.modules() for m in parent._modules.values())
    owners = Counter(id(p) for m in model.modules() for p in m._parameters.values() if p is not None)
    repeated = {id(m) for part in model.modules() if parents[id(part)] > 1 for m in part.modules()}
    return repeated | {id(m) for m in model.modules() if any(owners[id(p)] > 1 for p in m._parameters.values())}


Layer = tuple[Module, str, str, Any]  # parent, name there, path, layer


def _flattened(path: str, module: Module, seen: set[int]) -> list[Layer]:
    """The layers of a Sequential and of those inside it, in order."""
    found: list[Layer] = []
    seen.add(id(module))
    for name, layer in module._modules.items():
        layer_path = f"{path}.{name}".strip(".")
        if layer is not None and type(layer).forward is Sequential.forward:
            found += _flattened(layer_path, layer, seen)
        elif layer is not None:
            found.append((module, name, layer_path, layer))
    return found


def _compact_chain(layers: list[Layer], shared: set[int], notes: list[str]) -> None:
    weights = [i for i, (*_, layer) in enumerate(layers) if _plain(layer, *WEIGHTED)]
    for i, j in zip(weights, weights[1:]):
        (*_, path, a), between, (*_, next_path, b) = layers[i], [layer for *_, layer in layers[i + 1 : j]], layers[j]
        obstacle = _obstacle(a, between, b, next_path, shared)
        if obstacle:
            notes.append(f"{path}: kept, {obstacle}")
        else:
            _compact_pair(path, a, between, next_path, b, notes)
    for i in weights:
        parent, name, path, layer = layers[i]
        smaller = None if id(layer) in shared else _pruned(layer)
        if smaller is not None:
            parent._modules[name] = smaller
            notes.append(f"{path}: a product over {smaller.weight.shape[1]} of "
                         f"{math.prod(layer.weight.shape[1:])} columns")  # fmt: skip


def _obstacle(a: Any, between: list[Any], b: Any, next_path: str, shared: set[int]) -> str:
    """Why the outputs of `a` are not exactly the inputs (or input channels) of `b`; "" where they are."""
    if getattr(a, "groups", 1) != 1 or getattr(b, "groups", 1) != 1:
        return "grouped convolutions are not compacted"
    if shared & {id(m) for m in (a, *between, b)}:
        return f"it or a layer on the way to {next_path} is used more than once"
    unknown = [type(m).__name__ for m in between if not _plain(m, *POINTWISE, *POOLS, _BatchNorm, Flatten)]
    if unknown:
        return f"before {next_path} there is {', '.join(unknown)}"
    outputs, read = a.weight.shape[0], b.weight.shape[1]
    flattens = [i for i, m in enumerate(between) if isinstance(m, Flatten)]
    channels = isinstance(a, CONV)  # its outputs lie along dimension 1, those of a linear layer along the last
    if channels and isinstance(b, Linear):
        fits = len(flattens) == 1 and read % outputs == 0
    else:
        fits = read == outputs and (not flattens if channels else isinstance(b, Linear))
    ahead, after = (between[: flattens[0]], between[flattens[0] + 1 :]) if flattens else (between, [])
    one_to_one = (
        fits
        and all((m.start_dim, m.end_dim) == (1, -1) for m in between if isinstance(m, Flatten))
        and all(m.num_features == outputs for m in ahead if isinstance(m, _BatchNorm))
        and all(channels for m in ahead if isinstance(m, POOLS))
        and all(isinstance(m, POINTWISE) for m in after)
    )
    return "" if one_to_one else f"before {next_path} the shape changes"


def _compact_pair(path: str, a: Any, between: list[Any], next_path: str, b: Any, notes: list[str]) -> None:
    """Remove the dead outputs between two layers, and fold their constants into the second."""
    outputs = a.weight.shape[0]
    group = b.weight.shape[1] // outputs  # columns of b for one output of a
    wa, wb = to_numpy(a.weight._array), to_numpy(b.weight._array)
    dead = ~wa.reshape(outputs, -1).any(1)
    unread = ~wb.swapaxes(0, 1).reshape(outputs, -1).any(1)
    value, exact = _propagate_constants(a, between)
    if isinstance(b, CONV) and b.padding_mode == "zeros" and np.any(np.asarray(b.padding, object) != 0):
        exact &= value == 0
    kept = dead & ~unread & ~exact
    if kept.any():
        notes.append(f"{path}: {int(kept.sum())} dead outputs kept, for they are not constant over the whole "
                     f"input of {next_path} (padding, or statistics of the batch)")  # fmt: skip
    removed = unread | (dead & exact)
    if removed.all():
        removed[int(np.argmin(removed & ~dead))] = False  # one output at least
    if not removed.any():
        return
    folded = removed & ~unread & (value != 0)
    if folded.any():
        _fold_into_bias(b, np.repeat(np.where(folded, value, 0.0), group))
    keep = np.flatnonzero(~removed)
    _keep_outputs(a, keep)
    for m in between:
        if isinstance(m, _BatchNorm):
            _keep_channels(m, keep)
    _keep_inputs(b, (keep[:, None] * group + np.arange(group)).reshape(-1))
    notes.append(f"{path}: {len(keep)} of {outputs} outputs left" + (
        f", {int(folded.sum())} constants folded into {next_path}" if folded.any() else ""))  # fmt: skip


def _propagate_constants(a: Any, between: list[Any]) -> tuple[Any, Any]:
    """The value of each output of `a` after the layers between, if it were its bias alone; and where it is exact."""
    n = a.weight.shape[0]
    x = zeros(n, dtype=a.weight.dtype, device=a.weight.device) if a.bias is None else a.bias.detach()
    exact = np.ones(n, bool)
    for m in between:
        if isinstance(m, _BatchNorm) and m.running_mean is None:
            return np.zeros(n), np.zeros(n, bool)
        if isinstance(m, _BatchNorm):
            x = F.batch_norm(x.unsqueeze(0), m.running_mean, m.running_var, m.weight, m.bias, False, 0.0, m.eps)[0]
        elif isinstance(m, POINTWISE) and not isinstance(m, _DropoutNd):
            x = m(x.clone())
        elif isinstance(m, AVG_POOLS) and (np.any(np.asarray(m.padding) != 0) or getattr(m, "divisor_override", None)):
            exact &= to_numpy(x._array) == 0  # a mean over the zeros of the padding, or no mean
    return to_numpy(x._array).astype("float64"), exact


def _fold_into_bias(b: Any, values: Any) -> None:
    """Add to b's bias its output for constant inputs."""
    w = to_numpy(b.weight._array).astype("float64")
    added = w.reshape(w.shape[0], w.shape[1], -1).sum(-1) @ values
    constant = tensor(added, dtype=b.weight.dtype, device=b.weight.device)
    b.bias = Parameter(constant if b.bias is None else b.bias.detach() + constant)


def _select(p: Any, index: Any, dim: int = 0) -> Any:
    return Parameter(p.detach().index_select(dim, tensor(index, device=p.device)), p.requires_grad)


def _keep_outputs(a: Any, keep: Any) -> None:
    a.weight = _select(a.weight, keep)
    a.bias = None if a.bias is None else _select(a.bias, keep)
    setattr(a, "out_features" if isinstance(a, Linear) else "out_channels", len(keep))


def _keep_inputs(b: Any, keep: Any) -> None:
    b.weight = _select(b.weight, keep, 1)
    setattr(b, "in_features" if isinstance(b, Linear) else "in_channels", len(keep))


def _keep_channels(norm: Any, keep: Any) -> None:
    for name in ("weight", "bias"):
        p = getattr(norm, name)
        if p is not None:
            setattr(norm, name, _select(p, keep))
    for name in ("running_mean", "running_var"):
        if getattr(norm, name) is not None:
            setattr(norm, name, getattr(norm, name)[tensor(keep)])
    norm.num_features = len(keep)


def _pruned(layer: Any) -> Any:
    """The layer without its columns of zeros; None where it has none, or is a convolution that PrunedConv does not
    do."""
    w = to_numpy(layer.weight._array)
    live = np.flatnonzero(w.reshape(w.shape[0], -1).any(0))
    if len(live) == w[0].size or not len(live):
        return None
    if isinstance(layer, Linear):
        return PrunedLinear(layer, live)
    supported = layer.groups == 1 and layer.padding_mode == "zeros" and not isinstance(layer.padding, str)
    return PrunedConv(layer, live) if supported else None
