"""ops/nn/: activations, convolutions, pooling, normalization, resizing, attention, recurrent cells, look-ups."""

from dataclasses import replace
from typing import Any

import numpy as np

from minigrad.backend import array_module
from minigrad.ops.nn.recurrent import lstm_sequence, lstm_step
from minigrad.testing.opinfo.model import Array, OpInfo, SampleInput, bools, ints, registered, unary

X = Array((3, 4))
F = "nn.functional."


def _indices(x: Any) -> Any:
    """A choice among windows of 2 for each element, on the device of x: the first, the second, the first, the first."""
    array = getattr(x, "_array", x)
    return array_module(array).asarray(np.resize(np.array([0, 1, 0, 0], "uint8"), array.shape))


def layer(name: str, *samples: SampleInput, **about: Any) -> OpInfo:
    """A function of torch.nn.functional."""
    return OpInfo(name, list(samples), torch=F + name, **about)


def piecewise(name: str, *kinks: float, **about: Any) -> OpInfo:
    """A piecewise smooth activation, whose derivative jumps at `kinks`."""
    return unary(name, -5, 5, kinks, torch=F + name, **about)


SOFT = [
    SampleInput(Array((3, 4)), 1), SampleInput(Array((2, 3, 2)), dim=0), SampleInput(Array((3, 4), -30, 30), -1),
    SampleInput(Array(()), 0), SampleInput(Array((0, 3)), 1), SampleInput(Array((5, 3)), -1),
]  # fmt: skip
SIGNED = Array((3, 4), away=(0.0,))

MANY_ROWS = [
    SampleInput(Array((900, 10), -5, 5), 1), SampleInput(Array((270, 1000), -5, 5), 1),
    SampleInput(Array((90, 1000)), 0),
]  # fmt: skip
MANY = [SampleInput(Array((1000, 9), -7, 7, away=(0.0,))), SampleInput(Array((330, 1000), -7, 7, away=(0.0,)))]

ACTIVATIONS = [
    OpInfo("softmax", SOFT, large=MANY_ROWS),
    OpInfo("log_softmax", SOFT, large=MANY_ROWS),
    OpInfo("softmin", SOFT[:3], torch=F + "softmin"),
    unary("relu", away=(0.0,), numpy=lambda x: np.maximum(x, 0), large=MANY),
    unary("sigmoid", -8, 8, numpy=lambda x: 1 / (1 + np.exp(-x)),
        more=[SampleInput(Array((5,), -60, -20), name="far")]),
    unary("logsigmoid", -8, 8, torch=F + "logsigmoid", numpy=lambda x: -np.log1p(np.exp(-x))),
    unary("softplus", -8, 8, torch=F + "softplus", more=[SampleInput(X, 2.0), SampleInput(X, beta=0.5)]),
    piecewise("leaky_relu", 0.0, more=[SampleInput(SIGNED, 0.2)]),
    OpInfo("prelu", [SampleInput(SIGNED, Array((4,))), SampleInput(SIGNED, Array((1,))),
        SampleInput(Array((2, 3, 2), away=(0.0,)), Array((3,)))]),
    piecewise("elu", 0.0, more=[SampleInput(SIGNED, alpha=1.5)]),
    piecewise("celu", 0.0, more=[SampleInput(SIGNED, 1.5)]),
    piecewise("selu", 0.0),
    unary("silu", torch=F + "silu"),
    unary("mish", torch=F + "mish"),
    unary("gelu", torch=F + "gelu", more=[SampleInput(X, approximate="tanh")], large=MANY),
    piecewise("relu6", 0.0, 6.0),
    piecewise("hardtanh", -1.0, 1.0, more=[SampleInput(Array((3,), -3, 3, away=(-2.0, 0.5)), -2.0, 0.5)]),
    piecewise("hardsigmoid", -3.0, 3.0, rtol=1e-7),  # PyTorch multiplies by a 1/6 of float32
    piecewise("hardswish", -3.0, 3.0),
    OpInfo("threshold", [SampleInput(Array((3, 4), away=(0.5,)), 0.5, -1.0)], torch=F + "threshold",
        kinks=("a jump at the threshold",)),
    piecewise("softshrink", -0.5, 0.5),
    piecewise("hardshrink", -0.5, 0.5),
    unary("tanhshrink", torch=F + "tanhshrink", more=[SampleInput(Array((3,), 2, 4), name="far")]),
    unary("softsign", torch=F + "softsign", away=(0.0,), kinks=("second derivative at 0",)),
    layer("glu", SampleInput(X), SampleInput(Array((4, 3)), 0), SampleInput(Array((2, 4, 3)), dim=-2)),
]  # fmt: skip

