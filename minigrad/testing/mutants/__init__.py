"""Mutants: operations with a wrong backward, each beside its original. What the checker is tried on (`python -m
minigrad.gradcheck --prove`)."""

from minigrad.testing.mutants import (  # noqa: F401  each adds its own to MUTANTS
    elementwise,
    indexing,
    linalg,
    losses,
    networks,
    purity,
    reductions,
    regions,
    second,
)  # fmt: skip
from minigrad.testing.mutants.model import LARGE, MUTANTS, SMALL, Mutant, function_of, minigrad_function

__all__ = ["LARGE", "MUTANTS", "SMALL", "Mutant", "function_of", "minigrad_function"]
