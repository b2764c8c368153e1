"""The rarer layers and functions: unpooling, rrelu, gumbel_softmax, grid_sample's picture, CTC's edges, and bags."""

import math
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn import functional as F


def test_unpooling_puts_the_largest_back_where_they_were() -> None:
    x = mg.randn(2, 3, 5, 7, generator=mg.Generator().manual_seed(0), requires_grad=True)
    small, places = F.max_pool2d(x, 2, return_indices=True)
    big = nn.MaxUnpool2d(2)(small, places, output_size=x.shape)
    kept = big != 0
    assert big.shape == x.shape and int(kept.sum()) == small.numel()
    assert mg.equal(big[kept], x[kept])
    big.sum().backward()
    assert mg.equal(x.grad, kept.float())
    with pytest.raises(mg.ShapeError, match=r"max_unpool2d: output_size: expected less than a stride .* got \(9, 9\)"):
        F.max_unpool2d(small, places, 2, output_size=(9, 9))


def test_rrelu_draws_in_training_and_takes_the_mean_in_evaluation() -> None:
    mg.manual_seed(0)
    x = mg.full((1000,), -1.0)
    layer = nn.RReLU(0.1, 0.3)
    drawn = -layer(x)
    assert 0.1 <= float(drawn.min()) < 0.11 and 0.29 < float(drawn.max()) <= 0.3
    assert mg.allclose(layer.eval()(x), mg.full((1000,), -0.2))
    assert repr(layer) == "RReLU(lower=0.1, upper=0.3)"
    with pytest.raises(ValueError, match="rrelu: expected lower <= upper"):
        F.rrelu(x, 0.3, 0.1)


def test_gumbel_softmax_samples_the_softmax() -> None:
    mg.manual_seed(0)
    logits = mg.tensor([[0.0, 1.0, 2.0]], requires_grad=True)
    hard = F.gumbel_softmax(logits.expand(20000, 3), tau=0.5, hard=True)
    assert set(hard.detach().numpy().ravel().tolist()) <= {0.0, 1.0} or np.allclose(hard.detach().numpy().sum(1), 1)
    assert np.allclose(hard.detach().numpy().mean(0), mg.softmax(logits.detach(), 1).numpy()[0], atol=0.02)
    (hard * mg.tensor([1.0, 0.0, 0.0])).mean().backward()
    assert logits.grad is not None and float(abs(logits.grad).max()) > 0
    with pytest.raises(ValueError, match="tau: expected a number above 0"):
        F.gumbel_softmax(logits, 0)


def test_the_identity_map_shows_the_same_picture() -> None:
    x = mg.randn(1, 2, 4, 5, generator=mg.Generator().manual_seed(0))
    theta = mg.tensor([[[1.0, 0, 0], [0, 1, 0]]])
    for align in (False, True):
        grid = F.affine_grid(theta, x.shape, align_corners=align)
        assert mg.allclose(F.grid_sample(x, grid, align_corners=align), x, atol=1e-5)


