"""Distances between vectors as modules."""

from minigrad.nn import functional as F
from minigrad.nn.modules.function import FunctionModule


class CosineSimilarity(FunctionModule, function=F.cosine_similarity):
    """x1 . x2 / (max(|x1|, eps) max(|x2|, eps)), the cosine of the angle between vectors along `dim`."""

    repr_names = ()

    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None: ...


class PairwiseDistance(FunctionModule, function=F.pairwise_distance):
    """The p-norm of x1 - x2 + eps over the last dimension."""

    repr_names = ()

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None: ...


__all__ = ["CosineSimilarity", "PairwiseDistance"]
