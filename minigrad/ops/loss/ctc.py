"""Connectionist temporal classification: the loss of a sequence of labels whose alignment in time is not known."""

from typing import Any

from minigrad.dtypes import finfo, floating
from minigrad.engine.messages import describe
from minigrad.errors import DtypeError, ShapeError
from minigrad.ops.api import public
from minigrad.ops.array.creation import as_tensor, full, zeros
from minigrad.ops.array.shape import cat, stack, unsqueeze
from minigrad.ops.index.indexing import check_range, gather
from minigrad.ops.loss.losses import reduced
from minigrad.ops.pointwise.arithmetic import clamp, where
from minigrad.ops.reduce.reductions import logsumexp

__all__ = ["ctc_loss"]


@public
def ctc_loss(
    log_probs: Any, targets: Any, input_lengths: Any, target_lengths: Any, blank: int = 0, reduction: str = "mean",
    zero_infinity: bool = False,
) -> Any:  # fmt: skip
    """-log of the probability of all the ways in which `log_probs` (T, N, C), log-softmaxed, can spell the targets:
    each label for one or more steps, blanks between them, which equal neighbours need.

    targets: (N, S) padded, or one after the other in one vector; input_lengths and target_lengths: (N,). Without N all
    are single: (T, C), (S,), and numbers. "mean" divides each by its target's length, then takes the batch's mean. A
    target too long for its input costs infinity, without a gradient; zero_infinity makes it 0. The gradient is that of
    log_probs; PyTorch's has exp(log_probs) more, which log_softmax takes away again. Graves et al., Connectionist
    Temporal Classification, ICML 2006: the forward variables alpha, in log space.
    """
    single = log_probs.ndim == 2
    if single:
        log_probs = unsqueeze(log_probs, 1)
    if log_probs.ndim != 3 or not floating(log_probs.dtype):
        raise ShapeError(f"ctc_loss: `log_probs`: expected floats (T, N, C) or (T, C), got {describe(log_probs)}")
    steps, batch, classes = (int(n) for n in log_probs.shape)
    if not 0 <= blank < classes:
        raise ValueError(f"ctc_loss: blank: expected a class from 0 to {classes - 1}, got {blank}")
    long = _lengths("input_lengths", input_lengths, batch, steps)
    short = _lengths("target_lengths", target_lengths, batch, None)
    labels = _padded(targets, short, batch, classes, blank)
    each = _negative_log_likelihood(log_probs, labels, long, short, blank)
    impossible = each > -_never(log_probs.dtype) / 2
    each = where(impossible, 0.0 if zero_infinity else float("inf"), each)
    if reduction == "mean":
        each = each / clamp(as_tensor(short, device=each.device), min=1).to(each.dtype)
    out = reduced("ctc_loss", each, reduction)
    return out[0] if single and reduction == "none" else out


def _never(dtype: Any) -> float:
    """The log of the probability of what cannot be: finite, so that its gradient is 0 and not nan."""
    return finfo(dtype).min / 4


def _negative_log_likelihood(log_probs: Any, labels: Any, long: list[int], short: list[int], blank: int) -> Any:
    """alpha_t(s) = (alpha_{t-1}(s) + alpha_{t-1}(s - 1) + alpha_{t-1}(s - 2), where that skips a blank between two
    different labels) * p_t(label s), over the labels with blanks around each; until each input's end."""
    steps, batch, _ = log_probs.shape
    width = 2 * labels.shape[1] + 1
    never = _never(log_probs.dtype)
    options = {"dtype": log_probs.dtype, "device": log_probs.device}
    spelled = full((batch, width), blank, device=labels.device)
    spelled[:, 1::2] = labels
    skips = zeros(batch, width, dtype="bool", device=labels.device)
    skips[:, 3::2] = labels[:, 1:] != labels[:, :-1]
    wide = full((batch, 2), never, **options)
    at = unsqueeze(as_tensor(long, device=log_probs.device), 1)
    first = gather(log_probs[0], 1, spelled)
    alpha = cat([first[:, :2], first[:, 2:] * 0 + never], 1)
    for t in range(1, max(long, default=0)):
        before = cat([wide, alpha], 1)
        ways = stack([before[:, 2:], before[:, 1:-1], where(skips, before[:, :-2], never)], 0)
        alpha = where(at > t, clamp(logsumexp(ways, 0) + gather(log_probs[t], 1, spelled), min=never), alpha)
    ends = unsqueeze(as_tensor([2 * n for n in short], device=log_probs.device), 1)
    both = cat([gather(alpha, 1, ends), where(ends > 0, gather(alpha, 1, clamp(ends - 1, min=0)), never)], 1)
    started = (at > 0)[:, 0]  # no step at all spells the empty target, and no other
    return where(started, -logsumexp(both, 1), where(ends[:, 0] == 0, both[:, 0] * 0, -never))


def _lengths(name: str, lengths: Any, batch: int, most: int | None) -> list[int]:
    """One length for each sequence, as numbers: the loops need them."""
    found = lengths.tolist() if hasattr(lengths, "tolist") else lengths
    found = [found] if isinstance(found, int) else list(found)
    if len(found) != batch or any(isinstance(n, bool) or not isinstance(n, int) for n in found):
        raise ShapeError(f"ctc_loss: {name}: expected {batch} whole numbers, one for each sequence, got {found}")
    if any(n < 0 or (most is not None and n > most) for n in found):
        limit = "0 or more" if most is None else f"0 to {most}, the steps there are"
        raise ValueError(f"ctc_loss: {name}: expected lengths of {limit}, got {found}")
    return found


def _padded(targets: Any, short: list[int], batch: int, classes: int, blank: int) -> Any:
    """The targets as (N, longest), blanks after their ends."""
    targets = as_tensor(targets)
    if targets.dtype.kind not in "iu" or targets.ndim not in (1, 2):
        raise DtypeError(f"ctc_loss: `targets`: expected class numbers (N, S) or in a vector, got {describe(targets)}")
    longest = max(short, default=0)
    padded = full((batch, longest), blank, device=targets.device)
    if targets.ndim == 1 and sum(short) != targets.shape[0]:
        raise ShapeError(f"ctc_loss: `targets`: expected the {sum(short)} labels that target_lengths adds up to, got "
                         f"{describe(targets)}")  # fmt: skip
    if targets.ndim == 2 and (targets.shape[0] != batch or targets.shape[1] < longest):
        raise ShapeError(f"ctc_loss: `targets`: expected ({batch}, {longest} or more), got {describe(targets)}")
    start = 0
    for row, n in enumerate(short):
        padded[row, :n] = targets[start : start + n] if targets.ndim == 1 else targets[row, :n]
        start += n
    check_range("ctc_loss", padded, classes, "classes", targets)
    return padded
