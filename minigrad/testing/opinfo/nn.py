"""ops/nn/: activations, convolutions, pooling, normalization, resizing, attention, recurrent cells, look-ups."""

from functools import partial
from typing import Any

import numpy as np

from minigrad.backend import array_module
from minigrad.ops.nn.recurrent import gru_sequence, lstm_sequence, lstm_step
from minigrad.testing.opinfo.model import Array, OpInfo, SampleInput, op, registered, unary

F = "nn.functional."


def _indices(x: Any) -> Any:
    """A choice among windows of 2 for each element, on the device of x: the first, the second, the first, the first."""
    array = getattr(x, "_array", x)
    return array_module(array).asarray(np.resize(np.array([0, 1, 0, 0], "uint8"), array.shape))


def layer(name: str, *samples: str | Array | SampleInput, **about: Any) -> OpInfo:
    """A function of torch.nn.functional."""
    return op(name, *samples, torch=F + name, **about)


def piecewise(name: str, *kinks: float, **about: Any) -> OpInfo:
    """A piecewise smooth activation, whose derivative jumps at `kinks`."""
    return unary(name, -5, 5, kinks, torch=F + name, **about)


SOFT = "3x4, 1 | 2x3x2, dim=0 | 3x4[-30, 30], -1"
SIGNED = Array((3, 4), away=(0.0,))

MANY = [SampleInput(Array(shape, -7, 7, away=(0.0,))) for shape in ((1000, 9), (330, 1000))]

ACTIVATIONS = [
    *(op(name, SOFT, "0d, 0 | 0x3, 1 | 5x3, -1", large=["900x10[-5, 5], 1 | 270x1000[-5, 5], 1 | 90x1000, 0"])
        for name in ("softmax", "log_softmax")),
    layer("softmin", SOFT),
    unary("relu", away=(0.0,), numpy=lambda x: np.maximum(x, 0), large=MANY),
    unary("sigmoid", -8, 8, numpy=lambda x: 1 / (1 + np.exp(-x)), more=["5x[-60, -20], name='far'"]),
    unary("logsigmoid", -8, 8, torch=F + "logsigmoid", numpy=lambda x: -np.log1p(np.exp(-x))),
    unary("softplus", -8, 8, torch=F + "softplus", more=["3x4, 2.0 | 3x4, beta=0.5"]),
    piecewise("leaky_relu", 0.0, more=[SampleInput(SIGNED, 0.2)]),
    op("prelu", SampleInput(SIGNED, Array((4,))), SampleInput(SIGNED, Array((1,))),
        SampleInput(Array((2, 3, 2), away=(0.0,)), Array((3,)))),
    piecewise("elu", 0.0, more=[SampleInput(SIGNED, alpha=1.5)]),
    piecewise("celu", 0.0, more=[SampleInput(SIGNED, 1.5)]),
    *(unary(name, torch=F + name) for name in ("silu", "mish")),
    unary("gelu", torch=F + "gelu", more=["3x4, approximate='tanh'"], large=MANY),
    piecewise("hardtanh", -1.0, 1.0, more=[SampleInput(Array((3,), -3, 3, away=(-2.0, 0.5)), -2.0, 0.5)]),
    piecewise("hardsigmoid", -3.0, 3.0, rtol=1e-7),  # PyTorch multiplies by a 1/6 of float32
    layer("threshold", SampleInput(Array((3, 4), away=(0.5,)), 0.5, -1.0), kinks=("a jump at the threshold",)),
    *(piecewise(name, *kinks) for name, kinks in {"selu": (0.0,), "relu6": (0.0, 6.0), "hardswish": (-3.0, 3.0),
        "softshrink": (-0.5, 0.5), "hardshrink": (-0.5, 0.5)}.items()),
    unary("tanhshrink", torch=F + "tanhshrink", more=["3x[2, 4], name='far'"]),
    unary("softsign", torch=F + "softsign", away=(0.0,), kinks=("second derivative at 0",)),
    layer("glu", "3x4 | 4x3, 0 | 2x4x3, dim=-2"),
]  # fmt: skip

