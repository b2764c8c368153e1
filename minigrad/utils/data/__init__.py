"""From a data set to batches, by PyTorch's names.

dataset.py  what can be asked for samples, and what is made of several
sampler.py  in which order
collate.py  a batch from a list of samples
loader.py   all of it together: `DataLoader`
pool.py     worker processes, seen from the loader
worker.py   and from within
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
