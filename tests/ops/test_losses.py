"""Losses: the lecture's numbers, stability, PyTorch's values and gradients, and what is refused."""

import inspect
import math
from typing import Any

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import nn
from minigrad.errors import DtypeError, ShapeError
from minigrad.nn.modules.loss import _Loss, _WeightedLoss

RNG = np.random.default_rng(0)
LOGITS = RNG.standard_normal((6, 5))
CLASSES = np.array([0, 4, 2, 2, 1, 3])
SOFT = RNG.dirichlet(np.ones(5), size=6)
WEIGHT = np.array([0.5, 1.0, 2.0, 0.1, 3.0])


def test_softmax_of_the_lecture_is_finite_and_right() -> None:
    p = F.softmax(mg.tensor([123.0, 456.0, 789.0]), 0)
    assert p.tolist() == [0.0, 0.0, 1.0]
    shifted = F.softmax(mg.tensor([-666.0, -333.0, 0.0], dtype=mg.float64), 0)
    assert shifted[2].item() == pytest.approx(1.0) and 0 < shifted[1].item() < 1e-140


@pytest.mark.parametrize("row, true", [([0.1, 0.3, 0.6], 0), ([0.4, 0.5, 0.1], 2)])
def test_cross_entropy_of_the_lectures_examples(row: list[float], true: int) -> None:
    loss = F.nll_loss(mg.tensor([row]).log(), mg.tensor([true]))
    assert loss.item() == pytest.approx(2.303, abs=5e-4) and loss.item() == pytest.approx(-math.log(0.1), rel=1e-6)


def test_equal_scores_and_different_regularization() -> None:
    x, w1, w2 = mg.ones(4), mg.tensor([1.0, 0, 0, 0]), mg.tensor([0.25] * 4)
    assert (w1 @ x).item() == (w2 @ x).item() == 1.0
    assert nn.regularizers.L2(1.0)(w1).item() == 1.0 and nn.regularizers.L2(1.0)(w2).item() == 0.25


@pytest.mark.parametrize("dtype", [mg.float16, mg.float32, mg.float64])
def test_huge_logits_stay_finite(dtype: np.dtype) -> None:
    x = mg.tensor([[1e4, -1e4, 0.0], [-1e4, 1e4, 1e4]], dtype=dtype, requires_grad=True)
    loss = F.cross_entropy(x, mg.tensor([0, 0]))
    loss.backward()
    assert loss.dtype == x.grad.dtype == dtype
    assert loss.item() == pytest.approx(1e4, rel=1e-3)
    assert np.isfinite(x.grad.numpy()).all() and x.grad.sum().item() == 0
    for f in (F.softmax, F.log_softmax):
        assert np.isfinite(f(x, 1).detach().numpy()[:, 1:]).all()


def grad_of(f, *arrays):
    inputs = [mg.tensor(a, requires_grad=True) for a in arrays]
    return f(*inputs), inputs