# grids for grid_sample at least 0.05 of a pixel away from every pixel, in images of 3 x 4
BETWEEN = Array((2, 3, 2, 2), 0.05, 0.2, then=lambda a: a * [1, -1])
PLAIN: Any = {"stride": (1,), "padding": (0,), "dilation": (1,), "groups": 1}
CONVOLUTIONS = [
    layer("conv1d", "2x3x7, 4x3x3, 4x | 2x4x8, 4x2x3, None, 2, 1, 2, 2 | 3x7, 2x3x2 | 1x2x6, 2x2x3, padding='same'",
        "0x2x6, 2x2x3", large=["8x6x200, 10x6x3, 10x | 4x8x600, 8x2x5, 8x, 2, 1, 2, 4"]),
    layer("conv2d", "2x2x4x5, 3x2x3x2, 3x | 1x4x5x5, 4x1x3x3, 4x, (2, 1), (1, 0), 1, 4",
        "1x2x6x5, 2x2x2x2, stride=2, dilation=(2, 1) | 2x4x4, 1x2x1x1",
        large=["8x6x20x18, 10x6x3x3, 10x, padding=1 | 4x6x41x40, 8x6x5x4, None, 2, (2, 1)",
        "4x8x40x30, 8x1x3x3, 8x, 1, 1, 1, 8 | 8x16x20x20, 12x16x1x1, 12x", "8x16x46x46, 8x16x3x3, 8x"]),
    layer("conv3d", "1x2x3x3x3, 2x2x2x2x2, 2x, padding=(1, 0, 0)", large=["2x4x12x11x10, 6x4x3x3x3, 6x, padding=1"]),
    layer("conv_transpose1d", "2x3x4, 3x2x3, 2x | 1x4x3, 4x1x3, None, 2, 1, 1, 2, 2",
        large=["8x10x120, 10x6x3, 6x, 2"]),
    layer("conv_transpose2d", "1x2x3x2, 2x3x2x3, 3x | 1x2x3x3, 2x1x3x3, stride=2, padding=1, output_padding=1",
        large=["4x10x16x15, 10x6x3x3, 6x | 8x8x20x20, 8x4x4x4, 4x, 2, 1"]),
    layer("conv_transpose3d", "1x2x2x2x2, 2x1x2x2x2, stride=2", large=["2x6x9x10x8, 6x4x3x3x3, 4x, 2"]),
    op("conv", "1x2x5, 3x2x3, None | 1x2x5, 3x2x3, 3x", call=partial(registered("conv"), **PLAIN), torch="conv1d"),
    op("conv_transpose", "1x3x3, 3x2x3", call=partial(registered("conv_transpose"), shape=(1, 2, 5), **PLAIN),
        torch="conv_transpose1d"),
    op("conv_weight", "1x2x5, 1x3x3", call=partial(registered("conv_weight"), shape=(3, 2, 3), **PLAIN),
        torch=lambda torch, x, g: torch.conv1d(x.transpose(0, 1), g.transpose(0, 1)).transpose(0, 1)),
]  # fmt: skip

