"""Datasets, samplers, collation and the loader in one process: PyTorch's results, exact resumption, errors."""

from collections import OrderedDict, namedtuple
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.utils import data
from minigrad.utils.data import DataLoader, TensorDataset


class Squares(data.Dataset[Any]):
    def __init__(self, n: int) -> None:
        self.n = n

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, i: int) -> int:
        return i * i


class Stream(data.IterableDataset[int]):
    def __init__(self, n: int) -> None:
        self.n = n

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.n))

    def __len__(self) -> int:
        return self.n


def numbers(n: int = 10) -> TensorDataset:
    return TensorDataset(mg.arange(n), mg.arange(n) * 10)


def firsts(loader: Any) -> list[Any]:
    return [batch[0].tolist() for batch in loader]


# --- datasets --------------------------------------------------------------------------------------------------------


def test_tensor_dataset() -> None:
    sample = numbers()[3]
    assert [t.item() for t in sample] == [3, 30] and len(numbers()) == 10
    with pytest.raises(
        ValueError, match=r"TensorDataset: expected one length, got 2 in tensors\[0\], 3 in tensors\[1\]"
    ):
        TensorDataset(mg.ones(2), mg.ones(3))
    with pytest.raises(TypeError, match=r"tensors\[1\]: expected a Tensor, got ndarray"):
        TensorDataset(mg.ones(2), np.ones(2))  # type: ignore[arg-type]


def test_concat_chain_stack_and_subset() -> None:
    both = Squares(3) + Squares(2)
    assert [both[i] for i in range(-1, 5)] == [1, 0, 1, 4, 0, 1] and len(both) == 5
    with pytest.raises(IndexError, match="ConcatDataset: index: expected -5 to 4, got 5"):
        both[5]
    with pytest.raises(TypeError, match="use ChainDataset"):
        data.ConcatDataset([Stream(2)])
    chain = Stream(2) + Stream(3)
    assert list(chain) == [0, 1, 0, 1, 2] and len(chain) == 5
    assert data.StackDataset(Squares(3), Squares(3))[2] == (4, 4)
    assert data.StackDataset(a=Squares(3), b=Squares(3))[2] == {"a": 4, "b": 4}
    assert [data.Subset(Squares(9), [5, 7])[i] for i in (0, 1)] == [25, 49]
    assert data.Subset(data.Subset(Squares(9), [5, 7]), [1]).__getitems__([0]) == [49]


@pytest.mark.parametrize("lengths", [[7, 3], [0.7, 0.3], [0.25, 0.25, 0.5], [1 / 3, 1 / 3, 1 / 3], [1.0], [0, 10]])
def test_random_split_has_pytorchs_sizes(lengths: list[float]) -> None:
    torch_data = pytest.importorskip("torch.utils.data", reason="compares with torch's sizes")
    parts = data.random_split(Squares(10), lengths)
    wanted = [len(p) for p in torch_data.random_split(range(10), lengths)]
    assert [len(p) for p in parts] == wanted
    assert sorted(i for p in parts for i in p.indices) == list(range(10))


def test_random_split_repeats_by_generator_and_refuses() -> None:
    one, two = (data.random_split(Squares(20), [0.5, 0.5], mg.Generator().manual_seed(3)) for _ in range(2))
    assert [p.indices for p in one] == [p.indices for p in two]
    with pytest.raises(ValueError, match=r"lengths: expected numbers of samples that sum to 10, or .*, got \[4, 4\]"):
        data.random_split(Squares(10), [4, 4])


# --- samplers --------------------------------------------------------------------------------------------------------


def test_random_samplers_draw_anew_and_repeat_by_seed() -> None:
    sampler = data.RandomSampler(Squares(50))
    one, two = list(sampler), list(sampler)
    assert sorted(one) == sorted(two) == list(range(50)) and one != two
    mg.manual_seed(0)
    assert list(sampler) == one


def test_random_sampler_with_replacement_and_num_samples() -> None:
    drawn = list(data.RandomSampler(Squares(5), replacement=True, num_samples=1000))
    assert len(drawn) == 1000 and np.bincount(drawn).min() > 150
    more = list(data.RandomSampler(Squares(5), num_samples=12))
    assert len(more) == 12 and sorted(more[:5]) == sorted(more[5:10]) == list(range(5))
    assert list(data.RandomSampler(Squares(0))) == []
    with pytest.raises(ValueError, match="RandomSampler: num_samples: expected an integer of 1 or more, got 0"):
        data.RandomSampler(Squares(5), num_samples=0)


