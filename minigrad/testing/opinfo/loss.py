"""ops/loss/."""

from typing import Any

import numpy as np

from minigrad.nn import functional as F
from minigrad.testing.opinfo.model import Array, OpInfo, SampleInput, ints

X, Y = Array((3, 4)), Array((3, 4))
SHARES = Array((4, 3), 0.1, 0.9)
SCORES = Array((4, 3), -3, 3)
CLASSES = ints((4,), 0, 3)
WEIGHT = Array((3,), 0.5, 2, grad=False)
LOGS = Array((4, 3), -3, -0.1)
SOFT = Array((4, 3), 0.1, 1, then=lambda p: p / p.sum(1, keepdims=True))


def _far(x: Any) -> Any:
    """Alternately near 0 and far from it, never at 1 or 0.5: both sides of a Huber loss's joint, not the joint."""
    x = np.array(x)
    x.reshape(-1)[::2] += 5
    return x


FAR = Array((3, 4), 2.2, 2.6, then=_far)
NEAR = Array((3, 4), 1.9, 2.1)


def loss(name: str, *samples: SampleInput, **about: Any) -> OpInfo:
    """A loss function, by its name in torch.nn.functional."""
    return OpInfo(name, list(samples), torch=f"nn.functional.{name}", **about)


SIGNS = Array((3,), grad=False, then=np.sign)
ROWS_X = Array((3, 4), 0.5, 2)


def _ctc(scores: Any, *args: Any, **options: Any) -> Any:
    """Of scores: PyTorch's gradient is right only behind a log_softmax."""
    return F.ctc_loss(F.log_softmax(scores, -1), *args, **options)


def _torch_ctc(torch: Any, scores: Any, *args: Any, **options: Any) -> Any:
    return torch.nn.functional.ctc_loss(torch.log_softmax(scores, -1), *args, **options)


STEPS = Array((6, 2, 4))

MARGINS = [
    loss("margin_ranking_loss", SampleInput(Array((3,), 1, 2), Array((3,), -2, -1), SIGNS, 0.3), kinks=("the margin",)),
    loss("hinge_embedding_loss", SampleInput(Array((3,), 0.1, 0.9), SIGNS), kinks=("the margin",)),
    loss("soft_margin_loss", SampleInput(Array((3,)), SIGNS), SampleInput(Array((3,)), SIGNS, reduction="none")),
    loss("cosine_embedding_loss", SampleInput(ROWS_X, Array((3, 4), 0.5, 2), SIGNS, 0.1), kinks=("the margin",)),
    loss("triplet_margin_loss", SampleInput(Array((3, 4), 0, 1), Array((3, 4), 2, 3), Array((3, 4), -2, -1)),
        SampleInput(Array((3, 4), 0, 1), Array((3, 4), 2, 3), Array((3, 4), -1, -0.5), 2.0, swap=True,
        reduction="none"), kinks=("the margin",)),
    loss("triplet_margin_with_distance_loss",
        SampleInput(Array((3, 4), 0, 1), Array((3, 4), 2, 3), Array((3, 4), -1, -0.5), margin=2.0, swap=True),
        kinks=("the margin",)),
    loss("multilabel_margin_loss", SampleInput(Array((2, 4), 0, 0.8, distinct=True),
        np.array([[1, 3, -1, 0], [2, -1, 0, 0]])),
        SampleInput(Array((3,), 0, 0.8, distinct=True), np.array([0, 2, 1]), reduction="sum"), kinks=("the margin",)),
    loss("multilabel_soft_margin_loss", SampleInput(X, Array((3, 4), 0, 1)),
        SampleInput(X, Array((3, 4), 0, 1), Array((4,), 0.5, 2), reduction="none")),
    OpInfo("ctc_loss", [SampleInput(STEPS, np.array([[1, 2, 2], [3, 1, 0]]), (6, 5), (3, 2)),
        SampleInput(STEPS, np.array([1, 1, 3]), (6, 4), (1, 2), 2, "none"),
        SampleInput(Array((4, 3)), np.array([1]), (4,), (1,), reduction="sum")], call=_ctc, torch=_torch_ctc,
        rtol=1e-7),
    loss("gaussian_nll_loss", SampleInput(X, Y, Array((3, 4), 0.5, 2)),
        SampleInput(X, Y, Array((3, 4), 0.5, 2), full=True, reduction="sum")),
    loss("poisson_nll_loss", SampleInput(X, Array((3, 4), 0.2, 0.9, grad=False)),
        SampleInput(Array((3, 4), 0.5, 2), Array((3, 4), 1.5, 3, grad=False), False, full=True, reduction="sum")),
]  # fmt: skip

