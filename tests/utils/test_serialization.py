"""Checkpoints: what is saved comes back exactly, other programs read it, and bad files are named for what they are."""

import math
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import minigrad as mg
from minigrad import nn, optim

ROOT = Path(__file__).parents[2]


def back(obj: Any, tmp_path: Path, **options: Any) -> Any:
    mg.save(obj, tmp_path / "x.safetensors")
    return mg.load(tmp_path / "x.safetensors", **options)


def same(a: Any, b: Any) -> bool:
    if isinstance(a, (mg.Tensor, np.ndarray)):
        return type(a) is type(b) and a.dtype == b.dtype and a.shape == b.shape and np.array_equal(np.array(a), b)
    if isinstance(a, dict):
        return list(a) == list(b) and [type(k) for k in a] == [type(k) for k in b] and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and (a == b or a != a and b != b)


OBJECTS = [
    None, True, 3, -(2**70), 2**64 - 1, 0.1, 5e-324, -0.0, math.inf, math.nan, "text ä\n", [], (), {},
    [1, (2.5, [None])],
    {"a": 1, 1: "one", "1": {0: False}}, {"": 0, "a.b": 1, "a": {"b": 2}},
    np.arange(4, dtype=np.uint64) + np.uint64(2**63), np.float32(0.1), np.int16(3), np.array(2.5), np.ones((2, 0)),
]  # fmt: skip


@pytest.mark.parametrize("obj", OBJECTS, ids=repr)
def test_plain_python_comes_back_exactly(obj: Any, tmp_path: Path) -> None:
    found = back(obj, tmp_path)
    assert same(found, obj) and (not isinstance(obj, float) or repr(found) == repr(obj))


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64",
                                   "complex64", "complex128"])  # fmt: skip
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3)])
def test_tensors_of_all_dtypes(dtype: str, shape: tuple[int, ...], tmp_path: Path) -> None:
    t = (mg.randn(*shape, dtype=mg.float64) * 3).to(getattr(mg, dtype))
    assert same(back({"t": t, "more": [t * 1]}, tmp_path), {"t": t, "more": [t * 1]})


def test_pytorch_s_word_for_reading_without_code(tmp_path: Path) -> None:
    mg.save({"a": mg.ones(2)}, tmp_path / "f")
    for word in (True, False):
        assert mg.load(tmp_path / "f", map_location="cpu", weights_only=word)["a"].tolist() == [1, 1]
    (tmp_path / "p").write_bytes(pickle.dumps([1]))
    with pytest.raises(ValueError, match="got a pickle"):
        mg.load(tmp_path / "p", weights_only=False)


def test_views_are_saved_by_value_and_nothing_requires_grad(tmp_path: Path) -> None:
    t = mg.randn(4, 6, requires_grad=True)
    found = back([t, t.t(), t[::2, 1:], t.exp()], tmp_path)
    assert same(found, [t, t.t(), t[::2, 1:], t.exp()]) and not any(x.requires_grad for x in found)


def test_one_memory_is_saved_once_and_shared_again(tmp_path: Path) -> None:
    t = mg.zeros(1000)
    found = back({"a": t, "b": t.detach(), "c": t.clone(), "d": t[:500]}, tmp_path)
    found["a"][0] = 5
    assert [found[k][0].item() for k in "abcd"] == [5, 5, 0, 0]
    assert list(load_file(tmp_path / "x.safetensors")) == ["a", "c", "d"]


def test_names_in_the_file_are_readable_and_unique(tmp_path: Path) -> None:
    obj = {"a.b": mg.ones(1), "a": {"b": mg.ones(2)}, "__metadata__": mg.ones(3)}
    assert same(back(obj, tmp_path), obj)
    assert sorted(load_file(tmp_path / "x.safetensors")) == ["__metadata__#2", "a.b", "a.b#2"]


def test_models_and_optimizers_go_on(tmp_path: Path) -> None:
    def fresh() -> tuple[nn.Module, optim.SGD]:
        net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
        return net, optim.SGD(net.parameters(), lr=0.1, momentum=0.9)

    def step(net: nn.Module, optimizer: optim.SGD) -> None:
        optimizer.zero_grad()
        net(mg.ones(2, 3)).square().sum().backward()
        optimizer.step()

    net, optimizer = fresh()
    step(net, optimizer)
    state = back({"net": net.state_dict(), "optimizer": optimizer.state_dict()}, tmp_path)
    other, its = fresh()
    other.load_state_dict(state["net"])
    its.load_state_dict(state["optimizer"])
    step(net, optimizer)
    step(other, its)
    assert same(other.state_dict(), net.state_dict()) and same(its.state_dict(), optimizer.state_dict())


def test_pytorch_reads_ours_and_we_read_its(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="exchanges files with torch")
    files = pytest.importorskip("safetensors.torch", reason="exchanges files with torch")
    theirs = torch.nn.Linear(3, 2)
    files.save_file(theirs.state_dict(), tmp_path / "torch.safetensors")
    ours = nn.Linear(3, 2)
    ours.load_state_dict(mg.load(tmp_path / "torch.safetensors"))
    assert ours.weight.tolist() == theirs.weight.tolist()
    mg.save(ours.state_dict(), tmp_path / "ours.safetensors")
    assert files.load_file(tmp_path / "ours.safetensors")["bias"].tolist() == theirs.bias.tolist()


