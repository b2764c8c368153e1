"""Three ways to find weights: random search, random local search, and following the gradient."""

from minigrad.optim.optimizer import Optimizer
from minigrad.optim.search import RandomLocalSearch, RandomSearch
from minigrad.optim.sgd import SGD

__all__ = ["SGD", "Optimizer", "RandomLocalSearch", "RandomSearch"]
