"""Worker processes: the same batches in the same order, errors with their tracebacks, and no process left behind."""

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.utils import data
from minigrad.utils.data import DataLoader, TensorDataset, get_worker_info

ROOT = Path(__file__).parents[2]


class Rows(data.Dataset[Any]):
    """Numbers; at `where`, something happens."""

    def __init__(self, n: int = 20, where: int = -1, what: str = "") -> None:
        self.n, self.where, self.what = n, where, what

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, i: int) -> Any:
        if i == self.where and self.what == "raise":
            return {"a": 1}["missing"]
        if i == self.where and self.what == "strange":
            raise Strange(1, 2)
        if i == self.where and self.what == "stop":
            next(iter(()))
        if i == self.where and self.what == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if i == self.where and self.what == "exit":
            os._exit(3)
        if i == self.where and self.what == "sleep":
            time.sleep(60)
        return i


class Strange(Exception):
    def __init__(self, a: int, b: int) -> None:
        super().__init__("strange")


class Draws(Rows):
    def __getitem__(self, i: int) -> Any:
        info = get_worker_info()
        assert info is not None
        return info.id, info.seed, mg.rand(1).item(), float(np.random.rand()), random.random(), os.getpid()


class Threads(Rows):
    def __getitem__(self, i: int) -> Any:
        return mg.get_num_threads()


class Shares(data.IterableDataset[int]):
    def __iter__(self) -> Iterator[int]:
        info = get_worker_info()
        return iter(range(10) if info is None else range(info.id, 10, info.num_workers))


class Large(Rows):
    def __getitem__(self, i: int) -> Any:
        return np.full(300_000, i, np.float32)


def started(id: int) -> None:
    np.random.seed(1000 + id)


def refuses(id: int) -> None:
    raise OSError(f"worker {id} finds no disk")


def as_is(batch: Any) -> Any:
    return batch


def ended(pid: int) -> bool:
    for _ in range(500):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.01)
    return False


def draws(**options: Any) -> Any:
    return DataLoader(Draws(), 5, num_workers=2, collate_fn=as_is, **options)


def test_a_worker_has_one_thread() -> None:
    assert list(DataLoader(Threads(4), None, num_workers=2)) == [1, 1, 1, 1]


@pytest.mark.parametrize("options", [{"num_workers": 2}, {"num_workers": 3, "prefetch_factor": 1}])
def test_workers_give_what_one_process_gives(options: dict[str, Any]) -> None:
    runs = []
    for extra in ({}, options):
        mg.manual_seed(4)
        loader = DataLoader(TensorDataset(mg.arange(23), mg.randn(23, 2)), 4, shuffle=True, **extra)
        runs.append([[t.tolist() for t in b] for _ in range(2) for b in loader])
    assert runs[0] == runs[1] and len(runs[0]) == 12
    assert get_worker_info() is None


def test_each_worker_draws_its_own_numbers_and_the_same_in_each_run() -> None:
    runs = []
    for _ in range(2):
        mg.manual_seed(4)
        runs.append([row for batch in draws() for row in batch])
    assert [row[:-1] for row in runs[0]] == [row[:-1] for row in runs[1]]
    assert {(id, seed - runs[0][0][1]) for id, seed, *_ in runs[0]} == {(0, 0), (1, 1)}
    for kind in (2, 3, 4):
        assert len({row[kind] for row in runs[0]}) == 20
    assert os.getpid() not in {row[-1] for row in runs[0]}


def test_worker_init_fn_comes_after_the_seeds() -> None:
    first = next(iter(draws(worker_init_fn=started)))[0]
    assert first[3] == np.random.RandomState(1000).rand()


def test_iterable_datasets_are_shared_out() -> None:
    batches = [b.tolist() for b in DataLoader(Shares(), 2, num_workers=3)]
    assert batches == [[0, 3], [1, 4], [2, 5], [6, 9], [7], [8]]
    assert sorted(DataLoader(Shares(), None, num_workers=2)) == list(range(10))


def test_batches_larger_than_a_pipe_and_long_lists_of_indices() -> None:
    loader = DataLoader(Large(12), 2, num_workers=1, prefetch_factor=4)
    assert [b[:, 0].tolist() for b in loader] == [[i, i + 1] for i in range(0, 12, 2)]
    loader = DataLoader(Rows(400_000), 100_000, num_workers=1, prefetch_factor=4)
    assert [len(b) for b in loader] == [100_000] * 4


def test_persistent_workers_stay_and_an_abandoned_epoch_does_not_show() -> None:
    loader = draws(persistent_workers=True)
    one = {row[-1] for batch in loader for row in batch}
    abandoned = iter(loader)
    next(abandoned)
    two = [row for batch in loader for row in batch]
    assert {row[-1] for row in two} == one and len(two) == 20
    with pytest.raises(RuntimeError, match="this iterator ended when the next one was started"):
        list(abandoned)
    del loader, abandoned
    assert all(map(ended, one))


