"""Every layer held against PyTorch's from equal weights: repr, names of the state, outputs, gradients of inputs and
weights, and running statistics."""

import warnings
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn

I = "integers"  # noqa: E741
# constructor, shapes of the inputs (I and a shape: class numbers below 5)
LAYERS: list[tuple[str, list[Any]]] = [
    ("Linear(4, 3)", [(2, 4)]),
    ("Linear(4, 3, bias=False)", [(2, 5, 4)]),
    ("Bilinear(3, 4, 2)", [(5, 3), (5, 4)]),
    ("Identity()", [(2, 3)]),
    ("Embedding(5, 3)", [(I, (2, 4))]),
    ("Embedding(5, 3, padding_idx=1)", [(I, (2, 4))]),
    ("EmbeddingBag(5, 3)", [(I, (2, 4))]),
    ("EmbeddingBag(5, 3, mode='sum', padding_idx=2)", [(I, (2, 4))]),
    ("EmbeddingBag(5, 3, mode='max')", [(I, (2, 4))]),
    ("Conv1d(3, 4, 3)", [(2, 3, 8)]),
    ("Conv1d(3, 4, 3, padding='same', padding_mode='circular')", [(2, 3, 8)]),
    ("Conv2d(3, 4, 3, stride=2, padding=1)", [(2, 3, 8, 7)]),
    ("Conv2d(4, 6, (3, 1), groups=2, bias=False)", [(2, 4, 5, 5)]),
    ("Conv2d(3, 4, 3, padding=(1, 2), dilation=2, padding_mode='reflect')", [(2, 3, 8, 7)]),
    ("Conv2d(3, 4, 3, padding=1, padding_mode='replicate')", [(3, 8, 7)]),
    ("Conv3d(2, 3, 2)", [(1, 2, 4, 4, 4)]),
    ("ConvTranspose1d(3, 4, 3, stride=2)", [(2, 3, 5)]),
    ("ConvTranspose2d(3, 4, 3, stride=2, padding=1, output_padding=1)", [(2, 3, 4, 4)]),
    ("ConvTranspose2d(4, 6, 3, groups=2, dilation=2)", [(2, 4, 4, 4)]),
    ("ConvTranspose3d(2, 3, 2)", [(1, 2, 3, 3, 3)]),
    ("MaxPool1d(2)", [(2, 3, 7)]),
    ("MaxPool2d(3, stride=2, padding=1)", [(2, 3, 7, 7)]),
    ("MaxPool2d(2, ceil_mode=True)", [(2, 3, 7, 7)]),
    ("MaxPool3d(2)", [(1, 2, 4, 4, 4)]),
    ("AvgPool1d(2)", [(2, 3, 7)]),
    ("AvgPool2d(3, 2, 1, count_include_pad=False)", [(2, 3, 7, 7)]),
    ("AvgPool3d(2)", [(1, 2, 4, 4, 4)]),
    ("LPPool1d(2, 3)", [(2, 3, 8)]),
    ("LPPool2d(3, 2, stride=1)", [(2, 3, 5, 4)]),
    ("LPPool3d(2, 2)", [(1, 2, 4, 4, 4)]),
    ("AdaptiveAvgPool1d(3)", [(2, 3, 8)]),
    ("AdaptiveAvgPool2d(1)", [(2, 3, 5, 4)]),
    ("AdaptiveAvgPool2d((3, None))", [(2, 3, 5, 4)]),
    ("AdaptiveAvgPool3d(2)", [(1, 2, 4, 4, 4)]),
    ("AdaptiveMaxPool1d(3)", [(2, 3, 8)]),
    ("AdaptiveMaxPool2d(2)", [(2, 3, 5, 4)]),
    ("AdaptiveMaxPool3d(2)", [(1, 2, 4, 4, 4)]),
    ("BatchNorm1d(3)", [(4, 3)]),
    ("BatchNorm1d(3, momentum=None)", [(4, 3, 5)]),
    ("BatchNorm2d(3)", [(4, 3, 5, 5)]),
    ("BatchNorm2d(3, affine=False, track_running_stats=False)", [(4, 3, 5, 5)]),
    ("BatchNorm3d(2)", [(2, 2, 3, 3, 3)]),
    ("InstanceNorm1d(3)", [(4, 3, 5)]),
    ("InstanceNorm2d(3, affine=True, track_running_stats=True)", [(4, 3, 5, 5)]),
    ("InstanceNorm2d(3)", [(3, 5, 5)]),
    ("InstanceNorm3d(2)", [(2, 2, 3, 3, 3)]),
    ("GroupNorm(2, 4)", [(3, 4, 5)]),
    ("GroupNorm(2, 4, affine=False)", [(3, 4)]),
    ("LayerNorm(4)", [(3, 4)]),
    ("LayerNorm((3, 4), bias=False)", [(2, 3, 4)]),
    ("LayerNorm(4, elementwise_affine=False)", [(3, 4)]),
    ("RMSNorm(4)", [(3, 4)]),
    ("LocalResponseNorm(3)", [(2, 5, 4)]),
    ("ReLU()", [(3, 4)]),
    ("ReLU(inplace=True)", [(3, 4)]),
    ("LeakyReLU(0.2)", [(3, 4)]),
    ("ELU(0.5)", [(3, 4)]),
    ("CELU(2.0)", [(3, 4)]),
    ("SELU()", [(3, 4)]),
    ("GELU()", [(3, 4)]),
    ("GELU(approximate='tanh')", [(3, 4)]),
    ("GLU()", [(3, 4)]),
    ("Hardshrink(0.3)", [(3, 4)]),
    ("Softshrink()", [(3, 4)]),
    ("Hardtanh(-0.5, 0.7)", [(3, 4)]),
    ("Hardsigmoid()", [(3, 4)]),
    ("Hardswish()", [(3, 4)]),
    ("Mish()", [(3, 4)]),
    ("ReLU6()", [(3, 4)]),
    ("Sigmoid()", [(3, 4)]),
    ("LogSigmoid()", [(3, 4)]),
    ("SiLU()", [(3, 4)]),
    ("Softplus(2.0)", [(3, 4)]),
    ("Softsign()", [(3, 4)]),
    ("Tanh()", [(3, 4)]),
    ("Tanhshrink()", [(3, 4)]),
    ("Threshold(0.1, 2.0)", [(3, 4)]),
    ("Softmax(1)", [(3, 4)]),
    ("LogSoftmax(dim=-1)", [(3, 4)]),
    ("Softmin(0)", [(3, 4)]),
    ("Softmax2d()", [(2, 3, 2, 2)]),
    ("PReLU()", [(3, 4)]),
    ("PReLU(4)", [(3, 4)]),
    ("Flatten()", [(2, 3, 4)]),
    ("Flatten(0, 1)", [(2, 3, 4)]),
    ("Unflatten(1, (2, 3))", [(2, 6)]),
    ("Upsample(scale_factor=2)", [(1, 2, 3, 3)]),
    ("Upsample(size=(5, 4), mode='bilinear')", [(1, 2, 3, 3)]),
    ("UpsamplingNearest2d(scale_factor=2)", [(1, 2, 3, 3)]),
    ("UpsamplingBilinear2d(size=4)", [(1, 2, 3, 3)]),
    ("PixelShuffle(2)", [(1, 8, 3, 3)]),
    ("PixelUnshuffle(2)", [(1, 2, 4, 4)]),
    ("ChannelShuffle(2)", [(1, 4, 2, 2)]),
    ("Unfold(2, stride=2)", [(1, 2, 4, 4)]),
    ("Fold((4, 4), 2)", [(1, 8, 9)]),
    ("ZeroPad2d(1)", [(1, 2, 3, 3)]),
    ("ConstantPad1d((1, 2), 3.5)", [(1, 2, 3)]),
    ("ReflectionPad2d((1, 2, 0, 1))", [(1, 2, 3, 3)]),
    ("ReplicationPad3d(1)", [(1, 2, 3, 3, 3)]),
    ("CircularPad1d(2)", [(1, 2, 3)]),
    ("ZeroPad1d(1)", [(1, 2, 3)]),
    ("CosineSimilarity()", [(3, 4), (3, 4)]),
    ("PairwiseDistance()", [(3, 4), (3, 4)]),
    ("Dropout(0.0)", [(3, 4)]),
    ("Dropout2d(0.0)", [(1, 2, 3, 3)]),
    ("AlphaDropout(0.0)", [(3, 4)]),
    ("FeatureAlphaDropout(0.0)", [(3, 4)]),
    ("Dropout1d(0.0)", [(1, 2, 3)]),
    ("Dropout3d(0.0)", [(1, 2, 3, 3, 3)]),
    ("RNN(3, 4)", [(5, 2, 3)]),
    ("RNN(3, 4, 2, nonlinearity='relu', bidirectional=True)", [(5, 2, 3), (4, 2, 4)]),
    ("LSTM(3, 4, batch_first=True)", [(2, 5, 3)]),
    ("LSTM(3, 4, num_layers=2, bidirectional=True)", [(5, 2, 3)]),
    ("LSTM(3, 4, proj_size=2, bias=False)", [(5, 2, 3)]),
    ("LSTM(3, 4)", [(5, 3)]),
    ("GRU(3, 4)", [(5, 2, 3)]),
    ("GRU(3, 4, 2, bidirectional=True, batch_first=True)", [(2, 5, 3), (4, 2, 4)]),
    ("RNNCell(3, 4)", [(2, 3)]),
    ("RNNCell(3, 4, nonlinearity='relu')", [(2, 3), (2, 4)]),
    ("LSTMCell(3, 4)", [(2, 3)]),
    ("GRUCell(3, 4, bias=False)", [(2, 3), (2, 4)]),
    ("GRUCell(3, 4)", [(3,)]),
    ("MultiheadAttention(6, 2)", [(4, 3, 6), (5, 3, 6), (5, 3, 6)]),
    ("MultiheadAttention(6, 3, batch_first=True, add_bias_kv=True, add_zero_attn=True)", [(3, 4, 6)] * 3),
    ("MultiheadAttention(6, 2, kdim=3, vdim=5, bias=False)", [(4, 6), (5, 3), (5, 5)]),
    ("TransformerEncoderLayer(6, 2, 8, dropout=0.0)", [(4, 3, 6)]),
    ("TransformerEncoderLayer(6, 2, 8, 0.0, 'gelu', batch_first=True, norm_first=True)", [(3, 4, 6)]),
    ("TransformerDecoderLayer(6, 2, 8, dropout=0.0)", [(4, 3, 6), (5, 3, 6)]),
    ("Transformer(6, 2, 2, 1, 8, dropout=0.0)", [(4, 3, 6), (5, 3, 6)]),
    ("MarginRankingLoss(0.5)", [(4,), (4,), "signs"]),
    ("HingeEmbeddingLoss()", [(4,), "signs"]),
    ("MultiLabelMarginLoss()", [(4, 5), (I, (4, 5))]),
    ("MultiLabelSoftMarginLoss()", [(4,), "positive"]),
    ("TripletMarginWithDistanceLoss(margin=0.5, swap=True)", [(4, 3), (4, 3), (4, 3)]),
    ("SoftMarginLoss()", [(4,), "signs"]),
    ("CosineEmbeddingLoss(0.1)", [(4, 3), (4, 3), "signs"]),
    ("TripletMarginLoss(swap=True)", [(4, 3), (4, 3), (4, 3)]),
    ("PoissonNLLLoss()", [(4,), "positive"]),
    ("GaussianNLLLoss(full=True)", [(4,), (4,), "positive"]),
    ("CrossEntropyLoss(label_smoothing=0.1)", [(4, 5), (I, (4,))]),
    ("HuberLoss(delta=0.5)", [(4,), (4,)]),
    ("KLDivLoss(reduction='batchmean')", [(4, 3), (4, 3)]),
    ("MSELoss()", [(4,), (4,)]),
    ("L1Loss(reduction='sum')", [(4,), (4,)]),
    ("SmoothL1Loss()", [(4,), (4,)]),
    ("MultiMarginLoss()", [(4, 5), (I, (4,))]),
    ("BCEWithLogitsLoss()", [(4,), "positive"]),
]
ALIKE = [name for name, _ in LAYERS if not name.startswith(("Multihead", "Transformer"))]  # with equal reprs


