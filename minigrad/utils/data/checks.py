"""Validation of a DataLoader's arguments and of the state it is given."""

from typing import Any

import numpy as np

from minigrad.utils.data.dataset import IterableDataset
from minigrad.utils.data.sampler import check_generator, check_integer

OP = "DataLoader"


def check_arguments(given: dict[str, Any]) -> None:
    """Raise TypeError for arguments of a wrong type, ValueError for wrong values and combinations."""
    dataset, shuffle = given["dataset"], given["shuffle"]
    iterable = isinstance(dataset, IterableDataset)
    if not iterable and not hasattr(dataset, "__getitem__"):
        raise TypeError(
            f"{OP}: dataset: expected a Dataset, or anything with __getitem__ and __len__, got {type(dataset).__name__}"
        )
    if given["batch_size"] is not None:
        check_integer(OP, "batch_size", given["batch_size"])
    check_integer(OP, "num_workers", given["num_workers"], 0)
    for name in ("pin_memory", "drop_last", "persistent_workers"):
        _check_type(name, given[name], bool, "True or False")
    if shuffle is not None:
        _check_type("shuffle", shuffle, bool, "True or False")
    _check_type("timeout", given["timeout"], (int, float, np.number), "a number of seconds")
    if not given["timeout"] >= 0:
        raise ValueError(f"{OP}: timeout: expected 0 seconds (wait forever) or more, got {given['timeout']}")
    for name in ("collate_fn", "worker_init_fn"):
        if given[name] is not None and not callable(given[name]):
            raise TypeError(f"{OP}: {name}: expected a function or None, got {type(given[name]).__name__}")
    check_generator(OP, given["generator"])
    _check_order(given, iterable)
    _check_workers(given)


def _check_order(given: dict[str, Any], iterable: bool) -> None:
    for name in ("sampler", "batch_sampler"):
        if given[name] is not None and not hasattr(given[name], "__iter__"):
            raise TypeError(f"{OP}: {name}: expected something to iterate over, got {type(given[name]).__name__}")
        if given[name] is not None and iterable:
            raise ValueError(f"{OP}: {name}: an IterableDataset has its own order: expected None, got one")
        if given[name] is not None and given["shuffle"]:
            raise ValueError(f"{OP}: shuffle: expected False beside a {name}, which decides the order, got True")
    if iterable and given["shuffle"]:
        raise ValueError(f"{OP}: shuffle: an IterableDataset has its own order: expected False, got True")
    if given["batch_sampler"] is not None:
        for name, default in (("batch_size", 1), ("sampler", None), ("drop_last", False)):
            if given[name] != default:
                raise ValueError(
                    f"{OP}: {name}: a batch_sampler makes the batches: expected {default}, got {given[name]!r}"
                )
    elif given["batch_size"] is None and given["drop_last"]:
        raise ValueError(f"{OP}: drop_last: without batches (batch_size=None): expected False, got True")


def _check_workers(given: dict[str, Any]) -> None:
    if given["prefetch_factor"] is not None:
        check_integer(OP, "prefetch_factor", given["prefetch_factor"])
    for name, off in (("timeout", 0), ("prefetch_factor", None), ("persistent_workers", False)):
        if not given["num_workers"] and given[name] != off:
            raise ValueError(f"{OP}: {name}: without workers (num_workers=0): expected {off}, got {given[name]!r}")


def _check_type(name: str, value: Any, kind: Any, description: str) -> None:
    if not isinstance(value, kind) or kind is not bool and isinstance(value, bool):
        raise TypeError(f"{OP}: {name}: expected {description}, got {value!r}")


def check_state(state: Any, generators: int) -> tuple[int, int, bool, list[Any]]:
    """The entries epoch, batches, running, generators of a loader's state_dict. Raises ValueError for anything else."""
    op, keys = f"{OP}.load_state_dict", {"epoch", "batches", "running", "generators"}
    if not isinstance(state, dict) or state.keys() != keys:
        got = sorted(map(str, state)) if isinstance(state, dict) else type(state).__name__
        raise ValueError(f"{op}: expected a dict with {sorted(keys)}, got {got}")
    epoch, batches, running, states = state["epoch"], state["batches"], state["running"], state["generators"]
    check_integer(op, "epoch", epoch, 0)
    check_integer(op, "batches", batches, 0)
    if not isinstance(running, bool):
        raise ValueError(f"{op}: running: expected True or False, got {running!r}")
    if not isinstance(states, (list, tuple)) or len(states) != generators + 1:
        found = len(states) if isinstance(states, (list, tuple)) else type(states).__name__
        raise ValueError(f"{op}: generators: expected states of the default one and {generators} more, got {found}")
    return epoch, batches, running, list(states)