LARGE_CLASSES = ints((520,), 0, 20)
LARGE_SCORES = [Array((520, 20), -3, 3), Array((2048, 130), -3, 3)]
INDICES = [np.arange(520) % 19, np.arange(2048) % 129]
op_db = [
    *MARGINS,
    loss("cross_entropy", SampleInput(SCORES, CLASSES), SampleInput(SCORES, CLASSES, WEIGHT),
        SampleInput(SCORES, CLASSES, reduction="none"), SampleInput(SCORES, CLASSES, label_smoothing=0.1),
        SampleInput(SCORES, CLASSES, ignore_index=1, reduction="sum"), SampleInput(SCORES, SOFT),
        SampleInput(SCORES, SOFT, WEIGHT, label_smoothing=0.1), SampleInput(Array((2, 3, 4)), ints((2, 4), 0, 3)),
        SampleInput(SCORES, CLASSES, ignore_index=1),
        SampleInput(Array((8, 3), -3, 3), ints((8,), -1, 3), ignore_index=-1),
        large=[SampleInput(Array((520, 20), -3, 3), LARGE_CLASSES),
        SampleInput(Array((2048, 130), -3, 3), ints((2048,), 0, 130))]),
    loss("nll_loss", SampleInput(LOGS, CLASSES), SampleInput(LOGS, CLASSES, WEIGHT),
        SampleInput(LOGS, CLASSES, reduction="none"), SampleInput(LOGS, CLASSES, ignore_index=2),
        large=[SampleInput(Array((520, 20), -3, -0.1), LARGE_CLASSES),
        SampleInput(Array((2048, 130), -3, -0.1), ints((2048,), 0, 130), reduction="sum"),
        SampleInput(Array((520, 20), -3, -0.1), LARGE_CLASSES, Array((20,), 0.5, 2, grad=False), ignore_index=1)]),
    loss("multi_margin_loss", SampleInput(Array((4, 3), 0, 0.8, distinct=True), CLASSES),
        SampleInput(Array((4, 3), 0, 0.8, distinct=True), CLASSES, 2, 0.9, WEIGHT, reduction="sum"),
        kinks=("the margin",)),
    loss("l1_loss", SampleInput(Array((3, 4), 0.1, 2), Array((3, 4), -2, 0)),
        SampleInput(Array((3, 4), 0.1, 2), Array((3, 4), -2, 0), reduction="sum"),
        kinks=("equal elements: gradient 0",)),
    loss("mse_loss", SampleInput(X, Y), SampleInput(X, Y, reduction="none"), SampleInput(X, Y, reduction="sum")),
    loss("huber_loss", SampleInput(FAR, NEAR), SampleInput(FAR, NEAR, reduction="none", delta=1.5)),
    loss("smooth_l1_loss", SampleInput(FAR, NEAR), SampleInput(FAR, NEAR, reduction="sum", beta=1.5),
        kinks=("second derivative at the joint",)),
    loss("binary_cross_entropy", SampleInput(SHARES, Array((4, 3), 0.1, 0.9)),
        SampleInput(SHARES, Array((4, 3), 0.1, 0.9, grad=False), WEIGHT, reduction="sum")),
    loss("binary_cross_entropy_with_logits", SampleInput(SCORES, SHARES),
        SampleInput(SCORES, Array((4, 3), 0, 1, grad=False), pos_weight=WEIGHT)),
    loss("kl_div", SampleInput(LOGS, Array((4, 3), 0.1, 0.9), reduction="sum"),
        SampleInput(LOGS, LOGS, reduction="batchmean", log_target=True)),
]  # fmt: skip