FIRST = ("ties: the first",)
PAIRS: Any = {"kernel": (2,), "stride": (1,), "dilation": (1,)}
POOLING = [
    layer("max_pool1d", "d2x2x7, 2 | d2x2x7, 3, 2, 1 | d2x2x7, 3, 2, 1, 1, True | d2x2x7, 2, dilation=2", kinks=FIRST,
        large=["d8x6x401, 2 | d8x6x401, 3, 2, 1"]),
    layer("max_pool2d", "d2x2x5x4, 2 | d2x2x5x4, (3, 2), (1, 2), 1, return_indices=True",
        "d2x2x5x4, 3, 2, 1, ceil_mode=True | d2x4x4, 2", kinks=FIRST,
        large=["d8x6x40x30, 2 | d8x6x40x30, 3, 2, 1 | d8x6x40x30, (2, 3), (1, 2), dilation=(2, 1)",
        "d8x6x40x30, 2, return_indices=True | d16x16x34x34, 2"]),
    layer("max_pool3d", "d1x2x4x4x3, 2", kinks=FIRST, large=["d2x4x13x14x12, 2 | d2x4x13x14x12, 3, 2, 1"]),
    layer("max_unpool1d", SampleInput(Array((1, 2, 3)), np.array([[[0, 3, 4], [1, 2, 5]]]), 2)),
    layer("max_unpool2d", SampleInput(Array((2, 2, 2)), np.array([[[0, 3], [9, 11]], [[5, 6], [12, 15]]]), 2),
        SampleInput(Array((1, 1, 2, 2)), np.array([[[[0, 4], [16, 18]]]]), 2, 2, 0, (1, 1, 5, 5))),
    layer("max_unpool3d", SampleInput(Array((1, 1, 2, 1, 1)), np.array([[[[[3]], [[9]]]]]), 2)),
    layer("lp_pool1d", "2x3x7[0.5, 2], 2.0, 2 | 2x3x7[0.5, 2], 3, 3, 2, True"),
    layer("lp_pool2d", "2x2x4x5[0.5, 2], 2.0, (2, 3), 1"),
    layer("lp_pool3d", "1x1x3x4x3[0.5, 2], 1.5, 2"),
    layer("avg_pool1d", "d2x2x7, 2 | d2x2x7, 3, 2, 1 | d2x2x7, 3, 2, 1, True, False",
        large=["d8x6x401, 2 | d8x6x401, 3, 2, 1"]),
    layer("avg_pool2d", "d2x2x5x4, 2 | d2x2x5x4, 3, 2, 1 | d2x2x5x4, 3, 2, 1, count_include_pad=False",
        "d2x2x5x4, 2, ceil_mode=True | d2x2x5x4, 3, 2, 1, True, True | d2x2x5x4, 2, divisor_override=3",
        large=["d8x6x40x30, 2 | d8x6x40x30, 3, 2, 1, count_include_pad=False | d16x16x34x34, 2"]),
    layer("avg_pool3d", "d1x2x4x4x3, 2", large=["d2x4x13x14x12, 2 | d2x4x13x14x12, 3, 2, 1"]),
    layer("adaptive_avg_pool1d", "d2x2x7, 3 | d2x2x7, 7"),
    layer("adaptive_avg_pool2d", "d2x2x5x4, (3, 2) | d2x2x5x4, 1 | d2x2x5x4, (None, 3)"),
    layer("adaptive_avg_pool3d", "d1x2x4x4x3, 2"),
    layer("adaptive_max_pool1d", "d2x2x7, 3 | d2x2x7, 2, return_indices=True", kinks=FIRST),
    layer("adaptive_max_pool2d", "d2x2x5x4, (3, 2) | d2x2x5x4, 1", kinks=FIRST),
    layer("adaptive_max_pool3d", "d1x2x4x4x3, (2, 3, 2)", kinks=FIRST),
    op("max_pool", "d1x2x5", call=lambda x: registered("max_pool")(x, **PAIRS)[0],
        torch=lambda torch, x: torch.nn.functional.max_pool1d(x, 2, 1)),
    op("max_pool_backward", "1x1x4", large=["2x64x128"], call=lambda g: registered("max_pool_backward")(
            g, indices=_indices(g), shape=(*g.shape[:2], g.shape[2] + 1), **PAIRS),
        torch=lambda torch, g: torch.stack(
            [g[0, 0, 0], g[0, 0, 1] * 0, g[0, 0, 1] + g[0, 0, 2], g[0, 0, 3], g[0, 0, 3] * 0]).reshape(1, 1, 5)),
    op("take_max", "1x1x5", call=lambda x: registered("take_max")(x, indices=_indices(x[..., 1:]), **PAIRS),
        torch=lambda torch, x: x[..., [0, 2, 2, 3]]),
    op("sliding_windows", "1x1x5", call=partial(registered("sliding_windows"), kernel=(2,), stride=(1,), dilation=(2,)),
        torch=lambda torch, x: x.unfold(2, 3, 1)[..., ::2], alias=True),
    op("add_windows", "1x1x4x2", call=partial(registered("add_windows"), shape=(1, 1, 5), **PAIRS),
        torch=lambda torch, g: torch.nn.functional.pad(g[..., 0], (0, 1)) + torch.nn.functional.pad(g[..., 1], (1, 0))),
]  # fmt: skip