# grids for grid_sample at least 0.05 of a pixel away from every pixel, in images of 3 x 4
BETWEEN = Array((2, 3, 2, 2), 0.05, 0.2, then=lambda a: a * [1, -1])
CONVOLUTIONS = [
    layer("conv1d", SampleInput(Array((2, 3, 7)), Array((4, 3, 3)), Array((4,))),
        SampleInput(Array((2, 4, 8)), Array((4, 2, 3)), None, 2, 1, 2, 2), SampleInput(Array((3, 7)), Array((2, 3, 2))),
        SampleInput(Array((1, 2, 6)), Array((2, 2, 3)), padding="same"),
        SampleInput(Array((0, 2, 6)), Array((2, 2, 3))),
        large=[SampleInput(Array((8, 6, 200)), Array((10, 6, 3)), Array((10,))),
        SampleInput(Array((4, 8, 600)), Array((8, 2, 5)), Array((8,)), 2, 1, 2, 4)]),
    layer("conv2d", SampleInput(Array((2, 2, 4, 5)), Array((3, 2, 3, 2)), Array((3,))),
        SampleInput(Array((1, 4, 5, 5)), Array((4, 1, 3, 3)), Array((4,)), (2, 1), (1, 0), 1, 4),
        SampleInput(Array((1, 2, 6, 5)), Array((2, 2, 2, 2)), stride=2, dilation=(2, 1)),
        SampleInput(Array((2, 4, 4)), Array((1, 2, 1, 1))),
        large=[SampleInput(Array((8, 6, 20, 18)), Array((10, 6, 3, 3)), Array((10,)), padding=1),
        SampleInput(Array((4, 6, 41, 40)), Array((8, 6, 5, 4)), None, 2, (2, 1)),
        SampleInput(Array((4, 8, 40, 30)), Array((8, 1, 3, 3)), Array((8,)), 1, 1, 1, 8),
        SampleInput(Array((8, 16, 20, 20)), Array((12, 16, 1, 1)), Array((12,))),
        SampleInput(Array((8, 16, 46, 46)), Array((8, 16, 3, 3)), Array((8,)))]),
    layer("conv3d", SampleInput(Array((1, 2, 3, 3, 3)), Array((2, 2, 2, 2, 2)), Array((2,)), padding=(1, 0, 0)),
        large=[SampleInput(Array((2, 4, 12, 11, 10)), Array((6, 4, 3, 3, 3)), Array((6,)), padding=1)]),
    layer("conv_transpose1d", SampleInput(Array((2, 3, 4)), Array((3, 2, 3)), Array((2,))),
        SampleInput(Array((1, 4, 3)), Array((4, 1, 3)), None, 2, 1, 1, 2, 2),
        large=[SampleInput(Array((8, 10, 120)), Array((10, 6, 3)), Array((6,)), 2)]),
    layer("conv_transpose2d", SampleInput(Array((1, 2, 3, 2)), Array((2, 3, 2, 3)), Array((3,))),
        SampleInput(Array((1, 2, 3, 3)), Array((2, 1, 3, 3)), stride=2, padding=1, output_padding=1),
        large=[SampleInput(Array((4, 10, 16, 15)), Array((10, 6, 3, 3)), Array((6,))),
        SampleInput(Array((8, 8, 20, 20)), Array((8, 4, 4, 4)), Array((4,)), 2, 1)]),
    layer("conv_transpose3d", SampleInput(Array((1, 2, 2, 2, 2)), Array((2, 1, 2, 2, 2)), stride=2),
        large=[SampleInput(Array((2, 6, 9, 10, 8)), Array((6, 4, 3, 3, 3)), Array((4,)), 2)]),
    OpInfo("conv", [SampleInput(Array((1, 2, 5)), Array((3, 2, 3)), None),
        SampleInput(Array((1, 2, 5)), Array((3, 2, 3)), Array((3,)))],
        call=lambda x, w, b: registered("conv")(x, w, b, stride=(1,), padding=(0,), dilation=(1,), groups=1),
        torch="conv1d"),
    OpInfo("conv_transpose", [SampleInput(Array((1, 3, 3)), Array((3, 2, 3)))],
        call=lambda g, w: registered("conv_transpose")(g, w, shape=(1, 2, 5), stride=(1,), padding=(0,), dilation=(1,),
        groups=1), torch="conv_transpose1d"),
    OpInfo("conv_weight", [SampleInput(Array((1, 2, 5)), Array((1, 3, 3)))],
        call=lambda x, g: registered("conv_weight")(x, g, shape=(3, 2, 3), stride=(1,), padding=(0,), dilation=(1,),
        groups=1), torch=lambda torch, x, g: torch.conv1d(x.transpose(0, 1), g.transpose(0, 1)).transpose(0, 1)),
]  # fmt: skip

