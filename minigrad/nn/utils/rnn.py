"""Sequences of different lengths: padded to one tensor, or packed without the padding, by PyTorch's names."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from minigrad.engine.messages import describe
from minigrad.engine.tensor import Tensor
from minigrad.errors import ShapeError
from minigrad.ops.array.creation import full, tensor
from minigrad.ops.array.shape import cat, stack, transpose


class PackedSequence(NamedTuple):
    """Sequences step by step: data (all steps, ...) holds the first step of every sequence, longest first, then the
    second of those that have one, and so on; batch_sizes says how many each step has."""

    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None = None
    unsorted_indices: Tensor | None = None

    def to(self, *args: Any, **options: Any) -> "PackedSequence":
        """With the data in another dtype or on another device."""
        return self._replace(data=self.data.to(*args, **options))


def _lengths(op: str, lengths: Any, batch: int) -> np.ndarray[Any, Any]:
    found = np.asarray(lengths.numpy(force=True) if isinstance(lengths, Tensor) else lengths, "int64")
    if found.shape != (batch,) or (batch and found.min() < 1):
        raise ShapeError(f"{op}: lengths: expected {batch} numbers from 1 on, one for each sequence, got {lengths}")
    return found


def pack_padded_sequence(
    input: Tensor, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """A padded (T, N, ...) (batch_first: (N, T, ...)) without its padding. enforce_sorted=False sorts by length."""
    x = transpose(input, 0, 1) if batch_first else input
    steps, batch = x.shape[:2]
    found = _lengths("pack_padded_sequence", lengths, batch)
    if batch and found.max() > steps:
        raise ShapeError(f"pack_padded_sequence: lengths: expected at most {steps}, the steps there are, got {lengths}")
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
    """(padded, lengths): the inverse of pack_padded_sequence, in the order the sequences were given in."""
    sizes = sequence.batch_sizes.tolist()
    steps = len(sizes) if total_length is None else total_length
    if steps < len(sizes):
        raise ValueError(f"pad_packed_sequence: total_length: expected at least {len(sizes)}, got {total_length}")
    batch, rest, rows, start = sizes[0], tuple(sequence.data.shape)[1:], [], 0
    for n in sizes:
        rows.append(_filled_up(sequence.data[start : start + n], batch, padding_value))
        start += n
    like = sequence.data
    rows += [full((batch, *rest), padding_value, dtype=like.dtype, device=like.device)] * (steps - len(sizes))
    padded = stack(rows)
    lengths = tensor([sum(n > i for n in sizes) for i in range(batch)])
    if sequence.unsorted_indices is not None:
        padded, lengths = padded[:, sequence.unsorted_indices], lengths[sequence.unsorted_indices]
    return transpose(padded, 0, 1) if batch_first else padded, lengths


def _filled_up(x: Tensor, n: int, value: float) -> Tensor:
    """`x` with rows of `value` up to `n`."""
    missing = n - x.shape[0]
    if not missing:
        return x
    out: Tensor = cat([x, full((missing, *x.shape[1:]), value, dtype=x.dtype, device=x.device)])
    return out


def pad_sequence(
    sequences: Sequence[Tensor], batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right"
) -> Tensor:
    """Sequences (L_i, ...) as one tensor (max L, N, ...), short ones filled up."""
    if padding_side not in ("left", "right"):
        raise ValueError(f'pad_sequence: padding_side: expected "left" or "right", got {padding_side!r}')
    parts = list(sequences)
    rests = {tuple(p.shape)[1:] for p in parts}
    if len(rests) != 1:
        raise ShapeError(f"pad_sequence: expected sequences that differ in length only, got "
                         f"{', '.join(map(describe, parts)) or 'none'}")  # fmt: skip
    most = max(p.shape[0] for p in parts)
    flip = padding_side == "left"
    rows = [_filled_up(p.flip(0) if flip else p, most, padding_value) for p in parts]
    out: Tensor = stack([r.flip(0) for r in rows] if flip else rows, 0 if batch_first else 1)
    return out


def unpad_sequence(padded_sequences: Tensor, lengths: Any, batch_first: bool = False) -> list[Tensor]:
    """The sequences of a padded tensor, each of its own length."""
    x = padded_sequences if batch_first else transpose(padded_sequences, 0, 1)
    found = _lengths("unpad_sequence", lengths, x.shape[0])
    return [x[i, : int(n)] for i, n in enumerate(found)]


def pack_sequence(sequences: Sequence[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Sequences (L_i, ...) packed."""
    lengths = [s.shape[0] for s in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The sequences of a packed one."""
    padded, lengths = pad_packed_sequence(packed_sequences)
    return unpad_sequence(padded, lengths)
