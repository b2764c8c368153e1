"""A model whose weights have whole rows or columns of zeros, as a smaller dense one with equal outputs.

Wen et al., Learning Structured Sparsity in Deep Neural Networks, NeurIPS 2016, section 3: what structured sparsity is
for.
"""

import copy
import math
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
from minigrad.ops.creation import tensor, zeros
from minigrad.ops.linalg import matmul
from minigrad.ops.shape import movedim, reshape

CONV = (Conv1d, Conv2d, Conv3d)
POOLS = (pooling._MaxPool, pooling._AdaptiveAvg, pooling._AdaptiveMax, pooling._AvgPool, pooling.AvgPool1d)
POINTWISE = (
    act.ReLU, act.LeakyReLU, act.ELU, act.CELU, act.SELU, act.GELU, act.SiLU, act.Mish, act.ReLU6, act.Sigmoid,
    act.Tanh, act.Softplus, act.Softsign, act.Tanhshrink, act.Hardtanh, act.Hardswish, act.Hardsigmoid, act.Hardshrink,
    act.Softshrink, act.Threshold, act.LogSigmoid, _Dropout, Identity,
)  # fmt: skip


class FewerInputs(Module):
    """A linear layer that reads only some of its inputs: what a Linear with columns of zeros comes to."""

    def __init__(self, layer: Linear, live: Any) -> None:
        super().__init__()
        self.in_features, self.out_features = layer.in_features, layer.out_features
        self.register_buffer("live", tensor(live, device=layer.weight.device))
        self.weight = Parameter(layer.weight.detach()[:, self.live])
        self.bias = layer.bias

    def forward(self, input: Any) -> Any:
        """input[..., live] @ weight.T + bias."""
        return F.linear(input[..., self.live], self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"{len(self.live)} of {self.in_features} inputs, out_features={self.out_features}"


class FewerColumns(Module):
    """A convolution that reads only some places of its window: one product over the columns that are left."""

    def __init__(self, layer: Any, live: Any) -> None:
        super().__init__()
        self.layer = (layer.kernel_size, layer.stride, layer.padding, layer.dilation, layer.out_channels)
        self.places = np.unravel_index(live, (layer.in_channels, *layer.kernel_size))
        flat = reshape(layer.weight.detach(), (layer.out_channels, -1))
        self.weight = Parameter(flat[:, tensor(live, device=flat.device)])
        self.bias = layer.bias

    def forward(self, input: Any) -> Any:
        """The convolution of (N, C, ...)."""
        kernel, stride, padding, dilation, out = self.layer
        dims = len(kernel)
        x = F.pad(input, [p for n in reversed(padding) for p in (n, n)]) if any(padding) else input
        for d in range(dims):  # (N, C, places..., window...): a view
            x = x.unfold(2 + d, dilation[d] * (kernel[d] - 1) + 1, stride[d])[..., :: dilation[d]]
        c, *window = self.places
        columns = x[(slice(None), c, *(slice(None),) * dims, *window)]  # (columns, N, places...)
        found = reshape(matmul(self.weight, reshape(columns, (columns.shape[0], -1))), (out, *columns.shape[1:]))
        found = movedim(found, 0, 1)
        return found if self.bias is None else found + reshape(self.bias, (-1, *(1,) * dims))

    def extra_repr(self) -> str:
        kernel, stride, padding, *_ = self.layer
        shape = tuple(self.weight.shape)
        return f"{shape[0]} filters over {shape[1]} columns, kernel_size={kernel}, stride={stride}, padding={padding}"


@no_grad()
def compact(model: Module) -> Module:
    """A copy of the model without its dead rows, columns, filters and channels; in eval mode its outputs are equal.

    It looks inside every Sequential, at weights that follow each other with only activations, pooling, batch norm,
    dropout and flattening between them. A row of zeros puts out a constant, its bias: that is carried through what is
    between and folded into the next layer's bias. An output that the next layer does not read goes, too. Columns of
    zeros that are left become a product over fewer columns. Where zero padding makes folding inexact the filter stays.
    The attribute `compaction` of the result says, line by line, what was done and what was left.
    """
    small = copy.deepcopy(model).eval()
    notes: list[str] = []
    seen: set[Module] = set()
    for path, module in list(small.named_modules()):
        if isinstance(module, Sequential) and module not in seen:
            seen |= set(module.modules())
            _compact_chain(path, module, notes)
    small.train(model.training)
    object.__setattr__(small, "compaction", notes)
    return small


def _flat(path: str, module: Sequential) -> list[tuple[Sequential, str, str, Module]]:
    """(holder, name there, path, layer) of a Sequential and those inside it, in order."""
    found: list[tuple[Sequential, str, str, Module]] = []
    for name, layer in module._modules.items():
        place = f"{path}.{name}".strip(".")
        if isinstance(layer, Sequential):
            found += _flat(place, layer)
        elif layer is not None:
            found.append((module, name, place, layer))
    return found


def _compact_chain(path: str, chain: Sequential, notes: list[str]) -> None:
    layers = _flat(path, chain)
    weights = [i for i, (*_, layer) in enumerate(layers) if isinstance(layer, (Linear, *CONV))]
    for i, j in zip(weights, weights[1:]):
        between = [layer for *_, layer in layers[i + 1 : j]]
        _shrink_pair(layers[i][2], layers[i][3], between, layers[j][2], layers[j][3], notes)
    for i in weights:
        holder, name, place, layer = layers[i]
        smaller = _without_columns(layer)
        if smaller is not None:
            holder._modules[name] = smaller
            notes.append(f"{place}: a product over {smaller.weight.shape[1]} columns, where there were "
                         f"{math.prod(layer.weight.shape[1:])}")  # fmt: skip


def _shrink_pair(path: str, a: Any, between: list[Module], next_path: str, b: Any, notes: list[str]) -> None:
    """Take out what is dead between two layers, and fold what it put out into the second."""
    outputs = a.weight.shape[0]
    if getattr(a, "groups", 1) != 1 or getattr(b, "groups", 1) != 1:
        notes.append(f"{path}: stays, groups are not taken apart")
        return
    strange = [type(m).__name__ for m in between if not isinstance(m, (*POINTWISE, *POOLS, _BatchNorm, Flatten))]
    share = b.weight.shape[1] // outputs  # columns of b for one output of a
    flat = any(isinstance(m, Flatten) for m in between)
    if strange or b.weight.shape[1] % outputs or (share != 1) != (flat and share != 1):
        notes.append(f"{path}: stays, before {next_path} there is {', '.join(strange) or 'a change of shape'}")
        return
    wa, wb = to_numpy(a.weight._array), to_numpy(b.weight._array)
    dead = ~wa.reshape(outputs, -1).any(1)
    unread = ~wb.swapaxes(0, 1).reshape(outputs, -1).any(1)
    constant = _carried(a, between)
    exact = np.ones(outputs, bool) if constant is not None else ~dead
    value = np.zeros(outputs) if constant is None else constant
    padded = isinstance(b, CONV) and (b.padding_mode == "zeros" and np.any(np.asarray(b.padding, object) != 0))
    if padded:
        exact &= value == 0
    for m in between:
        if isinstance(m, (pooling._AvgPool, pooling.AvgPool1d)) and np.any(np.asarray(m.padding) != 0):
            exact &= value == 0
    stays = dead & ~unread & ~exact
    if stays.any():
        notes.append(f"{path}: {int(stays.sum())} dead outputs stay, for {next_path} pads with zeros what they put out")
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


def _carried(a: Any, between: list[Module]) -> Any:
    """What each output of `a` would be after the layers between, were it its bias alone."""
    n = a.weight.shape[0]
    x = zeros(n, dtype=a.weight.dtype, device=a.weight.device) if a.bias is None else a.bias.detach()
    for m in between:
        if isinstance(m, _BatchNorm):
            if m.running_mean is None:
                return None
            x = F.batch_norm(x.unsqueeze(0), m.running_mean, m.running_var, m.weight, m.bias, False, 0.0, m.eps)[0]
        elif isinstance(m, POINTWISE):
            x = m(x.clone())
        elif isinstance(m, (pooling._AvgPool,)) and m.divisor_override:
            return None
    return to_numpy(x._array).astype("float64")


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