def drawn(shapes: list[Any], seed: int) -> list[Any]:
    rng = np.random.default_rng(seed)

    def one(shape: Any) -> Any:
        if shape == "signs":
            return rng.choice([-1.0, 1.0], 4)
        if shape == "positive":
            return rng.uniform(0.1, 1, 4)
        return rng.integers(0, 5, shape[1]) if shape[0] == I else rng.uniform(-1, 1, shape)

    return [one(s) for s in shapes]


def flat(x: Any) -> list[Any]:
    return [e for y in x for e in flat(y)] if isinstance(x, (tuple, list)) else [] if x is None else [x]


def made_by(library: Any, made: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return eval(f"nn.{made}", {"nn": library})


def pair(made: str) -> tuple[Any, Any]:
    """The layer here and in PyTorch, in float64, with PyTorch's weights in both."""
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    torch.manual_seed(0)
    ours, theirs = (made_by(library, made) for library in (nn, torch.nn))
    for p in theirs.parameters():
        with torch.no_grad():
            p.add_(torch.rand_like(p) * 0.1)  # biases are not zero, then
    ours, theirs = ours.double(), theirs.double()
    state = {k: mg.from_numpy(v.numpy().copy()) for k, v in theirs.state_dict().items()}
    assert list(ours.state_dict()) == list(state)
    ours.load_state_dict(state)
    return ours, theirs


def compare(ours: Any, theirs: Any, arrays: list[Any]) -> None:
    import torch

    xs = [mg.tensor(a, requires_grad=a.dtype.kind == "f") for a in arrays]
    ys = [torch.tensor(a, requires_grad=a.dtype.kind == "f") for a in arrays]
    if "Margin" in repr(ours) and len(arrays) == 2:
        ys[-1] = ys[-1].detach()  # PyTorch does not differentiate by the target
    inplace = "inplace=True" in repr(theirs)
    outs, expected = (flat(m(*(t * 1 for t in ts) if inplace else ts)) for m, ts in ((ours, xs), (theirs, ys)))
    assert len(outs) == len(expected)
    total, other = 0, 0
    for i, (o, e) in enumerate(zip(outs, expected)):
        assert tuple(o.shape) == tuple(e.shape)
        near = 1e-8 if "Hard" in repr(ours) else 1e-11  # PyTorch divides by 6 in float32
        np.testing.assert_allclose(o.detach().numpy(), e.detach().numpy(), rtol=1e-9, atol=near)
        if e.requires_grad:
            v = np.random.default_rng(i).uniform(-1, 1, tuple(e.shape))
            total, other = total + (o * mg.tensor(v)).sum(), other + (e * torch.tensor(v)).sum()
    if isinstance(total, int):
        return
    total.backward()
    other.backward()
    names = [n for n, _ in theirs.named_parameters()]
    mine = [*xs, *ours.parameters()]
    for name, a, b in zip([*range(len(xs)), *names], mine, [*ys, *theirs.parameters()], strict=True):
        if b.grad is not None:
            np.testing.assert_allclose(a.grad.numpy(), b.grad.numpy(), rtol=1e-7, atol=1e-11, err_msg=str(name))


@pytest.mark.parametrize("made, shapes", LAYERS, ids=[name for name, _ in LAYERS])
def test_a_layer_is_pytorchs(made: str, shapes: list[Any]) -> None:
    ours, theirs = pair(made)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for seed in range(2):  # the second time running statistics have moved
            compare(ours, theirs, drawn(shapes, seed))
        ours.eval(), theirs.eval()
        compare(ours, theirs, drawn(shapes, 2))
    for name, b in theirs.named_buffers():
        np.testing.assert_allclose(dict(ours.named_buffers())[name].numpy(), b.numpy(), rtol=1e-10)


@pytest.mark.parametrize("made", ALIKE)
def test_its_repr_is_pytorchs(made: str) -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    assert repr(made_by(nn, made)) == repr(made_by(torch.nn, made))


@pytest.mark.parametrize("made", [name for name, _ in LAYERS if "(0" not in name and "Loss" not in name])
def test_initial_weights_are_spread_as_pytorchs(made: str) -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    torch.manual_seed(0)
    mg.manual_seed(0)
    draws = [[made_by(library, made) for _ in range(max(1, 400 // 40))] for library in (nn, torch.nn)]
    for name, _ in draws[1][0].named_parameters():
        a, b = (
            np.concatenate([dict(m.named_parameters())[name].detach().numpy().ravel() for m in many]) for many in draws
        )
        n = len(a)
        assert abs(a.mean() - b.mean()) <= 5 * b.std() * (2 / n) ** 0.5 + 1e-12, name
        assert abs(a.std() - b.std()) <= 5 * b.std() / n**0.5 + 1e-12, name
        if n >= 100:
            assert np.abs(a).max() <= 1.6 * np.abs(b).max() + 1e-12, name
