"""Optimizers: what changes parameters so that a loss falls. All share one shape, `loss = optimizer.step(closure)`.

    optimizer.py   Optimizer: parameter groups, state, what each step has in common
    sgd.py         SGD: follows the gradient
    stateful.py    what the following have in common: arrays remembered for each parameter
    adam.py        Adam, AdamW: an average gradient, each coordinate by its own measure
    adam_kin.py    Adamax, NAdam, RAdam
    adagrad.py     Adagrad, Adadelta, RMSprop: the measure alone
    rprop.py       Rprop: by signs; ASGD: averages the weights
    lbfgs.py       LBFGS: by curvature; its line search is in wolfe.py
    muon.py        Muon: matrices made orthogonal
    proximal.py    Proximal: a regularizer's proximal step after each step of one of these
    lr_scheduler/  schedules of the step size
    swa_utils.py   AveragedModel, SWALR, update_bn: averages of weights
    search.py      RandomSearch, RandomLocalSearch: guess, and keep the best

What they refuse is in checks.py, their state_dict in state.py, the memory they use again and again in workspace.py.
"""

from typing import TYPE_CHECKING

from minigrad._lazy import lazy_imports
from minigrad.optim.optimizer import Optimizer

if TYPE_CHECKING:
    from minigrad.optim import lr_scheduler, swa_utils
    from minigrad.optim.adagrad import Adadelta, Adagrad, RMSprop
    from minigrad.optim.adam import Adam, AdamW
    from minigrad.optim.adam_kin import Adamax, NAdam, RAdam
    from minigrad.optim.lbfgs import LBFGS
    from minigrad.optim.muon import Muon
    from minigrad.optim.proximal import Proximal
    from minigrad.optim.rprop import ASGD, Rprop
    from minigrad.optim.search import RandomLocalSearch, RandomSearch
    from minigrad.optim.sgd import SGD

__all__ = [
    "ASGD", "LBFGS", "SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "Muon", "NAdam", "Optimizer",
    "Proximal", "RAdam", "RMSprop", "RandomLocalSearch", "RandomSearch", "Rprop", "lr_scheduler", "swa_utils",
]  # fmt: skip

__getattr__, __dir__ = lazy_imports(
    __name__,
    "adagrad adam adam_kin lbfgs lr_scheduler muon proximal rprop search sgd swa_utils",
    adagrad="Adadelta Adagrad RMSprop",
    adam="Adam AdamW",
    adam_kin="Adamax NAdam RAdam",
    lbfgs="LBFGS",
    muon="Muon",
    proximal="Proximal",
    rprop="ASGD Rprop",
    search="RandomLocalSearch RandomSearch",
    sgd="SGD",
    instead={
        "Adafactor": "use Adam or AdamW, which remember every square in full",
        "SparseAdam": "use Adam: gradients are dense",
    },
)
