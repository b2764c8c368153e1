"""Storages: a tensor's memory as a row of its own."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import GraphError
from minigrad.storage import TypedStorage, UntypedStorage


def test_a_storage_is_the_whole_memory_of_a_view() -> None:
    x = mg.arange(6).float().view(2, 3)
    memory = x[1:].untyped_storage()
    assert (memory.nbytes(), len(memory), memory.element_size()) == (24, 24, 1)
    assert memory.data_ptr() == x.data_ptr() and memory == x.T.untyped_storage() != mg.ones(6).untyped_storage()
    assert memory[4:8].tolist() == [0, 0, 128, 63] and memory.device == mg.device("cpu")
    with pytest.warns(UserWarning, match=r"storage: TypedStorage is deprecated; use untyped_storage\(\)"):
        typed = x[1:].storage()
    assert typed.tolist() == [0, 1, 2, 3, 4, 5] and typed[4] == 4.0 and typed.dtype == mg.float32
    assert isinstance(typed, mg.FloatStorage) and isinstance(typed, TypedStorage) and mg.is_storage(typed)
    assert not isinstance(typed, mg.LongStorage) and typed.untyped() == memory and len({memory, typed.untyped()}) == 1
    assert "TypedStorage(dtype=minigrad.float32, device=cpu) of size 6" in repr(typed)
    assert typed.pickle_storage_type() == "FloatStorage" and list(typed.clone()) == typed.tolist()


def test_changes_of_a_storage_reach_its_tensors_and_are_counted() -> None:
    x = mg.ones(2, requires_grad=True)
    y = x.exp()
    y.untyped_storage().fill_(0)
    assert y.tolist() == [0, 0]
    with pytest.raises(GraphError, match="was changed in place by `storage`"):
        y.sum().backward()
    y.detach()._typed_storage().copy_(mg.FloatStorage([3, 4]))
    assert y.tolist() == [3, 4]


def test_tensors_of_storages() -> None:
    s = mg.FloatStorage([1, 2, 3, 4])
    assert mg.Tensor(s).tolist() == [1, 2, 3, 4] and mg.tensor(s).dtype == mg.float32
    t = mg.Tensor().set_(s)
    t[0] = 9
    assert s[0] == 9 and mg.Tensor().set_(s, 1, (2,), (2,)).tolist() == [2, 4]
    assert mg.Tensor().set_(s, 0, (2, 2)).tolist() == [[9, 2], [3, 4]]
    assert UntypedStorage(8).nbytes() == 8 and mg.TypedStorage(3, dtype=mg.int64).nbytes() == 24
    assert mg.LongStorage(2).size() == 2 and np.asarray(mg.BoolStorage([True, False])).dtype == bool
    with pytest.raises(NotImplementedError, match="resize_: memory has one size here"):
        s.resize_(0)