@pytest.mark.parametrize("padding_mode", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("mode", ["bilinear", "nearest"])
@pytest.mark.parametrize("align", [False, True])
def test_grid_sample_is_pytorchs_far_outside_too(mode: str, padding_mode: str, align: bool) -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    rng = np.random.default_rng(0)
    for shape, grid in (((2, 3, 4, 5), (2, 6, 7, 2)), ((1, 2, 3, 4, 2), (1, 2, 3, 2, 3)), ((1, 1, 1, 1), (1, 2, 2, 2))):
        x, g = rng.standard_normal(shape), rng.uniform(-4, 4, grid)
        ours = F.grid_sample(mg.tensor(x), mg.tensor(g), mode, padding_mode, align)
        theirs = torch.nn.functional.grid_sample(torch.tensor(x), torch.tensor(g), mode, padding_mode, align)
        assert np.allclose(ours.numpy(), theirs.numpy(), atol=1e-10)


@pytest.mark.parametrize("padding_mode, align, at, expected", [
    ("border", True, (1, 0), (0, 0)), ("border", True, (0, 1), (1, 0)), ("border", True, (-1, -1), (0, 0)),
    ("border", False, (-2 / 3, 0), (0, 0)), ("border", False, (0, 1.5), (1.5, 0)),
    ("reflection", True, (1, 0), (0, 0)), ("reflection", True, (0, -3), (1, 0)),
    ("reflection", True, (1.5, 0), (-1, 0)), ("reflection", False, (-1, 0), (0, 0)), ("zeros", True, (1, 0), (-2, 0)),
    ("reflection", False, (2, 0), (-1.5, 0)), ("zeros", True, (0, 0.5), (1, 0)),
])  # fmt: skip
def test_grid_sample_on_the_edge(padding_mode: str, align: bool, at: Any, expected: Any) -> None:
    x = mg.arange(3, dtype=mg.float64).view(1, 1, 1, 3).expand(1, 1, 3, 3)
    flat = mg.tensor([[[at]]], dtype=mg.float64, requires_grad=True)
    F.grid_sample(x, flat, "bilinear", padding_mode, align).sum().backward()
    assert np.allclose(flat.grad.numpy().ravel(), expected)
    deep = mg.tensor([[[[(*at, 0.0)]]]], dtype=mg.float64, requires_grad=True)
    F.grid_sample(x[:, :, None].expand(1, 1, 3, 3, 3), deep, "bilinear", padding_mode, align).sum().backward()
    assert np.allclose(deep.grad.numpy().ravel(), (*expected, 0))


def test_grid_sample_of_one_pixel_and_of_nan() -> None:
    one, grid = mg.tensor([[[[5.0]]]]), mg.tensor([[[[0.3, -2.0]]]], requires_grad=True)
    for padding_mode in ("border", "reflection"):
        for align in (False, True):
            F.grid_sample(one, grid, "bilinear", padding_mode, align).sum().backward()
        assert grid.grad.tolist() == [[[[0.0, 0.0]]]]
        nan = mg.tensor([[[[math.nan, -1.0]]]])
        assert F.grid_sample(one, nan, "nearest", padding_mode, True).item() == 5  # as PyTorch: the first pixel


def test_ctc_at_its_edges() -> None:
    logp = mg.log_softmax(mg.randn(4, 2, 3, generator=mg.Generator().manual_seed(0)), 2)
    # "1 1" needs a blank between: three steps at least
    loss = F.ctc_loss(logp, mg.tensor([[1, 1], [1, 2]]), (2, 2), (2, 2), reduction="none")
    assert math.isinf(loss[0].item()) and loss[1].item() == pytest.approx(-(logp[0, 1, 1] + logp[1, 1, 2]).item())
    assert F.ctc_loss(logp, mg.tensor([[1, 1], [1, 2]]), (2, 2), (2, 2), reduction="none", zero_infinity=True)[0] == 0
    # the empty target is all blanks
    nothing = F.ctc_loss(logp, mg.tensor([[0], [0]]), (4, 3), (0, 0), reduction="none")
    assert nothing.tolist() == pytest.approx([-logp[:4, 0, 0].sum().item(), -logp[:3, 1, 0].sum().item()], rel=1e-5)
    assert nn.CTCLoss()(logp, mg.tensor([[1], [2]]), mg.tensor([4, 4]), mg.tensor([1, 1])).ndim == 0


def test_ctc_is_the_sum_over_all_ways_to_spell() -> None:
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(3), 4)
    total = 0.0
    for path in np.ndindex(3, 3, 3, 3):
        spelled = [c for i, c in enumerate(path) if c and (not i or path[i - 1] != c)]
        total += math.prod(p[t, c] for t, c in enumerate(path)) * (spelled == [1, 2])
    loss = F.ctc_loss(mg.tensor(np.log(p)), mg.tensor([1, 2]), 4, 2, reduction="sum")
    assert loss.item() == pytest.approx(-math.log(total), rel=1e-12)