LINE, PLANE, SOLID = (Array(s, distinct=True) for s in ((2, 2, 7), (2, 2, 5, 4), (1, 2, 4, 4, 3)))
FIRST = ("ties: the first",)
LARGE_LINE, LARGE_PLANE, LARGE_SOLID = (
    Array(s, distinct=True) for s in ((8, 6, 401), (8, 6, 40, 30), (2, 4, 13, 14, 12))
)
MANY_PLANES = Array((16, 16, 34, 34), distinct=True)
POOLING = [
    layer("max_pool1d", SampleInput(LINE, 2), SampleInput(LINE, 3, 2, 1), SampleInput(LINE, 3, 2, 1, 1, True),
        SampleInput(LINE, 2, dilation=2), kinks=FIRST, large=[SampleInput(LARGE_LINE, 2),
        SampleInput(LARGE_LINE, 3, 2, 1)]),
    layer("max_pool2d", SampleInput(PLANE, 2), SampleInput(PLANE, (3, 2), (1, 2), 1, return_indices=True),
        SampleInput(PLANE, 3, 2, 1, ceil_mode=True), SampleInput(Array((2, 4, 4), distinct=True), 2), kinks=FIRST,
        large=[SampleInput(LARGE_PLANE, 2), SampleInput(LARGE_PLANE, 3, 2, 1),
        SampleInput(LARGE_PLANE, (2, 3), (1, 2), dilation=(2, 1)), SampleInput(LARGE_PLANE, 2, return_indices=True),
        SampleInput(MANY_PLANES, 2)]),
    layer("max_pool3d", SampleInput(SOLID, 2), kinks=FIRST, large=[SampleInput(LARGE_SOLID, 2),
        SampleInput(LARGE_SOLID, 3, 2, 1)]),
    layer("max_unpool1d", SampleInput(Array((1, 2, 3)), np.array([[[0, 3, 4], [1, 2, 5]]]), 2)),
    layer("max_unpool2d", SampleInput(Array((2, 2, 2)), np.array([[[0, 3], [9, 11]], [[5, 6], [12, 15]]]), 2),
        SampleInput(Array((1, 1, 2, 2)), np.array([[[[0, 4], [16, 18]]]]), 2, 2, 0, (1, 1, 5, 5))),
    layer("max_unpool3d", SampleInput(Array((1, 1, 2, 1, 1)), np.array([[[[[3]], [[9]]]]]), 2)),
    layer("lp_pool1d", SampleInput(Array((2, 3, 7), 0.5, 2), 2.0, 2),
        SampleInput(Array((2, 3, 7), 0.5, 2), 3, 3, 2, True)),
    layer("lp_pool2d", SampleInput(Array((2, 2, 4, 5), 0.5, 2), 2.0, (2, 3), 1)),
    layer("lp_pool3d", SampleInput(Array((1, 1, 3, 4, 3), 0.5, 2), 1.5, 2)),
    layer("avg_pool1d", SampleInput(LINE, 2), SampleInput(LINE, 3, 2, 1), SampleInput(LINE, 3, 2, 1, True, False),
        large=[SampleInput(LARGE_LINE, 2), SampleInput(LARGE_LINE, 3, 2, 1)]),
    layer("avg_pool2d", SampleInput(PLANE, 2), SampleInput(PLANE, 3, 2, 1),
        SampleInput(PLANE, 3, 2, 1, count_include_pad=False), SampleInput(PLANE, 2, ceil_mode=True),
        SampleInput(PLANE, 3, 2, 1, True, True), SampleInput(PLANE, 2, divisor_override=3),
        large=[SampleInput(LARGE_PLANE, 2), SampleInput(LARGE_PLANE, 3, 2, 1, count_include_pad=False),
        SampleInput(MANY_PLANES, 2)]),
    layer("avg_pool3d", SampleInput(SOLID, 2), large=[SampleInput(LARGE_SOLID, 2), SampleInput(LARGE_SOLID, 3, 2, 1)]),
    layer("adaptive_avg_pool1d", SampleInput(LINE, 3), SampleInput(LINE, 7)),
    layer("adaptive_avg_pool2d", SampleInput(PLANE, (3, 2)), SampleInput(PLANE, 1), SampleInput(PLANE, (None, 3))),
    layer("adaptive_avg_pool3d", SampleInput(SOLID, 2)),
    layer("adaptive_max_pool1d", SampleInput(LINE, 3), SampleInput(LINE, 2, return_indices=True), kinks=FIRST),
    layer("adaptive_max_pool2d", SampleInput(PLANE, (3, 2)), SampleInput(PLANE, 1), kinks=FIRST),
    layer("adaptive_max_pool3d", SampleInput(SOLID, (2, 3, 2)), kinks=FIRST),
    OpInfo("max_pool", [SampleInput(Array((1, 2, 5), distinct=True))],
        call=lambda x: registered("max_pool")(x, kernel=(2,), stride=(1,), dilation=(1,))[0],
        torch=lambda torch, x: torch.nn.functional.max_pool1d(x, 2, 1)),
    OpInfo("max_pool_backward", [SampleInput(Array((1, 1, 4)))], large=[SampleInput(Array((2, 64, 128)))],
        call=lambda g: registered("max_pool_backward")(g, indices=_indices(g), shape=(*g.shape[:2], g.shape[2] + 1),
        kernel=(2,), stride=(1,), dilation=(1,)), torch=lambda torch, g: torch.stack(
            [g[0, 0, 0], g[0, 0, 1] * 0, g[0, 0, 1] + g[0, 0, 2], g[0, 0, 3], g[0, 0, 3] * 0]).reshape(1, 1, 5)),
    OpInfo("take_max", [SampleInput(Array((1, 1, 5)))],
        call=lambda x: registered("take_max")(x, indices=_indices(x[..., 1:]), kernel=(2,), stride=(1,), dilation=(1,)),
        torch=lambda torch, x: x[..., [0, 2, 2, 3]]),
    OpInfo("sliding_windows", [SampleInput(Array((1, 1, 5)))],
        call=lambda x: registered("sliding_windows")(x, kernel=(2,), stride=(1,), dilation=(2,)),
        torch=lambda torch, x: x.unfold(2, 3, 1)[..., ::2], alias=True),
    OpInfo("add_windows", [SampleInput(Array((1, 1, 4, 2)))],
        call=lambda g: registered("add_windows")(g, shape=(1, 1, 5), kernel=(2,), stride=(1,), dilation=(1,)),
        torch=lambda torch, g: torch.nn.functional.pad(g[..., 0], (0, 1)) + torch.nn.functional.pad(g[..., 1], (1, 0))),
]  # fmt: skip