NORMS = [
    layer("batch_norm", "2x4x3, None, None, 4x[0.5, 2], 4x, True | 5x4, None, None, training=True",
        "2x4x3, c4x, c4x[0.5, 2], 4x[0.5, 2], 4x",
        large=["8x6x40x30, None, None, 6x[0.5, 2], 6x, True | 16x6x54x52, None, None, training=True",
        "1400x6, None, None, 6x[0.5, 2], None, True | 8x6x40x30, c6x, c6x[0.5, 2], 6x[0.5, 2], 6x"]),
    layer("instance_norm", "2x4x3 | 2x4x3, None, None, 4x[0.5, 2], 4x",
        large=["8x6x40x30, None, None, 6x[0.5, 2], 6x | 16x6x54x52"]),
    layer("group_norm", "2x4x3, 2 | 2x4x3, 4, 4x[0.5, 2], 4x", large=["8x6x40x30, 3, 6x[0.5, 2], 6x | 16x6x54x52, 2"]),
    layer("layer_norm", "3x4, (4,) | 2x4x3, (4, 3), 4x3, 4x3 | 3x4, [4], None, None, 0.1",
        large=["90x96, (96,), 96x, 96x | 90x96, (96,) | 20x12x64, (12, 64), 12x64 | 504x528, (528,), 528x, 528x"]),
    layer("rms_norm", "3x4, (4,) | 3x4, (4,), 4x[0.5, 2], 0.1", large=["90x96, (96,), 96x | 504x528, (528,)"]),
    layer("local_response_norm", "2x4x3, 3, alpha=0.5 | 2x4x3, 2, 1.0, 0.5, 2.0"),
    layer("normalize", "3x4 | 3x4, 2.0, 0", SampleInput(SIGNED, 1.0, -1), "2x3x2, dim=(1, 2)",
        kinks=("the zero vector: gradient 1 / eps",)),
]  # fmt: skip

RESIZING = [
    layer("interpolate", "1x2x3x4, (5, 2) | 1x2x3x4, scale_factor=2 | 1x2x3x4, (4, 7), mode='bilinear'",
        "1x2x3x4, scale_factor=1.7, mode='bilinear' | 1x2x3x4, (6, 5), mode='bilinear', align_corners=True",
        "1x2x5, 8, mode='linear' | 1x2x3x4, (5, 6), mode='bicubic' | 1x2x3x4, (2, 3), mode='area'",
        "1x2x3x4, (5, 2), mode='nearest-exact'"),
    layer("pixel_shuffle", "1x8x2x3, 2"),
    layer("pixel_unshuffle", "1x2x4x6, 2"),
    layer("channel_shuffle", "1x6x2, 3"),
    op("nn.functional.unfold", "1x2x3x4, 2 | 1x2x3x4, (2, 3), 1, 1, 2 | 2x3x4, 2"),
    layer("fold", "1x8x6, (3, 4), 2 | 1x6x4, (3, 4), (2, 3), 1, 1, 2"),
]  # fmt: skip

BAGS = np.array([3, 0, 3, 1])
LOOKUPS = [
    layer("cosine_similarity", "3x4, 3x4 | 3x4, 4x, -1 | 3x4, 3x4, dim=0"),
    layer("pairwise_distance", "3x4, 3x4 | 3x4, 4x, 2.0, 1e-06, True | 3x4[1, 2], 3x4[-1, 0], 1.0"),
    op("cdist", "3x2, 4x2 | 2x3x2, 2x4x2 | 3x2[1, 2], 4x2[-1, 0], 1.0 | 3x2[1, 2], 4x2[-1, 0], p=3.0", rtol=1e-10,
        kinks=("points that coincide: gradient 0",)),
    layer("pdist", "4x3 | d3x2, 3.0", kinks=("points that coincide: gradient 0",)),
    layer("linear", "3x4, 5x4, 5x | 3x4, 2x4 | 4x, 2x4, 2x | 2x3x4, 5x4, 5x | 2x0x4, 5x4, 5x",
        large=["96x90, 100x90, 100x | 12x16x60, 50x60, 50x | 504x528, 64x528, 64x"]),
    layer("bilinear", "5x3, 5x4, 2x3x4, 2x | 2x5x3, 2x5x4, 2x3x4"),
    layer("embedding", "i2x3[0, 5), 5x2", large=["i40x30[0, 50), 50x16 | i130x64[0, 1000), 1000x32"]),
    layer("embedding_bag", "i2x3[0, 5), 5x2", SampleInput(BAGS, Array((5, 2)), np.array([0, 1, 1])),
        SampleInput(BAGS, Array((5, 2)), np.array([0, 3]), mode="sum", per_sample_weights=Array((4,))),
        SampleInput(np.array([[3, 0], [3, 1]]), Array((5, 2), distinct=True), mode="max", padding_idx=1)),
    layer("affine_grid", "2x2x3, (2, 1, 3, 4), False | 1x3x4, (1, 1, 2, 2, 3), True"),
    layer("grid_sample", *(SampleInput(Array((2, 2, 3, 4)), BETWEEN, "bilinear", padding, padding == "border")
        for padding in ("zeros", "border", "reflection")),
        "2x2x3x4, c2x2x2x2[-1.4, 1.4], 'nearest', 'zeros', True",
        "1x1x2x3x2, 1x1x2x2x3[0.05, 0.2], 'bilinear', 'zeros', False", kinks=("pixels", "edges")),
    layer("scaled_dot_product_attention", "2x3x4, 2x5x4, 2x5x2 | 2x3x4, 2x3x4, 2x3x2, is_causal=True",
        "3x4, 5x4, 5x2, 3x5, scale=0.3 | 1x2x3x4, 1x2x5x4, 1x2x5x2, b3x5",
        large=["6x4x50x8, 6x4x70x8, 6x4x70x8 | 6x4x70x8, 6x4x70x8, 6x4x70x8, is_causal=True",
        "6x4x70x8, 6x4x50x8, 6x4x50x8, is_causal=True | 6x4x70x8, 6x4x70x8, 6x4x70x8, 70x70",
        "8x8x130x32, 8x8x130x32, 8x8x130x32"]),
]  # fmt: skip