CASES = {
    "cross_entropy": lambda F, x, t: F.cross_entropy(x, t["classes"]),
    "cross_entropy weighted": lambda F, x, t: F.cross_entropy(x, t["classes"], weight=t["weight"]),
    "cross_entropy ignoring": lambda F, x, t: F.cross_entropy(x, t["classes"], ignore_index=2),
    "cross_entropy smoothed": lambda F, x, t: F.cross_entropy(x, t["classes"], label_smoothing=0.2),
    "cross_entropy all": lambda F, x, t: F.cross_entropy(
        x, t["classes"], weight=t["weight"], ignore_index=2, label_smoothing=0.3
    ),
    "cross_entropy sum": lambda F, x, t: F.cross_entropy(x, t["classes"], t["weight"], reduction="sum", ignore_index=4),
    "cross_entropy none": lambda F, x, t: F.cross_entropy(x, t["classes"], reduction="none", label_smoothing=0.1) ** 2,
    "cross_entropy soft": lambda F, x, t: F.cross_entropy(x, t["soft"]),
    "cross_entropy soft all": lambda F, x, t: F.cross_entropy(x, t["soft"], t["weight"], label_smoothing=0.1),
    "cross_entropy images": lambda F, x, t: F.cross_entropy(
        x.reshape(2, 3, 5).transpose(1, 2), t["classes"].reshape(2, 3), weight=t["weight"]
    ),
    "cross_entropy one row": lambda F, x, t: F.cross_entropy(x[0], t["classes"][1]),
    "nll_loss": lambda F, x, t: F.nll_loss(F.log_softmax(x, 1), t["classes"], t["weight"], ignore_index=0),
    "multi_margin_loss": lambda F, x, t: F.multi_margin_loss(x, t["classes"]),
    "multi_margin_loss all": lambda F, x, t: F.multi_margin_loss(
        x, t["classes"], p=2, margin=0.7, weight=t["weight"], reduction="sum"
    ),
    "multi_margin_loss one row": lambda F, x, t: F.multi_margin_loss(x[0], t["classes"][:1], reduction="none"),
    "l1_loss weighted": lambda F, x, t: F.l1_loss(x, t["soft"], weight=t["soft"]),
    "mse_loss weighted": lambda F, x, t: F.mse_loss(x, t["soft"], weight=t["soft"]),
    "huber_loss weighted": lambda F, x, t: F.huber_loss(x, t["soft"], "mean", 0.6, t["soft"]),
    "l1_loss": lambda F, x, t: F.l1_loss(x, t["soft"]),
    "l1_loss sum": lambda F, x, t: F.l1_loss(x, t["soft"], reduction="sum"),
    "mse_loss": lambda F, x, t: F.mse_loss(x, t["soft"]),
    "huber_loss": lambda F, x, t: F.huber_loss(x, t["soft"], delta=0.6),
    "smooth_l1_loss": lambda F, x, t: F.smooth_l1_loss(x, t["soft"], beta=0.4),
    "smooth_l1_loss 0": lambda F, x, t: F.smooth_l1_loss(x, t["soft"], beta=0.0),
    "binary_cross_entropy": lambda F, x, t: F.binary_cross_entropy(x.sigmoid(), t["soft"], weight=t["weight"]),
    "bce_with_logits": lambda F, x, t: F.binary_cross_entropy_with_logits(x, t["soft"], pos_weight=t["weight"]),
    "kl_div": lambda F, x, t: F.kl_div(F.log_softmax(x, 1), t["soft"], reduction="batchmean"),
    "kl_div log": lambda F, x, t: F.kl_div(F.log_softmax(x, 1), t["soft"].log(), reduction="sum", log_target=True),
}


def first_and_second_order(lib, functional, name):
    x = lib.tensor(LOGITS, requires_grad=True)
    given = {"classes": CLASSES, "soft": SOFT, "weight": WEIGHT}
    loss = CASES[name](functional, x, {k: lib.tensor(v) for k, v in given.items()}).sum()
    (g,) = lib.autograd.grad(loss, x, create_graph=True)
    v = lib.tensor(np.cos(np.arange(30.0)).reshape(6, 5))
    second = "multi_margin" not in name and g.requires_grad  # PyTorch has no second order there
    (h,) = lib.autograd.grad((g * v).sum(), x, allow_unused=True) if second else (None,)
    zero = v * 0  # PyTorch marks some gradients as zero without memory: adding gives them some
    return [np.array(0.0 if t is None else (t + zero).tolist()) for t in (loss, g, h)]


