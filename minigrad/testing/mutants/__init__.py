"""Seeded backward bugs, each beside its correct twin: what the checker is proven on (`python -m minigrad.gradcheck
--prove`)."""

from minigrad.testing.mutants import (
    elementwise,
    indexing,
    linalg,
    losses,
    networks,
    purity,
    reductions,
    regions,
    second,
)
from minigrad.testing.mutants.model import BUGS, LARGE, SMALL, Bug, minigrad_function

__all__ = [
    "BUGS", "LARGE", "SMALL", "Bug", "elementwise", "indexing", "linalg", "losses", "minigrad_function", "networks",
    "purity", "reductions", "regions", "second", ]  # fmt: skip