SIGNALS = Array((2, 4, 3))
CHANNEL, SIZE = Array((4,), 0.5, 2), Array((4,), 0.5, 2, grad=False)
LARGE_IMAGES, MANY_IMAGES, SIX = Array((8, 6, 40, 30)), Array((16, 6, 54, 52)), Array((6,), 0.5, 2)
NORMS = [
    layer("batch_norm", SampleInput(SIGNALS, None, None, CHANNEL, Array((4,)), True),
        SampleInput(Array((5, 4)), None, None, training=True),
        SampleInput(SIGNALS, Array((4,), grad=False), SIZE, CHANNEL, Array((4,))),
        large=[SampleInput(LARGE_IMAGES, None, None, SIX, Array((6,)), True),
        SampleInput(MANY_IMAGES, None, None, training=True), SampleInput(Array((1400, 6)), None, None, SIX, None, True),
        SampleInput(LARGE_IMAGES, Array((6,), grad=False), replace(SIX, grad=False), SIX, Array((6,)))]),
    layer("instance_norm", SampleInput(SIGNALS), SampleInput(SIGNALS, None, None, CHANNEL, Array((4,))),
        large=[SampleInput(LARGE_IMAGES, None, None, SIX, Array((6,))), SampleInput(MANY_IMAGES)]),
    layer("group_norm", SampleInput(SIGNALS, 2), SampleInput(SIGNALS, 4, CHANNEL, Array((4,))),
        large=[SampleInput(LARGE_IMAGES, 3, SIX, Array((6,))), SampleInput(MANY_IMAGES, 2)]),
    layer("layer_norm", SampleInput(X, (4,)), SampleInput(SIGNALS, (4, 3), Array((4, 3)), Array((4, 3))),
        SampleInput(X, [4], None, None, 0.1), large=[SampleInput(Array((90, 96)), (96,), Array((96,)), Array((96,))),
        SampleInput(Array((90, 96)), (96,)), SampleInput(Array((20, 12, 64)), (12, 64), Array((12, 64))),
        SampleInput(Array((504, 528)), (528,), Array((528,)), Array((528,)))]),
    layer("rms_norm", SampleInput(X, (4,)), SampleInput(X, (4,), CHANNEL, 0.1),
        large=[SampleInput(Array((90, 96)), (96,), Array((96,))), SampleInput(Array((504, 528)), (528,))]),
    layer("local_response_norm", SampleInput(SIGNALS, 3, alpha=0.5), SampleInput(SIGNALS, 2, 1.0, 0.5, 2.0)),
    layer("normalize", SampleInput(X), SampleInput(X, 2.0, 0), SampleInput(SIGNED, 1.0, -1),
        SampleInput(Array((2, 3, 2)), dim=(1, 2)), kinks=("the zero vector: gradient 1 / eps",)),
]  # fmt: skip

