"""Rows of ops/loss.py."""

from typing import Any

import numpy as np

from minigrad.testing.opinfo.rows import Draw, Row, Sample, ints

X, Y = Draw((3, 4)), Draw((3, 4))
SHARES = Draw((4, 3), 0.1, 0.9)
SCORES = Draw((4, 3), -3, 3)
CLASSES = ints((4,), 0, 3)
WEIGHT = Draw((3,), 0.5, 2, grad=False)
LOGS = Draw((4, 3), -3, -0.1)
SOFT = Draw((4, 3), 0.1, 1, then=lambda p: p / p.sum(1, keepdims=True))


def _far(x: Any) -> Any:
    """Alternately near 0 and far from it, never at 1 or 0.5: both sides of a Huber loss's joint, not the joint."""
    x = np.array(x)
    x.reshape(-1)[::2] += 5
    return x


FAR = Draw((3, 4), 2.2, 2.6, then=_far)
NEAR = Draw((3, 4), 1.9, 2.1)


def loss(name: str, *samples: Sample, **about: Any) -> Row:
    """The row of a loss function."""
    return Row(name, list(samples), torch=f"nn.functional.{name}", **about)


def _softmax_minus_one_hot(logits: Any, scale: Any, target: Any) -> Any:
    from minigrad.engine.primitive import REGISTRY

    return REGISTRY["softmax_minus_one_hot"].call(logits, scale, target=target, rows=None)


def _torch_softmax_minus_one_hot(torch: Any, logits: Any, scale: Any, target: Any) -> Any:
    hot = torch.nn.functional.one_hot(torch.as_tensor(target), logits.shape[1])
    return (torch.softmax(logits, 1) - hot) * scale / len(target)


def _softmax_nll(logits: Any, target: Any) -> Any:
    from minigrad.engine.primitive import REGISTRY

    return REGISTRY["softmax_nll"].call(logits, target=target, rows=None)


SIGNS = Draw((3,), grad=False, then=np.sign)
ROWS_X = Draw((3, 4), 0.5, 2)


def _ctc(scores: Any, *args: Any, **options: Any) -> Any:
    """Of scores: PyTorch's gradient is right only behind a log_softmax."""
    from minigrad.nn import functional as F

    return F.ctc_loss(F.log_softmax(scores, -1), *args, **options)


def _torch_ctc(torch: Any, scores: Any, *args: Any, **options: Any) -> Any:
    return torch.nn.functional.ctc_loss(torch.log_softmax(scores, -1), *args, **options)


STEPS = Draw((6, 2, 4))

MARGINS = [
    loss("margin_ranking_loss", Sample(Draw((3,), 1, 2), Draw((3,), -2, -1), SIGNS, 0.3), kinks=("the margin",)),
    loss("hinge_embedding_loss", Sample(Draw((3,), 0.1, 0.9), SIGNS), kinks=("the margin",)),
    loss("soft_margin_loss", Sample(Draw((3,)), SIGNS), Sample(Draw((3,)), SIGNS, reduction="none")),
    loss("cosine_embedding_loss", Sample(ROWS_X, Draw((3, 4), 0.5, 2), SIGNS, 0.1), kinks=("the margin",)),
    loss("triplet_margin_loss", Sample(Draw((3, 4), 0, 1), Draw((3, 4), 2, 3), Draw((3, 4), -2, -1)),
         Sample(Draw((3, 4), 0, 1), Draw((3, 4), 2, 3), Draw((3, 4), -1, -0.5), 2.0, swap=True, reduction="none"),
         kinks=("the margin",)),
    loss("triplet_margin_with_distance_loss",
         Sample(Draw((3, 4), 0, 1), Draw((3, 4), 2, 3), Draw((3, 4), -1, -0.5), margin=2.0, swap=True),
         kinks=("the margin",)),
    loss("multilabel_margin_loss",
         Sample(Draw((2, 4), 0, 0.8, distinct=True), np.array([[1, 3, -1, 0], [2, -1, 0, 0]])),
         Sample(Draw((3,), 0, 0.8, distinct=True), np.array([0, 2, 1]), reduction="sum"), kinks=("the margin",)),
    loss("multilabel_soft_margin_loss", Sample(X, Draw((3, 4), 0, 1)),
         Sample(X, Draw((3, 4), 0, 1), Draw((4,), 0.5, 2), reduction="none")),
    Row("ctc_loss", [Sample(STEPS, np.array([[1, 2, 2], [3, 1, 0]]), (6, 5), (3, 2)),
         Sample(STEPS, np.array([1, 1, 3]), (6, 4), (1, 2), 2, "none"),
         Sample(Draw((4, 3)), np.array([1]), (4,), (1,), reduction="sum")], call=_ctc, torch=_torch_ctc, rtol=1e-7),
    loss("gaussian_nll_loss", Sample(X, Y, Draw((3, 4), 0.5, 2)),
         Sample(X, Y, Draw((3, 4), 0.5, 2), full=True, reduction="sum")),
    loss("poisson_nll_loss", Sample(X, Draw((3, 4), 0.2, 0.9, grad=False)),
         Sample(Draw((3, 4), 0.5, 2), Draw((3, 4), 1.5, 3, grad=False), False, full=True, reduction="sum")),
]  # fmt: skip