@pytest.mark.parametrize("how", ["abandoned", "finished", "failed"])
def test_no_process_is_left_behind(how: str) -> None:
    before = set(multiprocessing.active_children())
    batches = iter(draws() if how != "failed" else DataLoader(Rows(20, 9, "raise"), 5, num_workers=2))
    next(batches)
    pids = [process.pid for process in set(multiprocessing.active_children()) - before if process.pid]
    if how == "finished":
        list(batches)
    elif how == "failed":
        with pytest.raises(KeyError):
            list(batches)
    del batches
    assert len(pids) == 2 and all(map(ended, pids))


def test_a_workers_exception_comes_with_its_traceback() -> None:
    with pytest.raises(KeyError) as error:
        list(DataLoader(Rows(20, 9, "raise"), 5, num_workers=2))
    (note,) = error.value.__notes__
    assert error.value.args == ("missing",) and 'return {"a": 1}["missing"]' in note
    assert note.startswith("in DataLoader worker 1:\nTraceback")


def test_exceptions_that_cannot_travel_come_as_runtime_errors() -> None:
    with pytest.raises(RuntimeError, match="Strange: strange") as error:
        list(DataLoader(Rows(20, 9, "strange"), 5, num_workers=2))
    assert "raise Strange(1, 2)" in error.value.__notes__[0]


@pytest.mark.parametrize("workers", [0, 1])
def test_a_dataset_that_stops_does_not_end_the_epoch_in_silence(workers: int) -> None:
    with pytest.raises(RuntimeError, match=r"raised StopIteration for \[4, 5\]: expected a sample for each index"):
        list(DataLoader(Rows(10, 5, "stop"), 2, num_workers=workers))


def test_a_worker_init_fn_that_fails() -> None:
    with pytest.raises(OSError, match="worker 0 finds no disk") as error:
        list(DataLoader(Rows(), 5, num_workers=2, worker_init_fn=refuses))
    assert "in DataLoader worker 0" in error.value.__notes__[0]


@pytest.mark.parametrize("what, text", [("kill", "was killed by SIGKILL"), ("exit", "ended with exit code 3")])
def test_a_worker_that_dies_is_reported(what: str, text: str) -> None:
    with pytest.raises(RuntimeError, match=r"DataLoader: worker 1 \(pid \d+\) " + text):
        list(DataLoader(Rows(20, 9, what), 5, num_workers=2))


def test_timeout_is_kept() -> None:
    loader = DataLoader(Rows(20, 9, "sleep"), 5, num_workers=2, timeout=1.5)
    start = time.monotonic()
    with pytest.raises(RuntimeError, match=r"DataLoader: timeout: worker 1 \(pid \d+\) gave no batch in 1.5 s"):
        list(loader)
    assert time.monotonic() - start < 10


def test_what_cannot_be_pickled_is_refused_in_words() -> None:
    with pytest.raises(TypeError, match="collate_fn and worker_init_fn must survive pickling .* or use num_workers=0"):
        list(DataLoader(Rows(), 5, num_workers=1, collate_fn=lambda batch: batch))


def test_goes_on_within_an_epoch() -> None:
    loader = DataLoader(Rows(), 3, shuffle=True, num_workers=2)
    batches = iter(loader)
    next(batches), next(batches)
    state = loader.state_dict()
    left = [b.tolist() for b in batches]
    other = DataLoader(Rows(), 3, shuffle=True, num_workers=1)
    other.load_state_dict(state)
    assert [b.tolist() for b in other] == left and len(left) == 5


SCRIPT = """
import sys, time
import minigrad as mg
from minigrad.utils.data import DataLoader, TensorDataset

def work():
    for batch in DataLoader(TensorDataset(mg.arange(10**6)), 1, num_workers=2):
        print("running", flush=True)
        time.sleep(0.2)

GUARD
"""


def members(session: int) -> list[int]:
    """The living processes of a session."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, of = stat.read_text().rpartition(")")[2].split()[:4]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(of) == session and state != "Z":
            found.append(int(stat.parent.name))
    return found


def run_script(path: Path, guard: str) -> subprocess.Popen[str]:
    path.write_text(textwrap.dedent(SCRIPT).replace("GUARD", guard))
    return subprocess.Popen(
        [sys.executable, str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a suite in the background may ignore Ctrl-C
    )  # fmt: skip


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
def test_ctrl_c_and_a_killed_parent_leave_no_process_behind(tmp_path: Path, sent: signal.Signals) -> None:
    with run_script(tmp_path / "script.py", 'if __name__ == "__main__":\n    work()') as script:
        assert script.stdout is not None and script.stdout.readline() == "running\n"
        assert len(members(script.pid)) >= 3
        os.killpg(script.pid, sent) if sent == signal.SIGINT else script.send_signal(sent)
        _, errors = script.communicate(timeout=30)
    for _ in range(500):
        if not members(script.pid):
            break
        time.sleep(0.01)
    assert members(script.pid) == [] and script.returncode != 0
    assert errors.count("Traceback") == (sent == signal.SIGINT), errors


def test_a_script_without_a_guard_is_told_so(tmp_path: Path) -> None:
    with run_script(tmp_path / "script.py", "work()") as script:
        _, errors = script.communicate(timeout=30)
    assert script.returncode == 1 and 'must begin its work under `if __name__ == "__main__":`' in errors
