"""Embeddings: a table of vectors from which rows are taken by index, one by one or reduced by bags."""

from typing import Any

from minigrad.engine.messages import describe
from minigrad.errors import ShapeError
from minigrad.nn import functional as F
from minigrad.nn import init
from minigrad.nn.modules.function import DeclaredModule
from minigrad.nn.parameter import Parameter
from minigrad.ops.array.creation import count, empty


class _EmbeddingBase(DeclaredModule):
    """The weight, its initial values, and the settings that Embedding and EmbeddingBag share."""

    def __init__(
        self, num_embeddings: int, embedding_dim: int, padding_idx: int | None, max_norm: float | None,
        norm_type: float, scale_grad_by_freq: bool, sparse: bool, _weight: Any, device: Any, dtype: Any,
        _freeze: bool = False, **others: Any,
    ) -> None:  # fmt: skip
        super().__init__()
        name = type(self).__name__
        if sparse:
            raise ValueError(f"{name}: sparse: gradients are dense here; leave it out")
        self.num_embeddings = count(name, "num_embeddings", num_embeddings)
        self.embedding_dim = count(name, "embedding_dim", embedding_dim)
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            raise ValueError(f"{name}: padding_idx: expected the index of one of {num_embeddings} rows, got "
                             f"{padding_idx}")  # fmt: skip
        self.padding_idx = None if padding_idx is None else padding_idx % num_embeddings
        self.max_norm, self.norm_type, self.scale_grad_by_freq = max_norm, norm_type, scale_grad_by_freq
        for setting, value in others.items():
            setattr(self, setting, value)
        if _weight is None:
            self.weight = Parameter(empty(num_embeddings, embedding_dim, device=device, dtype=dtype), not _freeze)
            self.reset_parameters()
        elif tuple(_weight.shape) == (num_embeddings, embedding_dim):
            self.weight = Parameter(_weight, not _freeze)
        else:
            raise ValueError(f"{name}: _weight: expected shape {(num_embeddings, embedding_dim)}, got "
                             f"{tuple(_weight.shape)}")  # fmt: skip

    @classmethod
    def from_pretrained(cls, embeddings: Any, freeze: bool = True, **options: Any) -> Any:
        """A layer whose weight is the given matrix (num_embeddings, embedding_dim); freeze=True: it is not trained.
        Raises ShapeError unless it is a matrix."""
        if getattr(embeddings, "ndim", 0) != 2:
            raise ShapeError(f"{cls.__name__}.from_pretrained: expected a matrix, got {describe(embeddings)}")
        rows, columns = embeddings.shape
        layer = cls(rows, columns, _weight=embeddings, **options)
        layer.weight.requires_grad_(not freeze)
        return layer

    def reset_parameters(self) -> None:
        """Draw the initial values again: standard normal, the padding row 0."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            self.weight.data[self.padding_idx] = 0

    def _repr_parts(self) -> list[str]:
        parts = [f"{self.num_embeddings}, {self.embedding_dim}"]
        parts += [f"max_norm={self.max_norm}"] if self.max_norm is not None else []
        parts += [f"norm_type={self.norm_type}"] if self.norm_type != 2 else []
        return parts + ([f"scale_grad_by_freq={self.scale_grad_by_freq}"] if self.scale_grad_by_freq else [])

    def _repr_padding(self) -> list[str]:
        return [] if self.padding_idx is None else [f"padding_idx={self.padding_idx}"]


class Embedding(_EmbeddingBase, function=F.embedding):
    """y = weight[input]: integer indices (...) to (..., embedding_dim).

    weight (num_embeddings, embedding_dim) starts standard normal. padding_idx: this row starts at 0 and gets no
    gradient. max_norm: rows of a larger norm_type-norm are scaled down to it, in place, when they are used.
    scale_grad_by_freq: a row's gradient is divided by how often the batch names it. Gradients are dense: sparse=True
    raises ValueError. See functional.embedding.
    """

    def __init__(
        self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None, max_norm: float | None = None,
        norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False, _weight: Any = None,
        _freeze: bool = False, device: Any = None, dtype: Any = None,
    ) -> None: ...  # fmt: skip

    def forward(self, input: Any) -> Any:
        """See functional.embedding."""
        return F.embedding(input, self.weight, self.padding_idx, self.max_norm, self.norm_type,
                           self.scale_grad_by_freq)  # fmt: skip

    def extra_repr(self) -> str:
        first, *rest = self._repr_parts()
        return ", ".join([first, *self._repr_padding(), *rest])


class EmbeddingBag(_EmbeddingBase, function=F.embedding_bag):
    """The sum, mean or max (`mode`) of the rows of each bag of indices: to (B, embedding_dim).

    input (B, n): bags of n indices each; or a vector of indices with offsets (B,), where each bag begins
    (include_last_offset: offsets (B + 1,), the last one where the last bag ends). weight and the other settings: see
    Embedding. See functional.embedding_bag.
    """

    def __init__(
        self, num_embeddings: int, embedding_dim: int, max_norm: float | None = None, norm_type: float = 2.0,
        scale_grad_by_freq: bool = False, mode: str = "mean", sparse: bool = False, _weight: Any = None,
        include_last_offset: bool = False, padding_idx: int | None = None, device: Any = None, dtype: Any = None,
    ) -> None: ...  # fmt: skip

    def forward(self, input: Any, offsets: Any = None, per_sample_weights: Any = None) -> Any:
        """One vector for each bag. per_sample_weights, of the input's shape, scale the rows (mode "sum" alone)."""
        return F.embedding_bag(input, self.weight, offsets, self.max_norm, self.norm_type, self.scale_grad_by_freq,
                               self.mode, False, per_sample_weights, self.include_last_offset,
                               self.padding_idx)  # fmt: skip

    def extra_repr(self) -> str:
        return ", ".join([*self._repr_parts(), f"mode={self.mode!r}", *self._repr_padding()])


__all__ = ["Embedding", "EmbeddingBag"]
