"""Datasets, samplers and the DataLoader, with PyTorch's names.

dataset.py  datasets, and datasets made of others
sampler.py  the order of the samples
collate.py  a batch from a list of samples
loader.py   `DataLoader`
checks.py   validation of its arguments and of its state
pool.py     worker processes, in the process of the loader
worker.py   the worker process
"""

from minigrad._lazy import lazy_imports
from minigrad.utils.data.collate import default_collate, default_convert
from minigrad.utils.data.dataset import (
    ChainDataset,
    ConcatDataset,
    Dataset,
    IterableDataset,
    StackDataset,
    Subset,
    TensorDataset,
    random_split,
)
from minigrad.utils.data.loader import DataLoader
from minigrad.utils.data.sampler import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)
from minigrad.utils.data.worker import WorkerInfo, get_worker_info

__all__ = [
    "BatchSampler", "ChainDataset", "ConcatDataset", "DataLoader", "Dataset", "IterableDataset", "RandomSampler",
    "Sampler", "SequentialSampler", "StackDataset", "Subset", "SubsetRandomSampler", "TensorDataset",
    "WeightedRandomSampler", "WorkerInfo", "default_collate", "default_convert", "get_worker_info", "random_split",
]  # fmt: skip

_ONE_PROCESS = "training runs in one process; use RandomSampler, or shuffle=True"
__getattr__, __dir__ = lazy_imports(__name__, instead={"distributed": _ONE_PROCESS, "DistributedSampler": _ONE_PROCESS})