ROWS = [
    *MARGINS,
    loss("cross_entropy", Sample(SCORES, CLASSES), Sample(SCORES, CLASSES, WEIGHT),
        Sample(SCORES, CLASSES, reduction="none"),
         Sample(SCORES, CLASSES, label_smoothing=0.1), Sample(SCORES, CLASSES, ignore_index=1, reduction="sum"),
         Sample(SCORES, SOFT), Sample(SCORES, SOFT, WEIGHT, label_smoothing=0.1),
         Sample(Draw((2, 3, 4)), ints((2, 4), 0, 3))),
    Row("softmax_minus_one_hot", [Sample(SCORES, Draw((), 0.5, 2), np.array([0, 2, 1, 1]), called="4x3")],
        call=_softmax_minus_one_hot, torch=_torch_softmax_minus_one_hot),
    Row("softmax_nll", [Sample(SCORES, np.array([0, 2, 1, 1]), called="4x3")], call=_softmax_nll,
        torch="nn.functional.cross_entropy"),
    loss("nll_loss", Sample(LOGS, CLASSES), Sample(LOGS, CLASSES, WEIGHT), Sample(LOGS, CLASSES, reduction="none"),
         Sample(LOGS, CLASSES, ignore_index=2)),
    loss("multi_margin_loss", Sample(Draw((4, 3), 0, 0.8, distinct=True), CLASSES),
         Sample(Draw((4, 3), 0, 0.8, distinct=True), CLASSES, 2, 0.9, WEIGHT, reduction="sum"), kinks=("the margin",)),
    loss("l1_loss", Sample(Draw((3, 4), 0.1, 2), Draw((3, 4), -2, 0)),
        Sample(Draw((3, 4), 0.1, 2), Draw((3, 4), -2, 0), reduction="sum"),
         kinks=("equal elements: gradient 0",)),
    loss("mse_loss", Sample(X, Y), Sample(X, Y, reduction="none"), Sample(X, Y, reduction="sum")),
    loss("huber_loss", Sample(FAR, NEAR), Sample(FAR, NEAR, reduction="none", delta=1.5)),
    loss("smooth_l1_loss", Sample(FAR, NEAR), Sample(FAR, NEAR, reduction="sum", beta=1.5),
         kinks=("second derivative at the joint",)),
    loss("binary_cross_entropy", Sample(SHARES, Draw((4, 3), 0.1, 0.9)),
        Sample(SHARES, Draw((4, 3), 0.1, 0.9, grad=False), WEIGHT,
         reduction="sum")),
    loss("binary_cross_entropy_with_logits", Sample(SCORES, SHARES),
        Sample(SCORES, Draw((4, 3), 0, 1, grad=False), pos_weight=WEIGHT)),
    loss("kl_div", Sample(LOGS, Draw((4, 3), 0.1, 0.9), reduction="sum"),
        Sample(LOGS, LOGS, reduction="batchmean", log_target=True)),
]  # fmt: skip