def test_map_location(tmp_path: Path) -> None:
    assert back([mg.ones(2)], tmp_path, map_location="cpu")[0].device == mg.device("cpu")
    with pytest.raises(TypeError, match='map_location: expected a device such as "cpu", got dict'):
        back([mg.ones(2)], tmp_path, map_location={})


@pytest.mark.parametrize(
    "obj, text",
    [
        ({"a": [1, object()]}, r"save: obj\['a'\]\[1\]: expected tensors, .* got object; leave it out"),
        (nn.Linear(2, 2), r"got Linear; save obj.state_dict\(\).* reading a pickle runs .* pass unsafe_pickle=True"),
        ({(1, 2): 3}, r"save: obj: expected keys that are strings or integers, got \(1, 2\)"),
        ({True: 3}, "expected keys that are strings or integers, got True"),
        ([lambda: 0], r"obj\[0\]: expected .* got function"),
    ],
)
def test_what_cannot_be_saved_is_refused_with_its_place(obj: Any, text: str, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=text):
        mg.save(obj, tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


def test_an_object_that_contains_itself(tmp_path: Path) -> None:
    obj: list[Any] = []
    obj.append(obj)
    with pytest.raises(ValueError, match="contains itself"):
        mg.save(obj, tmp_path / "x")


def test_whole_modules_only_by_pickle_and_on_request(tmp_path: Path) -> None:
    path = tmp_path / "net.pickle"
    net = nn.Linear(3, 2)
    mg.save(net, path, unsafe_pickle=True)
    with pytest.raises(ValueError, match="got a pickle, and reading one runs whatever code .* pass unsafe_pickle=True"):
        mg.load(path)
    found = mg.load(path, unsafe_pickle=True)
    assert isinstance(found, nn.Linear) and same(found.state_dict(), net.state_dict())


def whole(tmp_path: Path) -> bytes:
    mg.save({"a": mg.ones(100)}, tmp_path / "whole")
    return (tmp_path / "whole").read_bytes()


@pytest.mark.parametrize(
    "change, text",
    [
        (lambda b: b"", "the file is empty"),
        (lambda b: b[:5], r"expected a safetensors file, got something else \(5 bytes\)"),
        (lambda b: b[:60], "truncated in its header: expected [0-9]+ bytes, found 60"),
        (lambda b: b[:-1], "truncated: expected [0-9]+ bytes, found [0-9]+"),
        (lambda b: b + b"x", "too long: expected"),
        (lambda b: b"PK\x03\x04" + b, "got a zip archive, as torch.save writes"),
        (lambda b: b"\x93NUMPY" + b, "got a NumPy file; use numpy.load"),
        (lambda b: b"\x80\x04\x95" + b, "got a pickle"),
        (lambda b: b"hello, this is text", "got something else"),
        (lambda b: b[:8] + b.swapcase()[8:], "its header is not one|not a complete safetensors file|do not fit"),
        (lambda b: b.replace(b'[\\"a\\"', b'[\\"b\\"'), "its structure and its tensors do not fit"),
    ],
)
def test_files_that_are_none_are_named_for_what_they_are(change: Any, text: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(change(whole(tmp_path)))
    with pytest.raises(ValueError, match=f"load: .*file: .*({text})"):
        mg.load(path)


def test_files_of_pytorchs_own_are_named(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="writes a file with torch")
    for zipped, what in ((True, "a zip archive, as torch.save"), (False, "a pickle")):
        torch.save({"a": torch.ones(2)}, tmp_path / "x.pt", _use_new_zipfile_serialization=zipped)
        with pytest.raises(ValueError, match=what):
            mg.load(tmp_path / "x.pt")


def test_missing_files_and_folders(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        mg.load(tmp_path / "none")
    with pytest.raises(FileNotFoundError, match="save: .*: there is no folder .*none"):
        mg.save(1, tmp_path / "none" / "x")


def test_a_failing_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mg.save([1], tmp_path / "x")

    def full(file: int) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space left"):
        mg.save([2], tmp_path / "x")
    monkeypatch.undo()
    assert mg.load(tmp_path / "x") == [1] and [p.name for p in tmp_path.iterdir()] == ["x"]


def test_order_of_events_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[str] = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda f: (events.append("fsync"), fsync(f))[1])
    monkeypatch.setattr(os, "replace", lambda a, b: (events.append("replace"), replace(a, b))[1])
    mg.save([mg.ones(3)], tmp_path / "x")
    assert events == ["fsync", "replace", "fsync"]  # the file, its name, its folder


WRITER = """
import sys, minigrad as mg
print("ready", flush=True)
for i in range(10**9):
    mg.save({"i": i, "t": mg.full((200_000,), i)}, sys.argv[1])
"""


def test_a_kill_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "x"
    found = []
    for k in range(3):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, cwd=ROOT) as writer:
            assert writer.stdout is not None and writer.stdout.readline() == b"ready\n"
            while not path.exists():
                time.sleep(0.001)
            time.sleep(0.0113 * (k + 1))
            writer.send_signal(signal.SIGKILL)
        content = mg.load(path)
        found.append(bool((content["t"] == content["i"]).all()))
    assert found == [True] * 3


def test_a_plain_file_loads_as_a_dict(tmp_path: Path) -> None:
    save_file({"w": np.ones((2, 3), np.float32)}, tmp_path / "x")
    found = mg.load(tmp_path / "x")
    assert list(found) == ["w"] and found["w"].tolist() == [[1, 1, 1], [1, 1, 1]]
