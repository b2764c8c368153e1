"""ops/loss/."""

from typing import Any

import numpy as np

from minigrad.nn import functional as F
from minigrad.testing.opinfo.model import Array, OpInfo, SampleInput, op

SCORES = Array((4, 3), -3, 3)
SOFT = Array((4, 3), 0.1, 1, then=lambda p: p / p.sum(1, keepdims=True))


def _far(x: Any) -> Any:
    """Alternately near 0 and far from it, never at 1 or 0.5: both sides of a Huber loss's joint, not the joint."""
    x = np.array(x)
    x.reshape(-1)[::2] += 5
    return x


FAR = Array((3, 4), 2.2, 2.6, then=_far)
NEAR = Array((3, 4), 1.9, 2.1)


def loss(name: str, *samples: str | Array | SampleInput, **about: Any) -> OpInfo:
    """A loss function, by its name in torch.nn.functional."""
    return op(name, *samples, torch=f"nn.functional.{name}", **about)


def margin(name: str, *samples: str | Array | SampleInput) -> OpInfo:
    """A loss whose derivative jumps at a margin."""
    return loss(name, *samples, kinks=("the margin",))


SIGNS = Array((3,), grad=False, then=np.sign)


def _ctc(scores: Any, *args: Any, **options: Any) -> Any:
    """Of scores: PyTorch's gradient is right only behind a log_softmax."""
    return F.ctc_loss(F.log_softmax(scores, -1), *args, **options)


def _torch_ctc(torch: Any, scores: Any, *args: Any, **options: Any) -> Any:
    return torch.nn.functional.ctc_loss(torch.log_softmax(scores, -1), *args, **options)


MARGINS = [
    margin("margin_ranking_loss", SampleInput(Array((3,), 1, 2), Array((3,), -2, -1), SIGNS, 0.3)),
    margin("hinge_embedding_loss", SampleInput(Array((3,), 0.1, 0.9), SIGNS)),
    loss("soft_margin_loss", SampleInput(Array((3,)), SIGNS), SampleInput(Array((3,)), SIGNS, reduction="none")),
    margin("cosine_embedding_loss", SampleInput(*[Array((3, 4), 0.5, 2)] * 2, SIGNS, 0.1)),
    margin("triplet_margin_loss", "3x4[0, 1], 3x4[2, 3], 3x4[-2, -1]",
        "3x4[0, 1], 3x4[2, 3], 3x4[-1, -0.5], 2.0, swap=True, reduction='none'"),
    margin("triplet_margin_with_distance_loss", "3x4[0, 1], 3x4[2, 3], 3x4[-1, -0.5], margin=2.0, swap=True"),
    margin("multilabel_margin_loss",
        SampleInput(Array((2, 4), 0, 0.8, distinct=True), np.array([[1, 3, -1, 0], [2, -1, 0, 0]])),
        SampleInput(Array((3,), 0, 0.8, distinct=True), np.array([0, 2, 1]), reduction="sum")),
    loss("multilabel_soft_margin_loss", "3x4, 3x4[0, 1] | 3x4, 3x4[0, 1], 4x[0.5, 2], reduction='none'"),
    op("ctc_loss", SampleInput(Array((6, 2, 4)), np.array([[1, 2, 2], [3, 1, 0]]), (6, 5), (3, 2)),
        SampleInput(Array((6, 2, 4)), np.array([1, 1, 3]), (6, 4), (1, 2), 2, "none"),
        SampleInput(Array((4, 3)), np.array([1]), (4,), (1,), reduction="sum"), call=_ctc, torch=_torch_ctc, rtol=1e-7),
    loss("gaussian_nll_loss", "3x4, 3x4, 3x4[0.5, 2] | 3x4, 3x4, 3x4[0.5, 2], full=True, reduction='sum'"),
    loss("poisson_nll_loss", "3x4, c3x4[0.2, 0.9] | 3x4[0.5, 2], c3x4[1.5, 3], False, full=True, reduction='sum'"),
]  # fmt: skip

op_db = [
    *MARGINS,
    loss("cross_entropy", "4x3[-3, 3], i4x[0, 3) | 4x3[-3, 3], i4x[0, 3), c3x[0.5, 2]",
        "4x3[-3, 3], i4x[0, 3), reduction='none' | 4x3[-3, 3], i4x[0, 3), label_smoothing=0.1",
        "4x3[-3, 3], i4x[0, 3), ignore_index=1, reduction='sum'", SampleInput(SCORES, SOFT),
        SampleInput(SCORES, SOFT, Array((3,), 0.5, 2, grad=False), label_smoothing=0.1), "2x3x4, i2x4[0, 3)",
        "4x3[-3, 3], i4x[0, 3), ignore_index=1 | 8x3[-3, 3], i8x[-1, 3), ignore_index=-1",
        large=["520x20[-3, 3], i520x[0, 20) | 2048x130[-3, 3], i2048x[0, 130)"]),
    loss("nll_loss", "4x3[-3, -0.1], i4x[0, 3) | 4x3[-3, -0.1], i4x[0, 3), c3x[0.5, 2]",
        "4x3[-3, -0.1], i4x[0, 3), reduction='none' | 4x3[-3, -0.1], i4x[0, 3), ignore_index=2",
        large=["520x20[-3, -0.1], i520x[0, 20) | 2048x130[-3, -0.1], i2048x[0, 130), reduction='sum'",
        "520x20[-3, -0.1], i520x[0, 20), c20x[0.5, 2], ignore_index=1"]),
    margin("multi_margin_loss", "d4x3[0, 0.8], i4x[0, 3)",
        "d4x3[0, 0.8], i4x[0, 3), 2, 0.9, c3x[0.5, 2], reduction='sum'"),
    loss("l1_loss", "3x4[0.1, 2], 3x4[-2, 0] | 3x4[0.1, 2], 3x4[-2, 0], reduction='sum'",
        kinks=("equal elements: gradient 0",)),
    loss("mse_loss", "3x4, 3x4 | 3x4, 3x4, reduction='none' | 3x4, 3x4, reduction='sum'"),
    loss("huber_loss", SampleInput(FAR, NEAR), SampleInput(FAR, NEAR, reduction="none", delta=1.5)),
    loss("smooth_l1_loss", SampleInput(FAR, NEAR), SampleInput(FAR, NEAR, reduction="sum", beta=1.5),
        kinks=("second derivative at the joint",)),
    loss("binary_cross_entropy", "4x3[0.1, 0.9], 4x3[0.1, 0.9]",
        "4x3[0.1, 0.9], c4x3[0.1, 0.9], c3x[0.5, 2], reduction='sum'"),
    loss("binary_cross_entropy_with_logits", "4x3[-3, 3], 4x3[0.1, 0.9]",
        "4x3[-3, 3], c4x3[0, 1], pos_weight=c3x[0.5, 2]"),
    loss("kl_div", "4x3[-3, -0.1], 4x3[0.1, 0.9], reduction='sum'",
        "4x3[-3, -0.1], 4x3[-3, -0.1], reduction='batchmean', log_target=True"),
]  # fmt: skip