def cell(name: str, gates: int, states: int = 1) -> OpInfo:
    """A recurrent cell."""

    def sample(batch: int, size: int, hidden: int, biases: int = 0) -> SampleInput:
        h = Array((batch, hidden))
        weights = Array((gates * hidden, size)), Array((gates * hidden, hidden))
        state = [h, h] if states == 2 else h
        return SampleInput(Array((batch, size)), state, *weights, *[Array((gates * hidden,))] * biases)

    kinks = (0.0,) if "relu" in name else ()
    return op(name, sample(2, 3, 4, biases=2), sample(2, 3, 4), kinks=kinks, large=[sample(96, 60, 90, biases=2)])


def _torch_lstm_step(torch: Any, gates: Any, c: Any) -> Any:
    i, f, g, o = gates.chunk(4, -1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def _torch_lstm_sequence(torch: Any, gates: Any, h: Any, c: Any, weight: Any, reverse: bool) -> Any:
    steps = list(gates)
    for t in sorted(range(len(steps)), reverse=reverse):
        h, c = _torch_lstm_step(torch, steps[t] + h @ weight.T, c)
        steps[t] = h
    return torch.stack(steps), h, c


def _torch_gru_sequence(torch: Any, gates: Any, h: Any, weight: Any, bias: Any, reverse: bool) -> Any:
    steps = list(gates)
    for t in sorted(range(len(steps)), reverse=reverse):
        (xr, xz, xn), (hr, hz, hn) = steps[t].chunk(3, -1), (h @ weight.T + (0 if bias is None else bias)).chunk(3, -1)
        z, n = torch.sigmoid(xz + hz), torch.tanh(xn + torch.sigmoid(xr + hr) * hn)
        steps[t] = h = n + z * (h - n)
    return torch.stack(steps), h


def gru(steps: int, batch: int, size: int, biased: bool, reverse: bool) -> SampleInput:
    """A GRU's steps from the first to the last, or reversed."""
    gates, weight = Array((steps, batch, 3 * size)), Array((3 * size, size), -(size**-0.5), size**-0.5)
    return SampleInput(gates, Array((batch, size)), weight, Array((3 * size,)) if biased else None, reverse)


def sequence(steps: int, batch: int, size: int, reverse: bool) -> SampleInput:
    """An LSTM's steps from the first to the last, or reversed."""
    gates, state, bound = Array((steps, batch, 4 * size)), Array((batch, size)), size**-0.5
    return SampleInput(gates, state, state, Array((4 * size, size), -bound, bound), reverse)


RECURRENT = [
    op("lstm_step", "3x8, 3x2", call=lstm_step, torch=_torch_lstm_step, large=["96x360, 96x90"]),
    op("lstm_sequence", sequence(4, 3, 2, False), sequence(4, 3, 2, True), call=lstm_sequence,
        torch=_torch_lstm_sequence, large=[sequence(30, 12, 24, False), sequence(9, 32, 32, True)]),
    op("gru_sequence", gru(4, 3, 2, True, False), gru(4, 3, 2, False, True), call=gru_sequence,
        torch=_torch_gru_sequence, large=[gru(30, 12, 24, True, False), gru(9, 32, 32, False, True)]),
    cell("rnn_tanh_cell", 1), cell("rnn_relu_cell", 1), cell("lstm_cell", 4, 2), cell("gru_cell", 3),
]  # fmt: skip


op_db = ACTIVATIONS + CONVOLUTIONS + POOLING + NORMS + RESIZING + LOOKUPS + RECURRENT
