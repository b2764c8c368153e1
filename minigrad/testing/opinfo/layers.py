"""Rows of the operations of layers: ops/conv.py, pool.py, norm.py, distance.py, attention.py, and the activations."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from minigrad.testing.opinfo.rows import Draw, Row, Sample, bools, ints, unary

X = Draw((3, 4))
F = "nn.functional."


def _max_pool(x: Any) -> Any:
    return _raw("max_pool")(x, kernel=(2,), stride=(1,), dilation=(1,))[0]


def _indices(x: Any) -> Any:
    """A choice among windows of 2, beside the array of x."""
    from minigrad.backend import array_module

    return array_module(getattr(x, "_array", x)).asarray(np.array([[[0, 1, 0, 0]]], "uint8"))


def _standardize(input: Any, dims: tuple[int, ...]) -> Any:
    from minigrad.ops.nn.norm import _standardize

    n = int(np.prod([input.shape[d] for d in dims]))
    return _standardize(input, dims=dims, n=n, eps=1e-5, known=SimpleNamespace())


def _torch_standardize(torch: Any, input: Any, dims: tuple[int, ...]) -> Any:
    centred = input - input.mean(dims, keepdim=True)
    return centred / torch.sqrt((centred * centred).mean(dims, keepdim=True) + 1e-5)


def _normal(input: Any) -> Any:
    from minigrad.ops.nn.activation import _normal

    return _normal(input)


def layer(name: str, *samples: Sample, **about: Any) -> Row:
    """The row of a function of torch.nn.functional."""
    return Row(name, list(samples), torch=F + name, **about)


def bent(name: str, *joints: float, **about: Any) -> Row:
    """The row of an activation made of pieces that meet at `joints`."""
    return unary(name, -5, 5, joints, torch=F + name, **about)


SOFT = [Sample(Draw((3, 4)), 1), Sample(Draw((2, 3, 2)), dim=0), Sample(Draw((3, 4), -30, 30), -1), Sample(Draw(()), 0),
        Sample(Draw((0, 3)), 1), Sample(Draw((5, 3)), -1)]  # fmt: skip
SIGNED = Draw((3, 4), away=(0.0,))

ACTIVATIONS = [
    Row("softmax", SOFT),
    Row("log_softmax", SOFT),
    Row("softmin", SOFT[:3], torch=F + "softmin"),
    unary("relu", away=(0.0,), numpy=lambda x: np.maximum(x, 0)),
    unary("sigmoid", -8, 8, numpy=lambda x: 1 / (1 + np.exp(-x)), more=[Sample(Draw((5,), -60, -20), called="far")]),
    unary("logsigmoid", -8, 8, torch=F + "logsigmoid", numpy=lambda x: -np.log1p(np.exp(-x))),
    unary("softplus", -8, 8, torch=F + "softplus", more=[Sample(X, 2.0), Sample(X, beta=0.5)]),
    bent("leaky_relu", 0.0, more=[Sample(SIGNED, 0.2)]),
    Row("prelu", [Sample(SIGNED, Draw((4,))), Sample(SIGNED, Draw((1,))),
        Sample(Draw((2, 3, 2), away=(0.0,)), Draw((3,)))]),
    bent("elu", 0.0, more=[Sample(SIGNED, alpha=1.5)]),
    bent("celu", 0.0, more=[Sample(SIGNED, 1.5)]),
    bent("selu", 0.0),
    unary("silu", torch=F + "silu"),
    unary("mish", torch=F + "mish"),
    Row("normal_below", [Sample(X)], call=_normal, torch="special.ndtr"),
    unary("gelu", torch=F + "gelu", more=[Sample(X, approximate="tanh")]),
    bent("relu6", 0.0, 6.0),
    bent("hardtanh", -1.0, 1.0, more=[Sample(Draw((3,), -3, 3, away=(-2.0, 0.5)), -2.0, 0.5)]),
    bent("hardsigmoid", -3.0, 3.0, rtol=1e-7),  # PyTorch multiplies by a 1/6 of float32
    bent("hardswish", -3.0, 3.0),
    Row("threshold", [Sample(Draw((3, 4), away=(0.5,)), 0.5, -1.0)], torch=F + "threshold",
        kinks=("a jump at the threshold",)),
    bent("softshrink", -0.5, 0.5),
    bent("hardshrink", -0.5, 0.5),
    unary("tanhshrink", torch=F + "tanhshrink", more=[Sample(Draw((3,), 2, 4), called="far")]),
    unary("softsign", torch=F + "softsign", away=(0.0,), kinks=("second derivative at 0",)),
    layer("glu", Sample(X), Sample(Draw((4, 3)), 0), Sample(Draw((2, 4, 3)), dim=-2)),
]  # fmt: skip

VECTORS = Draw((2, 4))
# places for grid_sample whose pixels are at least 0.05 from a whole number, in a picture of 3 x 4
BETWEEN = Draw((2, 3, 2, 2), 0.05, 0.2, then=lambda a: a * [1, -1])
CONVOLUTIONS = [
    layer("conv1d", Sample(Draw((2, 3, 7)), Draw((4, 3, 3)), Draw((4,))),
        Sample(Draw((2, 4, 8)), Draw((4, 2, 3)), None, 2, 1, 2, 2),
          Sample(Draw((3, 7)), Draw((2, 3, 2))), Sample(Draw((1, 2, 6)), Draw((2, 2, 3)), padding="same"),
          Sample(Draw((0, 2, 6)), Draw((2, 2, 3)))),
    layer("conv2d", Sample(Draw((2, 2, 4, 5)), Draw((3, 2, 3, 2)), Draw((3,))),
          Sample(Draw((1, 4, 5, 5)), Draw((4, 1, 3, 3)), Draw((4,)), (2, 1), (1, 0), 1, 4),
          Sample(Draw((1, 2, 6, 5)), Draw((2, 2, 2, 2)), stride=2, dilation=(2, 1)),
          Sample(Draw((2, 4, 4)), Draw((1, 2, 1, 1)))),
    layer("conv3d", Sample(Draw((1, 2, 3, 3, 3)), Draw((2, 2, 2, 2, 2)), Draw((2,)), padding=(1, 0, 0))),
    layer("conv_transpose1d", Sample(Draw((2, 3, 4)), Draw((3, 2, 3)), Draw((2,))),
        Sample(Draw((1, 4, 3)), Draw((4, 1, 3)), None, 2, 1, 1, 2, 2)),
    layer("conv_transpose2d", Sample(Draw((1, 2, 3, 2)), Draw((2, 3, 2, 3)), Draw((3,))),
        Sample(Draw((1, 2, 3, 3)), Draw((2, 1, 3, 3)), stride=2, padding=1,
          output_padding=1)),
    layer("conv_transpose3d", Sample(Draw((1, 2, 2, 2, 2)), Draw((2, 1, 2, 2, 2)), stride=2)),
    Row("conv", [Sample(Draw((1, 2, 5)),
        Draw((3, 2, 3)), None), Sample(Draw((1, 2, 5)), Draw((3, 2, 3)), Draw((3,)))],
        call=lambda x, w, b: _raw("conv")(
        x, w, b, stride=(1,), padding=(0,), dilation=(1,), groups=1), torch="conv1d"),
    Row("conv_transpose", [Sample(Draw((1, 3, 3)), Draw((3, 2, 3)))], call=lambda g, w: _raw("conv_transpose")(
        g, w, shape=(1, 2, 5), stride=(1,), padding=(0,), dilation=(1,), groups=1), torch="conv_transpose1d"),
    Row("conv_weight", [Sample(Draw((1, 2, 5)), Draw((1, 3, 3)))], call=lambda x, g: _raw("conv_weight")(
        x, g, shape=(3, 2, 3), stride=(1,), padding=(0,), dilation=(1,), groups=1),
        torch=lambda torch, x, g: torch.conv1d(x.transpose(0, 1), g.transpose(0, 1)).transpose(0, 1)),
]  # fmt: skip

LINE, PLANE, SOLID = (Draw(s, distinct=True) for s in ((2, 2, 7), (2, 2, 5, 4), (1, 2, 4, 4, 3)))
FIRST = ("ties: the first",)
POOLING = [
    layer("max_pool1d", Sample(LINE, 2), Sample(LINE, 3, 2, 1), Sample(LINE, 3, 2, 1, 1, True),
        Sample(LINE, 2, dilation=2), kinks=FIRST),
    layer("max_pool2d", Sample(PLANE, 2), Sample(PLANE, (3, 2), (1, 2), 1, return_indices=True),
        Sample(PLANE, 3, 2, 1, ceil_mode=True),
          Sample(Draw((2, 4, 4), distinct=True), 2), kinks=FIRST),
    layer("max_pool3d", Sample(SOLID, 2), kinks=FIRST),
    layer("max_unpool1d", Sample(Draw((1, 2, 3)), np.array([[[0, 3, 4], [1, 2, 5]]]), 2)),
    layer("max_unpool2d", Sample(Draw((2, 2, 2)), np.array([[[0, 3], [9, 11]], [[5, 6], [12, 15]]]), 2),
          Sample(Draw((1, 1, 2, 2)), np.array([[[[0, 4], [16, 18]]]]), 2, 2, 0, (1, 1, 5, 5))),
    layer("max_unpool3d", Sample(Draw((1, 1, 2, 1, 1)), np.array([[[[[3]], [[9]]]]]), 2)),
    layer("lp_pool1d", Sample(Draw((2, 3, 7), 0.5, 2), 2.0, 2), Sample(Draw((2, 3, 7), 0.5, 2), 3, 3, 2, True)),
    layer("lp_pool2d", Sample(Draw((2, 2, 4, 5), 0.5, 2), 2.0, (2, 3), 1)),
    layer("lp_pool3d", Sample(Draw((1, 1, 3, 4, 3), 0.5, 2), 1.5, 2)),
    layer("avg_pool1d", Sample(LINE, 2), Sample(LINE, 3, 2, 1), Sample(LINE, 3, 2, 1, True, False)),
    layer("avg_pool2d", Sample(PLANE, 2), Sample(PLANE, 3, 2, 1),
        Sample(PLANE, 3, 2, 1, count_include_pad=False), Sample(PLANE, 2, ceil_mode=True),
          Sample(PLANE, 3, 2, 1, True, True), Sample(PLANE, 2, divisor_override=3)),
    layer("avg_pool3d", Sample(SOLID, 2)),
    layer("adaptive_avg_pool1d", Sample(LINE, 3), Sample(LINE, 7)),
    layer("adaptive_avg_pool2d", Sample(PLANE, (3, 2)), Sample(PLANE, 1), Sample(PLANE, (None, 3))),
    layer("adaptive_avg_pool3d", Sample(SOLID, 2)),
    layer("adaptive_max_pool1d", Sample(LINE, 3), Sample(LINE, 2, return_indices=True), kinks=FIRST),
    layer("adaptive_max_pool2d", Sample(PLANE, (3, 2)), Sample(PLANE, 1), kinks=FIRST),
    layer("adaptive_max_pool3d", Sample(SOLID, (2, 3, 2)), kinks=FIRST),
    Row("max_pool", [Sample(Draw((1, 2, 5), distinct=True))], call=_max_pool,
        torch=lambda torch, x: torch.nn.functional.max_pool1d(x, 2, 1)),
    Row("max_pool_backward", [Sample(Draw((1, 1, 4)))], call=lambda g: _raw("max_pool_backward")(
        g, indices=_indices(g), shape=(1, 1, 5), kernel=(2,), stride=(1,), dilation=(1,)),
        torch=lambda torch, g: torch.stack([g[0, 0, 0], g[0, 0, 1] * 0, g[0, 0, 1] + g[0, 0, 2],
                                            g[0, 0, 3], g[0, 0, 3] * 0]).reshape(1, 1, 5)),
    Row("take_max", [Sample(Draw((1, 1, 5)))], call=lambda x: _raw("take_max")(
        x, indices=_indices(x), kernel=(2,), stride=(1,), dilation=(1,)),
        torch=lambda torch, x: x[..., [0, 2, 2, 3]]),
    Row("sliding_windows", [Sample(Draw((1, 1, 5)))],
        call=lambda x: _raw("sliding_windows")(x, kernel=(2,), stride=(1,), dilation=(2,)),
        torch=lambda torch, x: x.unfold(2, 3, 1)[..., ::2], alias=True),
    Row("add_windows", [Sample(Draw((1, 1, 4, 2)))], call=lambda g: _raw("add_windows")(
        g, shape=(1, 1, 5), kernel=(2,), stride=(1,), dilation=(1,)),
        torch=lambda torch, g: torch.nn.functional.pad(g[..., 0], (0, 1)) + torch.nn.functional.pad(g[..., 1], (1, 0))),
]  # fmt: skip

IMAGE = Draw((2, 4, 3))
CHANNEL, SIZE = Draw((4,), 0.5, 2), Draw((4,), 0.5, 2, grad=False)
NORMS = [
    layer("batch_norm", Sample(IMAGE, None, None, CHANNEL, Draw((4,)), True),
        Sample(Draw((5, 4)), None, None, training=True),
          Sample(IMAGE, Draw((4,), grad=False), SIZE, CHANNEL, Draw((4,)))),
    layer("instance_norm", Sample(IMAGE), Sample(IMAGE, None, None, CHANNEL, Draw((4,)))),
    layer("group_norm", Sample(IMAGE, 2), Sample(IMAGE, 4, CHANNEL, Draw((4,)))),
    layer("layer_norm", Sample(X, (4,)), Sample(IMAGE, (4, 3), Draw((4, 3)), Draw((4, 3))),
        Sample(X, [4], None, None, 0.1)),
    Row("standardize", [Sample(X, (1,)), Sample(IMAGE, (0, 2))], call=_standardize, torch=_torch_standardize),
    layer("rms_norm", Sample(X, (4,)), Sample(X, (4,), CHANNEL, 0.1)),
    layer("local_response_norm", Sample(IMAGE, 3, alpha=0.5), Sample(IMAGE, 2, 1.0, 0.5, 2.0)),
    layer("normalize", Sample(X), Sample(X, 2.0, 0), Sample(SIGNED, 1.0, -1), Sample(Draw((2, 3, 2)), dim=(1, 2)),
          kinks=("the zero vector: gradient 1 / eps",)),
]  # fmt: skip

PICTURE = Draw((1, 2, 3, 4))
RESIZING = [
    layer(
        "interpolate",
        Sample(PICTURE, (5, 2)),
        Sample(PICTURE, scale_factor=2),
        Sample(PICTURE, (4, 7), mode="bilinear"),
        Sample(PICTURE, scale_factor=1.7, mode="bilinear"),
        Sample(PICTURE, (6, 5), mode="bilinear", align_corners=True),
        Sample(Draw((1, 2, 5)), 8, mode="linear"),
        Sample(PICTURE, (5, 6), mode="bicubic"),
        Sample(PICTURE, (2, 3), mode="area"),
        Sample(PICTURE, (5, 2), mode="nearest-exact"),
    ),
    layer("pixel_shuffle", Sample(Draw((1, 8, 2, 3)), 2)),
    layer("pixel_unshuffle", Sample(Draw((1, 2, 4, 6)), 2)),
    layer("channel_shuffle", Sample(Draw((1, 6, 2)), 3)),
    Row("nn.functional.unfold", [Sample(PICTURE, 2), Sample(PICTURE, (2, 3), 1, 1, 2), Sample(Draw((2, 3, 4)), 2)]),
    layer("fold", Sample(Draw((1, 8, 6)), (3, 4), 2), Sample(Draw((1, 6, 4)), (3, 4), (2, 3), 1, 1, 2)),
]

LOOKUPS = [
    layer("cosine_similarity", Sample(X, Draw((3, 4))), Sample(X, Draw((4,)), -1), Sample(X, Draw((3, 4)), dim=0)),
    layer("pairwise_distance", Sample(X, Draw((3, 4))), Sample(X, Draw((4,)), 2.0, 1e-6, True),
        Sample(Draw((3, 4), 1, 2), Draw((3, 4), -1, 0), 1.0)),
    Row("cdist", [Sample(Draw((3, 2)), Draw((4, 2))), Sample(Draw((2, 3, 2)), Draw((2, 4, 2))),
        Sample(Draw((3, 2), 1, 2), Draw((4, 2), -1, 0), 1.0),
                  Sample(Draw((3, 2), 1, 2), Draw((4, 2), -1, 0), p=3.0)], rtol=1e-10,
                  kinks=("points that coincide: gradient 0",)),
    layer("pdist", Sample(Draw((4, 3))),
        Sample(Draw((3, 2), distinct=True), 3.0), kinks=("points that coincide: gradient 0",)),
    layer("linear", Sample(X, Draw((5, 4)), Draw((5,))), Sample(X, Draw((2, 4))),
        Sample(Draw((4,)), Draw((2, 4)), Draw((2,))),
          Sample(Draw((2, 3, 4)), Draw((5, 4)), Draw((5,))), Sample(Draw((2, 0, 4)), Draw((5, 4)), Draw((5,)))),
    layer("bilinear", Sample(Draw((5, 3)), Draw((5, 4)), Draw((2, 3, 4)), Draw((2,))),
          Sample(Draw((2, 5, 3)), Draw((2, 5, 4)), Draw((2, 3, 4)))),
    layer("embedding", Sample(ints((2, 3), 0, 5), Draw((5, 2)))),
    layer("embedding_bag", Sample(ints((2, 3), 0, 5), Draw((5, 2))), Sample(np.array([3, 0, 3, 1]), Draw((5, 2)),
          np.array([0, 1, 1])), Sample(np.array([3, 0, 3, 1]), Draw((5, 2)), np.array([0, 3]), mode="sum",
          per_sample_weights=Draw((4,))), Sample(np.array([[3, 0], [3, 1]]), Draw((5, 2), distinct=True), mode="max",
          padding_idx=1)),
    layer("affine_grid", Sample(Draw((2, 2, 3)), (2, 1, 3, 4), False), Sample(Draw((1, 3, 4)), (1, 1, 2, 2, 3), True)),
    layer("grid_sample", Sample(Draw((2, 2, 3, 4)), BETWEEN, "bilinear", "zeros", False),
          Sample(Draw((2, 2, 3, 4)), BETWEEN, "bilinear", "border", True),
          Sample(Draw((2, 2, 3, 4)), BETWEEN, "bilinear", "reflection", False),
          Sample(Draw((2, 2, 3, 4)), Draw((2, 2, 2, 2), -1.4, 1.4, grad=False), "nearest", "zeros", True),
          Sample(Draw((1, 1, 2, 3, 2)), Draw((1, 1, 2, 2, 3), 0.05, 0.2), "bilinear", "zeros", False),
          kinks=("pixels", "edges")),
    layer("scaled_dot_product_attention", Sample(Draw((2, 3, 4)), Draw((2, 5, 4)), Draw((2, 5, 2))),
          Sample(Draw((2, 3, 4)), Draw((2, 3, 4)), Draw((2, 3, 2)), is_causal=True),
          Sample(Draw((3, 4)), Draw((5, 4)), Draw((5, 2)), Draw((3, 5)), scale=0.3),
          Sample(Draw((1, 2, 3, 4)), Draw((1, 2, 5, 4)), Draw((1, 2, 5, 2)), bools((3, 5)))),
]  # fmt: skip


def cell(name: str, gates: int, states: int = 1) -> Row:
    """The row of a recurrent cell: batches of 2, input size 3, hidden size 4."""
    h = Draw((2, 4))
    hx = [h, h] if states == 2 else h
    weights = Draw((gates * 4, 3)), Draw((gates * 4, 4))
    biases = Draw((gates * 4,)), Draw((gates * 4,))
    return Row(name, [Sample(Draw((2, 3)), hx, *weights, *biases), Sample(Draw((2, 3)), hx, *weights)],
        kinks=(0.0,) if "relu" in name else ())  # fmt: skip


def _lstm_step(gates: Any, c: Any) -> Any:
    from minigrad.ops.nn.recurrent import lstm_step

    return lstm_step(gates, c)


def _torch_lstm_step(torch: Any, gates: Any, c: Any) -> Any:
    i, f, g, o = gates.chunk(4, -1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


STEP = Row("lstm_step", [Sample(Draw((3, 8)), Draw((3, 2)))], call=_lstm_step, torch=_torch_lstm_step)
CELLS = [STEP, cell("rnn_tanh_cell", 1), cell("rnn_relu_cell", 1), cell("lstm_cell", 4, 2), cell("gru_cell", 3)]


def _raw(name: str) -> Any:
    from minigrad.engine.primitive import REGISTRY

    return REGISTRY[name].call


ROWS = ACTIVATIONS + CONVOLUTIONS + POOLING + NORMS + RESIZING + LOOKUPS + CELLS