IMAGES = Array((1, 2, 3, 4))
RESIZING = [
    layer("interpolate", SampleInput(IMAGES, (5, 2)), SampleInput(IMAGES, scale_factor=2),
        SampleInput(IMAGES, (4, 7), mode="bilinear"), SampleInput(IMAGES, scale_factor=1.7, mode="bilinear"),
        SampleInput(IMAGES, (6, 5), mode="bilinear", align_corners=True),
        SampleInput(Array((1, 2, 5)), 8, mode="linear"), SampleInput(IMAGES, (5, 6), mode="bicubic"),
        SampleInput(IMAGES, (2, 3), mode="area"), SampleInput(IMAGES, (5, 2), mode="nearest-exact")),
    layer("pixel_shuffle", SampleInput(Array((1, 8, 2, 3)), 2)),
    layer("pixel_unshuffle", SampleInput(Array((1, 2, 4, 6)), 2)),
    layer("channel_shuffle", SampleInput(Array((1, 6, 2)), 3)),
    OpInfo("nn.functional.unfold", [SampleInput(IMAGES, 2), SampleInput(IMAGES, (2, 3), 1, 1, 2),
        SampleInput(Array((2, 3, 4)), 2)]),
    layer("fold", SampleInput(Array((1, 8, 6)), (3, 4), 2), SampleInput(Array((1, 6, 4)), (3, 4), (2, 3), 1, 1, 2)),
]  # fmt: skip

