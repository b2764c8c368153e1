"""Optimizers change parameters so that a loss falls. All have the interface `loss = optimizer.step(closure)`, and of
those with a learning rate lr it is a number, or a function of the number of steps made so far.

    optimizer.py      Optimizer: parameter groups, state, what each step has in common
    elementwise.py    ElementwiseOptimizer: the base of those whose formula is in ops/update.py (up to rprop.py)
    sgd.py            SGD: follows the gradient, or a momentum
    adam.py           Adam, AdamW: an average gradient, each coordinate scaled by an average of its squares
    adam_variants.py  Adamax, NAdam, RAdam
    adagrad.py        Adagrad, Adadelta, RMSprop: scaled by squares alone
    rprop.py          Rprop: by the signs of gradients; ASGD: averages the weights
    lbfgs.py          LBFGS: by curvature; its line search is in wolfe.py
    muon.py           Muon: momentum, orthogonalized
    proximal.py       Proximal: a regularizer's proximal step after each step of one of these
    lr_scheduler/     schedules of the learning rate
    swa_utils.py      AveragedModel, SWALR, update_bn: averages of weights
    search.py         RandomSearch, RandomLocalSearch: draw weights at random, and keep the best

checks.py validates settings and parameters; state.py is state_dict and load_state_dict.
"""

from typing import TYPE_CHECKING

from minigrad._lazy import lazy_imports
from minigrad.optim.optimizer import Optimizer

if TYPE_CHECKING:
    from minigrad.optim import lr_scheduler, swa_utils
    from minigrad.optim.adagrad import Adadelta, Adagrad, RMSprop
    from minigrad.optim.adam import Adam, AdamW
    from minigrad.optim.adam_variants import Adamax, NAdam, RAdam
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
    "adagrad adam adam_variants lbfgs lr_scheduler muon proximal rprop search sgd swa_utils",
    adagrad="Adadelta Adagrad RMSprop",
    adam="Adam AdamW",
    adam_variants="Adamax NAdam RAdam",
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
