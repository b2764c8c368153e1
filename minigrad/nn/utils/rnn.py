"""Sequences of different lengths, padded to one tensor or packed without padding, by PyTorch's names."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from minigrad.engine.messages import describe
from minigrad.engine.tensor import Tensor
from minigrad.errors import ShapeError
from minigrad.ops.array.creation import full, tensor
from minigrad.ops.array.shape import cat, stack, transpose


class PackedSequence(NamedTuple):
    """Sequences without padding, in the order of their steps: data (sum of lengths, ...) has the first step of every
    sequence, longest first, then the second step of those that have one, and so on; batch_sizes (longest length,) has
    the number of sequences at each step. sorted_indices and unsorted_indices: the sequences' order and its inverse,
    None where they were given from long to short."""

    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None = None
    unsorted_indices: Tensor | None = None

    def to(self, *args: Any, **options: Any) -> "PackedSequence":
        """A copy with its data in another dtype or on another device, as Tensor.to."""
        return self._replace(data=self.data.to(*args, **options))


def _checked_lengths(op: str, lengths: Any, batch: int) -> np.ndarray[Any, Any]:
    found = np.asarray(lengths.numpy(force=True) if isinstance(lengths, Tensor) else lengths, "int64")
    if found.shape != (batch,) or (batch and found.min() < 1):
        raise ShapeError(f"{op}: lengths: expected {batch} numbers of 1 or more, one for each sequence, got {lengths}")
    return found


def pack_padded_sequence(
    input: Tensor, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Remove the padding of (T, N, ...), or (N, T, ...) if batch_first; lengths (N,), each from 1 to T.

    enforce_sorted=False sorts the sequences by length; otherwise they must come from long to short, or ValueError is
    raised. ShapeError for lengths that do not fit.
    """
    x = transpose(input, 0, 1) if batch_first else input
    steps, batch = x.shape[:2]
    found = _checked_lengths("pack_padded_sequence", lengths, batch)
    if batch and found.max() > steps:
        raise ShapeError(f"pack_padded_sequence: lengths: expected at most {steps}, the number of steps, got {lengths}")
    order = None
    if not enforce_sorted:
        order = np.argsort(-found, kind="stable")
        x, found = x[:, tensor(order)], found[order]
    elif (np.diff(found) > 0).any():
        raise ValueError(
            f"pack_padded_sequence: lengths: expected them from long to short, got {lengths}; pass enforce_sorted=False"
        )
    sizes = [int((found > t).sum()) for t in range(int(found.max(initial=0)))]
    data = cat([x[t, :n] for t, n in enumerate(sizes)])
    if order is None:
        return PackedSequence(data, tensor(sizes))
    return PackedSequence(data, tensor(sizes), tensor(order), tensor(np.argsort(order)))


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """(padded, lengths): the inverse of pack_padded_sequence, with the sequences in the order they were given in.

    padded (T, N, ...), or (N, T, ...) if batch_first, has padding_value after the ends; T is total_length (ValueError
    if it is too small) or the longest length. lengths: int64 (N,).
    """
    sizes = sequence.batch_sizes.tolist()
    steps = len(sizes) if total_length is None else total_length
    if steps < len(sizes):
        raise ValueError(f"pad_packed_sequence: total_length: expected at least {len(sizes)}, got {total_length}")
    batch, rest, rows, start = sizes[0], tuple(sequence.data.shape)[1:], [], 0
    for n in sizes:
        rows.append(_pad_rows(sequence.data[start : start + n], batch, padding_value))
        start += n
    like = sequence.data
    rows += [full((batch, *rest), padding_value, dtype=like.dtype, device=like.device)] * (steps - len(sizes))
    padded = stack(rows)
    lengths = tensor([sum(n > i for n in sizes) for i in range(batch)])
    if sequence.unsorted_indices is not None:
        padded, lengths = padded[:, sequence.unsorted_indices], lengths[sequence.unsorted_indices]
    return transpose(padded, 0, 1) if batch_first else padded, lengths


def _pad_rows(x: Tensor, n: int, value: float) -> Tensor:
    """`x` with rows of `value` appended, up to `n` rows."""
    missing = n - x.shape[0]
    if not missing:
        return x
    out: Tensor = cat([x, full((missing, *x.shape[1:]), value, dtype=x.dtype, device=x.device)])
    return out


def pad_sequence(
    sequences: Sequence[Tensor], batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right"
) -> Tensor:
    """Sequences (L_i, ...) as one tensor (max L, N, ...), or (N, max L, ...) if batch_first, with padding_value after
    (or, padding_side="left", before) the shorter ones. Raises ShapeError where they differ in more than length."""
    if padding_side not in ("left", "right"):
        raise ValueError(f'pad_sequence: padding_side: expected "left" or "right", got {padding_side!r}')
    parts = list(sequences)
    rests = {tuple(p.shape)[1:] for p in parts}
    if len(rests) != 1:
        raise ShapeError(f"pad_sequence: expected sequences that differ in length only, got "
                         f"{', '.join(map(describe, parts)) or 'none'}")  # fmt: skip
    longest = max(p.shape[0] for p in parts)
    flip = padding_side == "left"
    rows = [_pad_rows(p.flip(0) if flip else p, longest, padding_value) for p in parts]
    out: Tensor = stack([r.flip(0) for r in rows] if flip else rows, 0 if batch_first else 1)
    return out


def unpad_sequence(padded_sequences: Tensor, lengths: Any, batch_first: bool = False) -> list[Tensor]:
    """The sequences of a padded tensor (T, N, ...), or (N, T, ...) if batch_first, each cut to its length: the inverse
    of pad_sequence."""
    x = padded_sequences if batch_first else transpose(padded_sequences, 0, 1)
    found = _checked_lengths("unpad_sequence", lengths, x.shape[0])
    return [x[i, : int(n)] for i, n in enumerate(found)]


def pack_sequence(sequences: Sequence[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Pack sequences (L_i, ...): see pack_padded_sequence."""
    lengths = [s.shape[0] for s in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The list of sequences (L_i, ...) in a packed one: the inverse of pack_sequence."""
    padded, lengths = pad_packed_sequence(packed_sequences)
    return unpad_sequence(padded, lengths)
