"""Optimizers: what changes parameters so that a loss falls. All share one shape, `loss = optimizer.step(closure)`.

    optimizer.py   Optimizer: parameter groups, state, what each step has in common
    sgd.py         SGD: follows the gradient
    search.py      RandomSearch, RandomLocalSearch: guess, and keep the best

What they refuse is in checks.py, their state_dict in state.py, the memory they use again and again in workspace.py.
"""

from minigrad.optim.optimizer import Optimizer
from minigrad.optim.search import RandomLocalSearch, RandomSearch
from minigrad.optim.sgd import SGD

__all__ = ["SGD", "Optimizer", "RandomLocalSearch", "RandomSearch"]