LOOKUPS = [
    layer("cosine_similarity", SampleInput(X, Array((3, 4))), SampleInput(X, Array((4,)), -1),
        SampleInput(X, Array((3, 4)), dim=0)),
    layer("pairwise_distance", SampleInput(X, Array((3, 4))), SampleInput(X, Array((4,)), 2.0, 1e-6, True),
        SampleInput(Array((3, 4), 1, 2), Array((3, 4), -1, 0), 1.0)),
    OpInfo("cdist", [SampleInput(Array((3, 2)), Array((4, 2))), SampleInput(Array((2, 3, 2)), Array((2, 4, 2))),
        SampleInput(Array((3, 2), 1, 2), Array((4, 2), -1, 0), 1.0),
        SampleInput(Array((3, 2), 1, 2), Array((4, 2), -1, 0), p=3.0)], rtol=1e-10,
        kinks=("points that coincide: gradient 0",)),
    layer("pdist", SampleInput(Array((4, 3))), SampleInput(Array((3, 2), distinct=True), 3.0),
        kinks=("points that coincide: gradient 0",)),
    layer("linear", SampleInput(X, Array((5, 4)), Array((5,))), SampleInput(X, Array((2, 4))),
        SampleInput(Array((4,)), Array((2, 4)), Array((2,))), SampleInput(Array((2, 3, 4)), Array((5, 4)), Array((5,))),
        SampleInput(Array((2, 0, 4)), Array((5, 4)), Array((5,))),
        large=[SampleInput(Array((96, 90)), Array((100, 90)), Array((100,))),
        SampleInput(Array((12, 16, 60)), Array((50, 60)), Array((50,))),
        SampleInput(Array((504, 528)), Array((64, 528)), Array((64,)))]),
    layer("bilinear", SampleInput(Array((5, 3)), Array((5, 4)), Array((2, 3, 4)), Array((2,))),
        SampleInput(Array((2, 5, 3)), Array((2, 5, 4)), Array((2, 3, 4)))),
    layer("embedding", SampleInput(ints((2, 3), 0, 5), Array((5, 2))),
        large=[SampleInput(ints((40, 30), 0, 50), Array((50, 16))),
        SampleInput(ints((130, 64), 0, 1000), Array((1000, 32)))]),
    layer("embedding_bag", SampleInput(ints((2, 3), 0, 5), Array((5, 2))),
        SampleInput(np.array([3, 0, 3, 1]), Array((5, 2)), np.array([0, 1, 1])),
        SampleInput(np.array([3, 0, 3, 1]), Array((5, 2)), np.array([0, 3]), mode="sum",
        per_sample_weights=Array((4,))),
        SampleInput(np.array([[3, 0], [3, 1]]), Array((5, 2), distinct=True), mode="max", padding_idx=1)),
    layer("affine_grid", SampleInput(Array((2, 2, 3)), (2, 1, 3, 4), False),
        SampleInput(Array((1, 3, 4)), (1, 1, 2, 2, 3), True)),
    layer("grid_sample", SampleInput(Array((2, 2, 3, 4)), BETWEEN, "bilinear", "zeros", False),
        SampleInput(Array((2, 2, 3, 4)), BETWEEN, "bilinear", "border", True),
        SampleInput(Array((2, 2, 3, 4)), BETWEEN, "bilinear", "reflection", False),
        SampleInput(Array((2, 2, 3, 4)), Array((2, 2, 2, 2), -1.4, 1.4, grad=False), "nearest", "zeros", True),
        SampleInput(Array((1, 1, 2, 3, 2)), Array((1, 1, 2, 2, 3), 0.05, 0.2), "bilinear", "zeros", False),
        kinks=("pixels", "edges")),
    layer("scaled_dot_product_attention", SampleInput(Array((2, 3, 4)), Array((2, 5, 4)), Array((2, 5, 2))),
        SampleInput(Array((2, 3, 4)), Array((2, 3, 4)), Array((2, 3, 2)), is_causal=True),
        SampleInput(Array((3, 4)), Array((5, 4)), Array((5, 2)), Array((3, 5)), scale=0.3),
        SampleInput(Array((1, 2, 3, 4)), Array((1, 2, 5, 4)), Array((1, 2, 5, 2)), bools((3, 5))),
        large=[SampleInput(Array((6, 4, 50, 8)), Array((6, 4, 70, 8)), Array((6, 4, 70, 8))),
        SampleInput(*[Array((6, 4, 70, 8))] * 3, is_causal=True),
        SampleInput(Array((6, 4, 70, 8)), Array((6, 4, 50, 8)), Array((6, 4, 50, 8)), is_causal=True),
        SampleInput(*[Array((6, 4, 70, 8))] * 3, Array((70, 70))), SampleInput(*[Array((8, 8, 130, 32))] * 3)]),
]  # fmt: skip