@pytest.mark.parametrize("name", CASES)
def test_against_pytorch(name: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    for ours, theirs in zip(
        first_and_second_order(mg, F, name), first_and_second_order(torch, torch.nn.functional, name)
    ):
        assert np.allclose(ours, theirs, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", CASES)
def test_gradients_against_differences(name: str) -> None:
    given = {"classes": mg.tensor(CLASSES), "soft": mg.tensor(SOFT), "weight": mg.tensor(WEIGHT)}

    def value(x: np.ndarray) -> float:
        return CASES[name](F, mg.tensor(x), given).sum().item()

    def gradient(x: np.ndarray) -> np.ndarray:
        t = mg.tensor(x, requires_grad=True)
        CASES[name](F, t, given).sum().backward()
        return t.grad.numpy()

    g, h = gradient(LOGITS), 1e-6
    for i, j in [(0, 0), (1, 4), (2, 3), (3, 2), (5, 1)]:
        e = np.zeros_like(LOGITS)
        e[i, j] = h
        assert (value(LOGITS + e) - value(LOGITS - e)) / (2 * h) == pytest.approx(g[i, j], rel=1e-5, abs=1e-8)


def test_one_hot_targets_equal_class_indices() -> None:
    x = mg.tensor(LOGITS)
    hot = F.one_hot(mg.tensor(CLASSES), 5).double()
    assert F.cross_entropy(x, hot).item() == pytest.approx(F.cross_entropy(x, mg.tensor(CLASSES)).item(), rel=1e-12)


def test_the_plain_road_equals_the_general_one() -> None:
    x, t = mg.tensor(LOGITS), mg.tensor(CLASSES)
    plain = F.cross_entropy(x, t)
    general = F.cross_entropy(x, t, weight=mg.ones(5, dtype=mg.float64))
    assert plain.item() == pytest.approx(general.item(), rel=1e-12)


def test_mae_of_the_lecture_is_the_sum() -> None:
    x, y = mg.tensor([1.0, -2.0, 4.0]), mg.tensor([0.0, 0.0, 1.0])
    assert F.l1_loss(x, y, reduction="sum").item() == 6.0 and F.l1_loss(x, y).item() == 2.0


def test_hinge_is_cs231ns_over_the_classes() -> None:
    scores, y = np.array([[3.2, 5.1, -1.7]]), 0
    cs231n = sum(max(0.0, scores[0, j] - scores[0, y] + 1) for j in (1, 2))
    assert 3 * F.multi_margin_loss(mg.tensor(scores), mg.tensor([y])).item() == pytest.approx(cs231n)


def test_modules_say_the_same_and_print_themselves() -> None:
    x, t = mg.tensor(LOGITS), mg.tensor(CLASSES)
    weight = mg.tensor(WEIGHT)
    assert nn.CrossEntropyLoss(weight, label_smoothing=0.1)(x, t).item() == pytest.approx(
        F.cross_entropy(x, t, weight, label_smoothing=0.1).item()
    )
    assert nn.L1Loss(reduction="sum")(x, x * 2).item() == pytest.approx(np.abs(LOGITS).sum())
    assert nn.NLLLoss()(x, t).item() == F.nll_loss(x, t).item()
    assert repr(nn.MSELoss()) == "MSELoss()"
    assert "weight" in nn.CrossEntropyLoss(weight).state_dict()


def test_all_ignored_is_nan_as_in_pytorch() -> None:
    assert math.isnan(F.cross_entropy(mg.ones(2, 3), mg.tensor([-100, -100])).item())


def test_bad_input_raises() -> None:
    x = mg.ones(2, 3)
    with pytest.raises(IndexError, match=r"cross_entropy: expected indices from 0 to 2 \(classes\), got 3"):
        F.cross_entropy(x, mg.tensor([0, 3]))
    with pytest.raises(IndexError, match=r"nll_loss: expected indices from 0 to 2 \(classes\), got -1"):
        F.nll_loss(x, mg.tensor([0, -1]))
    with pytest.raises(ShapeError, match=r"cross_entropy: `target`: expected one class for each row .* \(2,\)"):
        F.cross_entropy(x, mg.tensor([0, 1, 2]))
    with pytest.raises(ShapeError, match=r"expected class probabilities of the input's shape .*, got float32\[2, 3\]"):
        F.cross_entropy(x, mg.ones(2))
    with pytest.raises(DtypeError, match=r"nll_loss: `target`: expected integer class indices"):
        F.nll_loss(x, mg.ones(2))
    with pytest.raises(ShapeError, match="cross_entropy: the mean over an empty batch is undefined"):
        F.cross_entropy(mg.ones(0, 3), mg.zeros(0, dtype=mg.int64))
    with pytest.raises(ShapeError, match="mse_loss: the mean over an empty batch is undefined"):
        F.mse_loss(mg.ones(0), mg.ones(0))
    assert F.mse_loss(mg.ones(0), mg.ones(0), reduction="sum").item() == 0.0
    with pytest.raises(ValueError, match='l1_loss: reduction: expected "none", "mean" or "sum", got \'avg\''):
        F.l1_loss(x, x, reduction="avg")
    with pytest.raises(ValueError, match='CrossEntropyLoss: reduction: expected one of "none", "mean", "sum", got'):
        nn.CrossEntropyLoss(reduction="avg")
    with pytest.raises(ValueError, match=r"label_smoothing: expected a number in \[0, 1\], got 1.5"):
        F.cross_entropy(x, mg.tensor([0, 1]), label_smoothing=1.5)
    with pytest.raises(ShapeError, match=r"cross_entropy: `weight`: expected one number for each of 3 classes"):
        F.cross_entropy(x, mg.tensor([0, 1]), weight=mg.ones(2))
    with pytest.raises(TypeError, match="cross_entropy: `target`: expected a Tensor, got list"):
        F.cross_entropy(x, [0, 1])
    with pytest.raises(ValueError, match=r"binary_cross_entropy: `input`: expected probabilities in \[0, 1\]"):
        F.binary_cross_entropy(x * 2, x)
    with pytest.warns(UserWarning, match=r"mse_loss: expected input and target of one shape, got float32\[2, 3\] and"):
        F.mse_loss(x, mg.ones(3))
    with pytest.raises(IndexError, match="one_hot: expected classes from 0 to 1, got 2"):
        F.one_hot(mg.tensor([2]), 2)


def test_every_error_names_the_function_that_was_called() -> None:
    x, y = mg.ones(2, 3), mg.tensor([0, 1])
    with pytest.raises(DtypeError, match=r"multi_margin_loss: `target`: expected integer class indices"):
        F.multi_margin_loss(x, mg.ones(2))
    with pytest.raises(IndexError, match=r"cross_entropy: expected indices from 0 to 2 \(classes\), got 3"):
        F.cross_entropy(x, y + 2, reduction="sum")
    with pytest.raises(DtypeError, match=r"cross_entropy: `weight`: expected float32 like the input, got float64\[3\]"):
        F.cross_entropy(x, y, weight=mg.ones(3, dtype=mg.float64))
    with pytest.raises(ShapeError, match=r"cross_entropy: `input`: expected scores with a class dimension, got float"):
        F.cross_entropy(mg.tensor(1.0), mg.tensor(1.0))
    with pytest.raises(ValueError, match="cross_entropy: ignore_index: probabilities have no class to ignore, got 2"):
        F.cross_entropy(x, x, ignore_index=2)
    with pytest.raises(ShapeError, match=r"mse_loss: expected input and target of one shape, got .* do not broadcast"):
        F.mse_loss(x, mg.ones(4))
    with pytest.raises(DtypeError, match=r"l1_loss: the mean of integers is undefined; got int64\[2\]"):
        F.l1_loss(y, y)
    with pytest.raises(ShapeError, match=r"mse_loss: `weight`: expected a number for each element of float32\[2, 3\]"):
        F.mse_loss(x, x, weight=mg.ones(3))
    with pytest.raises(ShapeError, match=r"binary_cross_entropy: expected input and target of one shape, got float32"):
        F.binary_cross_entropy(x, mg.ones(3))
    with pytest.raises(DtypeError, match=r"binary_cross_entropy: expected floating input and target, got float32"):
        F.binary_cross_entropy(x, mg.ones(2, 3, dtype=mg.int64))
    with pytest.raises(ShapeError, match="binary_cross_entropy_with_logits: expected input and target of one shape"):
        F.binary_cross_entropy_with_logits(x, mg.ones(3))
    with pytest.raises(ValueError, match="huber_loss: delta: expected a positive number, got 0"):
        F.huber_loss(x, x, delta=0)


def old_calls() -> dict[str, tuple[Any, ...]]:
    x, y = mg.tensor([[0.2, 0.8], [0.5, 0.1]]), mg.tensor([[0.6, 0.4], [0.3, 0.7]])
    signs, classes = mg.tensor([1.0, -1.0]), mg.tensor([0, 1])
    return {
        "l1_loss": (x, y), "mse_loss": (x, y), "smooth_l1_loss": (x, y), "kl_div": (x, y), "poisson_nll_loss": (x, y),
        "binary_cross_entropy": (x, y), "binary_cross_entropy_with_logits": (x, y), "cross_entropy": (x, classes),
        "nll_loss": (x, classes), "multi_margin_loss": (x, classes), "soft_margin_loss": (x, y),
        "multilabel_margin_loss": (x, mg.tensor([[0, -1], [1, 0]])), "multilabel_soft_margin_loss": (x, y),
        "hinge_embedding_loss": (x[0], signs), "cosine_embedding_loss": (x, y, signs),
        "margin_ranking_loss": (x[0], y[0], signs), "triplet_margin_loss": (x, y, y + 1),
    }  # fmt: skip


@pytest.mark.parametrize("name", old_calls())
@pytest.mark.parametrize(
    "old, reduction",
    [
        ({"size_average": True}, "mean"), ({"size_average": False}, "sum"), ({"reduce": True}, "mean"),
        ({"reduce": False}, "none"), ({"size_average": False, "reduce": True}, "sum"),
        ({"size_average": True, "reduce": False}, "none"),
    ],
    ids=str,
)  # fmt: skip
def test_size_average_and_reduce_set_the_reduction(name: str, old: dict[str, bool], reduction: str) -> None:
    args, function = old_calls()[name], getattr(F, name)
    with pytest.warns(
        UserWarning, match=f'{name}: size_average and reduce are deprecated; use reduction="{reduction}"'
    ):
        found = function(*args, **old)
    assert found.tolist() == function(*args, reduction=reduction).tolist()


@pytest.mark.parametrize("module", [c for c in vars(nn).values() if isinstance(c, type) and issubclass(c, _Loss)])
def test_the_modules_take_them_too(module: Any) -> None:
    if "size_average" in inspect.signature(module).parameters and module is not nn.NLLLoss2d:
        with pytest.warns((UserWarning, FutureWarning), match="size_average"):
            assert module(size_average=False).reduction == "sum"


def test_losses_of_one_s_own_build_on_the_bases() -> None:
    class Own(_WeightedLoss):
        def forward(self, x: Any) -> Any:
            return x * self.weight if self.reduction == "none" else (x * self.weight).sum()

    assert Own(mg.ones(2), reduction="none").state_dict()["weight"].tolist() == [1, 1]
    assert Own(mg.ones(2), None, None, "sum")(mg.ones(2)).item() == 2
    assert issubclass(nn.CrossEntropyLoss, _WeightedLoss) and not issubclass(nn.BCEWithLogitsLoss, _WeightedLoss)
    with pytest.warns(FutureWarning, match="NLLLoss2d: deprecated"):
        assert nn.NLLLoss2d(reduction="sum")(mg.ones(1, 2, 2, 2), mg.zeros(1, 2, 2).long()).item() == -4


def test_one_hot_refuses_what_has_no_classes() -> None:
    with pytest.raises(IndexError, match="one_hot: expected classes of 0 or more, got -4"):
        F.one_hot(mg.tensor([1, -4]))
    with pytest.raises(ValueError, match="one_hot: num_classes: expected 1 or more, or -1 to look"):
        F.one_hot(mg.tensor([1]), 0)
    with pytest.raises(ValueError, match="one_hot: num_classes: expected a number for an empty tensor, got -1"):
        F.one_hot(mg.zeros(0, dtype=mg.int64))
    with pytest.raises(TypeError, match=r"one_hot: expected integer class indices, got float32\[1\]"):
        F.one_hot(mg.ones(1))
    assert F.one_hot(mg.zeros(0, dtype=mg.int64), 3).shape == (0, 3) and F.one_hot(mg.tensor(2)).tolist() == [0, 0, 1]


@pytest.mark.parametrize("dtype, edge", [(mg.float16, 16384.0), (mg.float32, 1e12), (mg.float64, 1e12)])
def test_binary_cross_entropy_at_probabilities_of_0_and_1(dtype: np.dtype, edge: float) -> None:
    p = mg.tensor([0.0, 1.0, 0.0, 1.0], dtype=dtype, requires_grad=True)
    y = mg.tensor([0.0, 1.0, 1.0, 0.0], dtype=dtype, requires_grad=True)
    losses = F.binary_cross_entropy(p, y, reduction="none")
    losses.sum().backward()
    assert losses.tolist() == [0.0, 0.0, 100.0, 100.0]
    assert p.grad.tolist() == pytest.approx([0.0, 0.0, -edge, edge])
    assert y.grad.tolist() == [100.0, -100.0, 100.0, -100.0] and p.grad.dtype == y.grad.dtype == dtype


def test_a_saturated_sigmoid_still_learns() -> None:
    x = mg.tensor([40.0, -200.0], requires_grad=True)
    F.binary_cross_entropy(x.sigmoid(), mg.tensor([1.0, 0.0])).backward()
    assert x.grad.tolist() == [0.0, 0.0]


def test_gradient_at_a_margin_that_is_just_met_is_zero() -> None:
    x = mg.tensor([[1.0, 0.0, 2.0]], requires_grad=True)
    F.multi_margin_loss(x, mg.tensor([0])).backward()
    assert x.grad.tolist()[0] == pytest.approx([-1 / 3, 0, 1 / 3])


def test_means_over_a_large_batch_stay_finite_in_float16() -> None:
    n = 70_000  # float16 ends at 65504
    x, y = mg.zeros(n, 2, dtype=mg.float16), mg.zeros(n, dtype=mg.int64)
    for options in ({}, {"weight": mg.ones(2, dtype=mg.float16)}, {"ignore_index": 1}, {"label_smoothing": 0.1}):
        assert F.cross_entropy(x, y, **options).item() == pytest.approx(math.log(2), rel=1e-3)
    x.requires_grad_()
    F.cross_entropy(x * 1, y, weight=mg.ones(2, dtype=mg.float16), reduction="mean").backward()
    assert np.isfinite(x.grad.numpy()).all()


def test_kl_divergence_keeps_a_nan_and_takes_a_zero() -> None:
    each = F.kl_div(mg.tensor([-1.0, -np.inf, -1.0]), mg.tensor([0.0, 0.0, float("nan")]), reduction="none")
    assert each.tolist()[:2] == [0.0, 0.0] and math.isnan(each[2].item())


def test_minus_infinity_masks_a_class() -> None:
    x = mg.tensor([[0.0, -np.inf, 0.0]], requires_grad=True)
    for options in ({}, {"reduction": "sum"}, {"ignore_index": 5}):
        x.grad = None
        loss = F.cross_entropy(x, mg.tensor([0]), **options)
        loss.backward()
        assert loss.item() == pytest.approx(math.log(2)) and x.grad.tolist() == [[-0.5, 0.0, 0.5]]


def test_second_order_turns_no_tensor_into_an_array_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: mg.Tensor, *args: object, **options: object) -> None:
        raise AssertionError("CuPy would refuse this")

    x, y = mg.tensor(LOGITS, requires_grad=True), mg.tensor(CLASSES)
    monkeypatch.setattr(mg.Tensor, "__array__", refuse)
    for options in ({}, {"reduction": "sum"}, {"ignore_index": 2, "label_smoothing": 0.1}):
        (g,) = mg.autograd.grad(F.cross_entropy(x, y, **options), x, create_graph=True)
        (h,) = mg.autograd.grad((g * g).sum(), x)
        assert h.shape == x.shape and bool((h != 0).any())


# --- shapes that only broadcast by accident --------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(3,), (3, 1), (1, 3)])
def test_variances_are_lined_up_with_the_batch(shape: tuple[int, ...]) -> None:
    x, variance = mg.arange(9.0).view(3, 3), mg.tensor([1.0, 2.0, 4.0])
    rows = variance.view((1, 3) if shape == (1, 3) else (3, 1)).numpy()
    found = F.gaussian_nll_loss(x, x * 0, variance.view(shape), reduction="none")
    np.testing.assert_allclose(found.numpy(), 0.5 * (np.log(rows) + x.numpy() ** 2 / rows), rtol=1e-6)
    stack = mg.zeros(2, 3, 4)
    assert F.gaussian_nll_loss(stack, stack, mg.ones(2, 3), reduction="none").shape == (2, 3, 4)


SQUARE, COLUMN, ROW = mg.ones(3, 3), mg.ones(3, 1), mg.ones(3)
BY_ACCIDENT = {
    "gaussian_nll_loss of one variance in no dimension": lambda: F.gaussian_nll_loss(ROW, ROW, mg.ones(1, 1)),
    "gaussian_nll_loss of too many": lambda: F.gaussian_nll_loss(ROW, ROW, SQUARE),
    "gaussian_nll_loss of a matrix": lambda: F.gaussian_nll_loss(mg.ones(2, 3, 3), mg.ones(2, 3, 3), SQUARE),
    "soft_margin_loss": lambda: F.soft_margin_loss(ROW, COLUMN),
    "margin_ranking_loss": lambda: F.margin_ranking_loss(ROW, COLUMN, ROW),
    "margin_ranking_loss of a target": lambda: F.margin_ranking_loss(ROW, ROW, COLUMN),
    "triplet_margin_loss": lambda: F.triplet_margin_loss(SQUARE, ROW, SQUARE),
    "triplet_margin_with_distance_loss": lambda: F.triplet_margin_with_distance_loss(SQUARE, SQUARE, ROW),
    "cosine_embedding_loss": lambda: F.cosine_embedding_loss(ROW, SQUARE, mg.ones(())),
    "cosine_embedding_loss of two widths": lambda: F.cosine_embedding_loss(SQUARE, COLUMN, ROW),
    "binary_cross_entropy": lambda: F.binary_cross_entropy(ROW, ROW, weight=COLUMN),
    "binary_cross_entropy_with_logits": lambda: F.binary_cross_entropy_with_logits(ROW, ROW, weight=COLUMN),
    "binary_cross_entropy_with_logits of pos_weight": (
        lambda: F.binary_cross_entropy_with_logits(ROW, ROW, pos_weight=COLUMN)
    ),
    "multilabel_soft_margin_loss": lambda: F.multilabel_soft_margin_loss(ROW, ROW, weight=SQUARE),
}


@pytest.mark.parametrize("name", BY_ACCIDENT)
def test_what_would_only_broadcast_by_accident_is_refused(name: str) -> None:
    with pytest.raises(ShapeError, match=name.split(" ")[0]):
        BY_ACCIDENT[name]()


def test_what_is_meant_to_broadcast_does() -> None:
    assert F.margin_ranking_loss(COLUMN, mg.ones(1, 3), mg.ones(1, 1), reduction="none").shape == (3, 3)
    assert F.soft_margin_loss(SQUARE, ROW, reduction="none").shape == (3, 3)
    assert F.binary_cross_entropy_with_logits(SQUARE, SQUARE, pos_weight=ROW, reduction="none").shape == (3, 3)
    assert F.cosine_embedding_loss(SQUARE, SQUARE, mg.ones(1), reduction="none").shape == (3,)