def test_weighted_and_subset_samplers() -> None:
    drawn = np.bincount(list(data.WeightedRandomSampler([1, 0, 3], 4000)), minlength=3) / 4000
    assert np.allclose(drawn, [0.25, 0, 0.75], atol=0.03)
    assert sorted(data.WeightedRandomSampler([1, 0, 3], 2, replacement=False)) == [0, 2]
    assert sorted(data.SubsetRandomSampler([4, 8, 6])) == [4, 6, 8]
    with pytest.raises(ValueError, match="weights: expected 3 or more above 0, got 2"):
        data.WeightedRandomSampler([1, 0, 3], 3, replacement=False)
    with pytest.raises(ValueError, match="weights: expected a 1-d array of finite numbers"):
        data.WeightedRandomSampler([1, -1], 3)


@pytest.mark.parametrize("drop_last, wanted", [(False, [[0, 1], [2, 3], [4]]), (True, [[0, 1], [2, 3]])])
def test_batch_sampler(drop_last: bool, wanted: list[list[int]]) -> None:
    sampler = data.BatchSampler(data.SequentialSampler(range(5)), 2, drop_last)
    assert list(sampler) == wanted and len(sampler) == len(wanted)


# --- collation -------------------------------------------------------------------------------------------------------

Point = namedtuple("Point", "x y")
SAMPLES = [
    [1, 2], [1.5, 2.5], [True, False], ["a", "b"], [b"a", b"b"], [(1, "a"), (2, "b")], [[1, 2.0], [3, 4.0]],
    [{"a": 1, "b": [1.0]}, {"a": 2, "b": [2.0]}], [Point(1, 2.0), Point(3, 4.0)], [OrderedDict(a=1), OrderedDict(a=2)],
    [np.ones(3, np.float32), np.zeros(3, np.float32)], [np.float32(1), np.float32(2)], [np.int16(1), np.int16(2)],
    [np.array(1.0), np.array(2.0)], [(np.ones((2, 2), np.uint8), 3), (np.ones((2, 2), np.uint8), 4)],
]  # fmt: skip


def facts(x: Any) -> Any:
    """A collated batch without its framework."""
    if hasattr(x, "tolist"):
        return str(x.dtype).removeprefix("torch."), x.tolist()
    if isinstance(x, dict):
        return type(x).__name__, {k: facts(v) for k, v in x.items()}
    return (type(x).__name__, [facts(v) for v in x]) if isinstance(x, (list, tuple)) else x


@pytest.mark.parametrize("batch", SAMPLES, ids=repr)
def test_default_collate_is_pytorchs(batch: list[Any]) -> None:
    torch_data = pytest.importorskip("torch.utils.data", reason="compares with torch's default_collate")
    assert facts(data.default_collate(batch)) == facts(torch_data.default_collate(batch))
    assert facts(data.default_convert(batch[0])) == facts(torch_data.default_convert(batch[0]))


def test_default_collate_stacks_tensors_and_keeps_gradients() -> None:
    w = mg.ones(2, requires_grad=True)
    batch = data.default_collate([w, w * 2])
    batch.sum().backward()
    assert batch.tolist() == [[1, 1], [2, 2]] and w.grad is not None and w.grad.tolist() == [3, 3]


@pytest.mark.parametrize(
    "batch, kind, text",
    [
        ([object()], TypeError, r"the samples: expected tensors, arrays, .* got object; pass a collate_fn"),
        ([{"a": (1, None)}] * 2, TypeError, r"the samples\['a'\]\[1\]: expected .* got NoneType"),
        ([(1, 2), (1,)], ValueError, r"the samples: expected one length, got 2 at 0 and 1 at 1"),
        ([np.ones(2), np.ones(3)], ValueError, r"expected one shape, got \(2,\) at 0 and \(3,\) at 1"),
        ([mg.ones(2), mg.ones(3)], ValueError, r"expected .*one shape, got \(2,\) at 0 and \(3,\) at 1"),
        ([{"a": 1}, {"b": 1}], ValueError, r"expected one keys?"),
        ([], ValueError, r"batch: expected one or more samples"),
    ],
)
def test_default_collate_says_what_does_not_fit(batch: Any, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text) as error:
        data.default_collate(batch)
    assert "default_collate" in str(error.value) or "stack" in str(error.value)