BAD: list[tuple[Any, str]] = [
    (lambda x: F.ctc_loss(x, mg.tensor([[1, 3]]), (4,), (2,)), r"expected indices from 0 to 2 \(classes\), got 3"),
    (lambda x: F.ctc_loss(x, mg.tensor([[1, 2]]), (5,), (2,)), r"input_lengths: expected lengths of 0 to 4"),
    (lambda x: F.ctc_loss(x, mg.tensor([[1, 2]]), (4, 4), (2,)), r"input_lengths: expected 1 whole numbers"),
    (lambda x: F.ctc_loss(x, mg.tensor([1, 2, 1]), (4,), (2,)), r"expected the 2 labels that target_lengths adds up"),
    (lambda x: F.ctc_loss(x, mg.tensor([[1.0]]), (4,), (1,)), r"`targets`: expected class numbers"),
    (lambda x: F.ctc_loss(x, mg.tensor([[1]]), (4,), (1,), blank=3), r"blank: expected a class from 0 to 2"),
    (lambda x: F.embedding_bag(mg.tensor([0, 1]), x[:, 0]), r"embedding_bag: expected numbers \(B, n\), or a vector"),
    (lambda x: F.embedding_bag(mg.tensor([0, 1]), x[:, 0], mg.tensor([1])), r"offsets: expected starts from 0 upwards"),
    (lambda x: F.embedding_bag(mg.tensor([[0, 7]]), x[:, 0]), r"expected indices from 0 to 3 .*got 7"),
    (lambda x: F.embedding_bag(mg.tensor([[0]]), x[:, 0], mode="avg"), r'mode: expected "sum", "mean" or "max"'),
    (lambda x: F.embedding_bag(mg.tensor([[0]]), x[:, 0], sparse=True), r"sparse: gradients are dense here"),
    (lambda x: F.grid_sample(x, x), r"grid_sample: expected input \(N, C, H, W\) and grid"),
    (lambda x: F.affine_grid(x, (1, 1, 2, 2)), r"affine_grid: expected theta \(N, 2, 3\)"),
    (lambda x: F.multilabel_margin_loss(x[:, 0], x[:, 0]), r"multilabel_margin_loss: expected scores \(C,\) or"),
]


@pytest.mark.parametrize("call, text", BAD)
def test_what_is_wrong_is_said(call: Any, text: str) -> None:
    with pytest.raises((ValueError, TypeError, IndexError), match=text):
        call(mg.log_softmax(mg.zeros(4, 1, 3), 2))


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
@pytest.mark.parametrize("last", [False, True])
def test_bags_are_pytorchs(mode: str, last: bool) -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    rng = np.random.default_rng(0)
    weight, numbers = rng.standard_normal((6, 3)), np.array([0, 5, 2, 2, 4, 1, 0])
    offsets = np.array([0, 3, 3, 4, 7] if last else [0, 3, 3, 4])
    options = {"mode": mode, "padding_idx": 2, "include_last_offset": last}
    ours, theirs = mg.tensor(weight, requires_grad=True), torch.tensor(weight, requires_grad=True)
    a = F.embedding_bag(mg.tensor(numbers), ours, mg.tensor(offsets), **options)
    b = torch.nn.functional.embedding_bag(torch.tensor(numbers), theirs, torch.tensor(offsets), **options)
    g = rng.standard_normal(a.shape)
    a.backward(mg.tensor(g))
    b.backward(torch.tensor(g))
    assert np.allclose(a.detach().numpy(), b.detach().numpy()) and np.allclose(ours.grad.numpy(), theirs.grad.numpy())


def test_an_error_in_a_layer_with_hooks_names_its_path() -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.Sequential(nn.ReLU(), nn.Linear(5, 2)))
    model[1].register_forward_hook(lambda *a: None)
    with pytest.raises(mg.ShapeError, match=r"\(in layer 1.1 of Sequential\)"):
        model(mg.zeros(2, 3))


def test_limits_of_dtypes() -> None:
    assert mg.finfo(mg.float32).max == np.finfo("float32").max and mg.finfo().bits == 32
    assert isinstance(mg.finfo(mg.float16).min, float) and mg.iinfo(mg.int8).max == 127
    assert isinstance(mg.float32, mg.dtype)
    masked = mg.zeros(2).masked_fill(mg.tensor([True, False]), mg.finfo(mg.float32).min)
    assert masked.dtype == mg.float32
    with pytest.raises(TypeError, match="finfo: expected a floating dtype, got int64; iinfo is for integers"):
        mg.finfo(mg.int64)
    with pytest.raises(TypeError, match="iinfo: expected an integer dtype, got float32"):
        mg.iinfo(mg.float32)