def cell(name: str, gates: int, states: int = 1) -> OpInfo:
    """A recurrent cell."""

    def sample(batch: int, size: int, hidden: int, biases: int = 0) -> SampleInput:
        h = Array((batch, hidden))
        weights = Array((gates * hidden, size)), Array((gates * hidden, hidden))
        return SampleInput(Array((batch, size)), [h, h] if states == 2 else h, *weights,
            *[Array((gates * hidden,))] * biases)  # fmt: skip

    kinks = (0.0,) if "relu" in name else ()
    return OpInfo(name, [sample(2, 3, 4, biases=2), sample(2, 3, 4)], kinks=kinks, large=[sample(96, 60, 90, biases=2)])


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


def sequence(steps: int, batch: int, size: int, reverse: bool) -> SampleInput:
    """An LSTM's steps from the first to the last, or reversed."""
    gates, state, bound = Array((steps, batch, 4 * size)), Array((batch, size)), size**-0.5
    return SampleInput(gates, state, state, Array((4 * size, size), -bound, bound), reverse)


RECURRENT = [
    OpInfo("lstm_step", [SampleInput(Array((3, 8)), Array((3, 2)))], call=lstm_step, torch=_torch_lstm_step,
        large=[SampleInput(Array((96, 360)), Array((96, 90)))]),
    OpInfo("lstm_sequence", [sequence(4, 3, 2, False), sequence(4, 3, 2, True)], call=lstm_sequence,
        torch=_torch_lstm_sequence, large=[sequence(30, 12, 24, False), sequence(9, 32, 32, True)]),
    cell("rnn_tanh_cell", 1), cell("rnn_relu_cell", 1), cell("lstm_cell", 4, 2), cell("gru_cell", 3),
]  # fmt: skip


op_db = ACTIVATIONS + CONVOLUTIONS + POOLING + NORMS + RESIZING + LOOKUPS + RECURRENT