# --- the loader ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"drop_last": True}, {"batch_size": 20}, {"batch_size": 1}])
def test_batches_in_order_and_their_number(options: dict[str, Any]) -> None:
    torch_data = pytest.importorskip("torch.utils.data", reason="compares with torch's batches")
    import torch

    options = {"batch_size": 4, **options}
    ours = DataLoader(numbers(), **options)
    theirs = torch_data.DataLoader(torch_data.TensorDataset(torch.arange(10), torch.arange(10) * 10), **options)
    assert [facts(b) for b in ours] == [facts(b) for b in theirs] and len(ours) == len(theirs)


def test_shuffles_anew_each_epoch_and_repeats_by_seed() -> None:
    loader = DataLoader(numbers(40), 8, shuffle=True)
    one, two = firsts(loader), firsts(loader)
    assert one != two and sorted(sum(one, [])) == sorted(sum(two, [])) == list(range(40))
    mg.manual_seed(0)
    assert firsts(DataLoader(numbers(40), 8, shuffle=True)) == one


def test_a_generator_of_its_own_leaves_the_default_one_alone() -> None:
    before = mg.get_rng_state()["state"]["buffer"].tolist(), mg.get_rng_state()["state"]["buffer_pos"]
    one, two = (firsts(DataLoader(numbers(), 3, True, generator=mg.Generator().manual_seed(5))) for _ in range(2))
    after = mg.get_rng_state()["state"]["buffer"].tolist(), mg.get_rng_state()["state"]["buffer_pos"]
    assert one == two and before == after


class Collated(TensorDataset):
    """A subclass, whose samples are collated one by one."""


@pytest.mark.parametrize("options", [{}, {"shuffle": True}, {"shuffle": True, "drop_last": True}, {"batch_size": 7}])
@pytest.mark.parametrize("nested", [0, 1, 2])
def test_indexing_tensors_gives_what_collating_samples_gives(options: dict[str, Any], nested: int) -> None:
    results = []
    for kind in (TensorDataset, Collated):
        mg.manual_seed(1)
        dataset: Any = kind(mg.arange(20), mg.randn(20, 3))
        for _ in range(nested):
            dataset = data.Subset(dataset, list(range(1, len(dataset), 1))[::-1])
        loader = DataLoader(dataset, **{"batch_size": 4, **options})
        assert bool(loader._tensor_indexer()) == (kind is TensorDataset)
        results.append([facts(b) for _ in range(2) for b in loader])
    assert results[0] == results[1]


def test_indexing_tensors_reads_no_single_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TensorDataset, "__getitem__", lambda self, i: pytest.fail("asked for one sample"))
    assert len(firsts(DataLoader(numbers(), 3, shuffle=True))) == 4


def test_batches_own_their_memory() -> None:
    dataset = numbers()
    next(iter(DataLoader(dataset, 10)))[0].fill_(0)
    assert dataset.tensors[0].tolist() == list(range(10))


def test_without_batches() -> None:
    assert list(DataLoader(Squares(3), batch_size=None)) == [0, 1, 4]
    assert [t.item() for t, _ in DataLoader(numbers(3), batch_size=None, shuffle=False)] == [0, 1, 2]
    assert len(DataLoader(Squares(3), batch_size=None)) == 3


def test_custom_sampler_batch_sampler_and_collate() -> None:
    assert firsts(DataLoader(numbers(), 2, sampler=[9, 1, 4])) == [[9, 1], [4]]
    assert firsts(DataLoader(numbers(), batch_sampler=[[1], [2, 3]])) == [[1], [2, 3]]
    assert list(DataLoader(Squares(4), 2, collate_fn=sum)) == [1, 13]


def test_iterable_datasets() -> None:
    loader = DataLoader(Stream(5), 2)
    assert [b.tolist() for b in loader] == [[0, 1], [2, 3], [4]] and len(loader) == 3
    assert [b.tolist() for b in DataLoader(Stream(5), 2, drop_last=True)] == [[0, 1], [2, 3]]
    assert list(DataLoader(Stream(3), batch_size=None)) == [0, 1, 2]
    assert list(DataLoader(Stream(0), 2)) == []


@pytest.mark.parametrize(
    "options, kind, text",
    [
        ({"batch_size": 0}, ValueError, "batch_size: expected an integer of 1 or more, got 0"),
        ({"batch_size": 2.5}, TypeError, "batch_size: expected an integer, got 2.5"),
        ({"num_workers": -1}, ValueError, "num_workers: expected an integer of 0 or more, got -1"),
        ({"shuffle": 1}, TypeError, "shuffle: expected True or False, got 1"),
        ({"shuffle": True, "sampler": [1]}, ValueError, "shuffle: expected False beside a sampler"),
        ({"sampler": 3}, TypeError, "sampler: expected something to iterate over, got int"),
        ({"batch_sampler": [[1]], "batch_size": 4}, ValueError, "batch_size: a batch_sampler .* expected 1, got 4"),
        ({"batch_sampler": [[1]], "drop_last": True}, ValueError, "drop_last: .* expected False, got True"),
        ({"batch_size": None, "drop_last": True}, ValueError, "drop_last: without batches"),
        ({"timeout": -1}, ValueError, "timeout: expected 0 seconds .* got -1"),
        ({"timeout": 1}, ValueError, r"timeout: without workers \(num_workers=0\): expected 0, got 1"),
        ({"prefetch_factor": 2}, ValueError, "prefetch_factor: without workers"),
        ({"persistent_workers": True}, ValueError, "persistent_workers: without workers"),
        ({"collate_fn": 3}, TypeError, "collate_fn: expected a function or None, got int"),
        ({"generator": 3}, TypeError, "generator: expected a minigrad.Generator or None, got int"),
        ({"dataset": 3}, TypeError, "dataset: expected a Dataset, .* got int"),
        ({"dataset": Stream(3), "shuffle": True}, ValueError, "shuffle: an IterableDataset has its own order"),
        ({"dataset": Stream(3), "sampler": [1]}, ValueError, "sampler: an IterableDataset has its own order"),
    ],
)
def test_bad_arguments_are_named(options: dict[str, Any], kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match="DataLoader: " + text):
        DataLoader(**{"dataset": numbers(), **options})


# --- going on --------------------------------------------------------------------------------------------------------


def loader_like_it(own: bool, dataset: Any = None) -> Any:
    generator = mg.Generator().manual_seed(3) if own else None
    return DataLoader(dataset or numbers(20), 3, shuffle=True, generator=generator)


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("at", [0, 1, 4, 6, 7])
def test_goes_on_with_exactly_the_batches_that_were_left(own: bool, at: int) -> None:
    loader = loader_like_it(own)
    list(loader)
    batches = iter(loader)
    for _ in range(at):
        next(batches)
    state, random = loader.state_dict(), mg.get_rng_state()
    left = [b[0].tolist() for b in batches]
    after, drawn = firsts(loader), mg.rand(3).tolist()

    mg.manual_seed(99)
    other = loader_like_it(own)
    other.load_state_dict(state)
    mg.set_rng_state(random)
    assert other.epoch == 1 and other.state_dict()["batches"] == at
    assert firsts(other) == left and other.epoch == 2
    assert firsts(other) == after and mg.rand(3).tolist() == drawn


@pytest.mark.parametrize("own", [False, True])
def test_goes_on_between_epochs(own: bool) -> None:
    loader = loader_like_it(own)
    list(loader)
    state, random = loader.state_dict(), mg.get_rng_state()
    after = firsts(loader)
    mg.manual_seed(99)
    other = loader_like_it(own)
    other.load_state_dict(state)
    mg.set_rng_state(random)
    assert firsts(other) == after and (state["epoch"], state["batches"]) == (1, 0)


def test_a_stream_goes_on_and_an_abandoned_epoch_counts() -> None:
    loader = DataLoader(Stream(7), 2)
    batches = iter(loader)
    next(batches)
    other = DataLoader(Stream(7), 2)
    other.load_state_dict(loader.state_dict())
    assert [b.tolist() for b in other] == [[2, 3], [4, 5], [6]]
    assert loader.epoch == 0 and next(iter(loader)).tolist() == [0, 1] and loader.epoch == 1


@pytest.mark.parametrize(
    "change, text",
    [
        ({"epoch": -1}, "epoch: expected an integer of 0 or more, got -1"),
        ({"running": 1}, "running: expected True or False, got 1"),
        ({"generators": []}, "generators: expected states of the default one and 0 more, got 0"),
        ({"more": 1}, r"expected a dict with \['batches', 'epoch', 'generators', 'running'\], got"),
    ],
)
def test_states_that_are_none_are_refused(change: dict[str, Any], text: str) -> None:
    loader = DataLoader(numbers(), 3)
    with pytest.raises(ValueError, match="DataLoader.load_state_dict: " + text):
        loader.load_state_dict({**loader.state_dict(), **change})
