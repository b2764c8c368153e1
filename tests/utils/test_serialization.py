"""Checkpoints: what is saved comes back exactly, other programs read it, and bad files are named for what they are."""

import gzip
import io
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
    t = (mg.randn(shape, dtype=mg.float64) * 3).to(getattr(mg, dtype))
    assert same(back({"t": t, "more": [t * 1]}, tmp_path), {"t": t, "more": [t * 1]})


def test_pytorch_s_word_for_reading_without_code(tmp_path: Path) -> None:
    mg.save({"a": mg.ones(2)}, tmp_path / "f")
    for word in (True, False):
        assert mg.load(tmp_path / "f", map_location="cpu", weights_only=word)["a"].tolist() == [1, 1]
    (tmp_path / "p").write_bytes(pickle.dumps([1]))
    assert mg.load(tmp_path / "p") == mg.load(tmp_path / "p", weights_only=False) == [1]


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
    asked = []

    def keep(storage: Any, saved: str) -> Any:
        asked.append(saved)
        return storage

    for name in ("x.safetensors", "x.pt"):
        mg.save([mg.ones(2)], tmp_path / name)
        for where in ({}, {"cpu": "cpu", "cuda:0": "cpu"}, keep, lambda storage, saved: None, mg.device("cpu")):
            assert mg.load(tmp_path / name, map_location=where)[0].tolist() == [1, 1]
    assert asked == ["cpu", "cpu"]
    with pytest.raises(TypeError, match='map_location: expected a device such as "cpu", a dict .*, got float'):
        back([mg.ones(2)], tmp_path, map_location=1.5)


@pytest.mark.parametrize("name", ["x.pt", "x.safetensors"])
@pytest.mark.parametrize(
    "obj, text",
    [
        ({"a": [1, object()]}, r"save: obj\['a'\]\[1\]: expected tensors, .* got object; leave it out"),
        (nn.Linear(2, 2), r"got Linear; save obj.state_dict\(\).* weights_only=False, which runs whatever code"),
        ([lambda: 0], r"obj\[0\]: expected .* got function"),
        ({"a": np.array(["text"])}, r"obj\['a'\]: expected .* got ndarray"),
    ],
)
def test_what_cannot_be_saved_is_refused_with_its_place(obj: Any, text: str, name: str, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=text):
        mg.save(obj, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("key", [(1, 2), True])
def test_keys_of_safetensors_files_are_strings_and_integers(key: Any, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="save: obj: expected keys that are strings or integers, got "):
        mg.save({key: 3}, tmp_path / "x.safetensors")
    mg.save({key: 3}, tmp_path / "x.pt")
    assert mg.load(tmp_path / "x.pt") == {key: 3}


def test_an_object_that_contains_itself(tmp_path: Path) -> None:
    obj: list[Any] = []
    obj.append(obj)
    with pytest.raises(ValueError, match="contains itself"):
        mg.save(obj, tmp_path / "x.safetensors")
    mg.save(obj, tmp_path / "x.pt")
    found = mg.load(tmp_path / "x.pt")
    assert found[0] is found
    pair: tuple[Any, ...] = ([],)
    pair[0].append(pair)
    mg.save(pair, tmp_path / "x.pt")
    found = mg.load(tmp_path / "x.pt")
    assert found[0][0] is found
    for _ in range(2000):
        obj = [obj]
    with pytest.raises(ValueError, match="is nested too deep"):
        mg.save(obj, tmp_path / "x.pt")


@pytest.mark.parametrize("name", ["net.pt", "net.safetensors"])
def test_whole_modules_only_on_request(name: str, tmp_path: Path) -> None:
    net = nn.Sequential(nn.Linear(3, 2), nn.Tanh(), nn.BatchNorm1d(2), nn.Linear(2, 2, bias=False))
    net[3].weight = net.append(nn.Linear(2, 2))[4].weight  # tied
    with pytest.warns(FutureWarning, match="unsafe_pickle=True is now weights_only=False"):
        mg.save(net, tmp_path / name, unsafe_pickle=True)
    mg.save({"net": net, "made by": Path}, tmp_path / name, weights_only=False)
    text = "minigrad.nn.* is not among the names .* weights_only=False loads it, which runs whatever code is in it"
    with pytest.raises(pickle.UnpicklingError, match=text):
        mg.load(tmp_path / name)
    with pytest.warns(UserWarning, match="weights_only=False runs whatever code is in the file") as caught:
        found = mg.load(tmp_path / name, weights_only=False)
    assert caught[0].filename == __file__ and found["made by"] is Path
    assert same(found["net"].state_dict(), net.state_dict()) and found["net"][3].weight is found["net"][4].weight
    assert found["net"](mg.ones(4, 3)).tolist() == net(mg.ones(4, 3)).tolist()


def whole(tmp_path: Path) -> bytes:
    mg.save({"a": mg.ones(100)}, tmp_path / "whole.safetensors")
    return (tmp_path / "whole.safetensors").read_bytes()


@pytest.mark.parametrize(
    "change, text",
    [
        (lambda b: b"", "the file is empty"),
        (lambda b: b[:5], r"or a safetensors file, got something else \(5 bytes\)"),
        (lambda b: b[:60], "truncated in its header: expected [0-9]+ bytes, found 60"),
        (lambda b: b[:-1], "truncated: expected [0-9]+ bytes, found [0-9]+"),
        (lambda b: b + b"x", "too long: expected"),
        (lambda b: b"PK\x03\x04" + b, "a zip archive that is truncated or damaged"),
        (lambda b: b"\x93NUMPY" + b, "got a NumPy file; use numpy.load"),
        (lambda b: b"\x80\x04\x95" + b, "its pickle is damaged, or none"),
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


@pytest.mark.parametrize("form", ["a.pt", "a.safetensors"])
def test_open_files_and_buffers(form: str, tmp_path: Path) -> None:
    mg.save({"a": mg.arange(3)}, tmp_path / form)
    with open(tmp_path / form, "rb") as file:
        assert mg.load(file)["a"].tolist() == [0, 1, 2]
    content = (tmp_path / form).read_bytes()
    buffer = io.BytesIO(b"header" + content)
    assert buffer.read(6) == b"header" and mg.load(buffer)["a"].tolist() == [0, 1, 2]
    with gzip.open(tmp_path / "z", "wb") as packed:
        packed.write(content)
    with gzip.open(tmp_path / "z", "rb") as unpacked:
        assert mg.load(unpacked)["a"].tolist() == [0, 1, 2]


def test_what_is_written_to_an_open_file(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    mg.save({"a": mg.arange(3)}, buffer)
    with open(tmp_path / "x.safetensors", "wb") as file:
        mg.save({"a": mg.arange(3)}, file)  # an open file has no format of its own: PyTorch's
    mg.save({"a": mg.arange(3)}, tmp_path / "x.pt")
    assert (tmp_path / "x.safetensors").read_bytes() == buffer.getvalue() == (tmp_path / "x.pt").read_bytes()
    with open(tmp_path / "text", "w") as text, pytest.raises(TypeError, match='a text file; open it by mode "wb"'):
        mg.save([1], text)
    with open(tmp_path / "text") as text, pytest.raises(TypeError, match='a text file; open it by mode "rb"'):
        mg.load(text)
    with pytest.raises(TypeError, match="f: expected the name of a file, or one that is open for bytes, got int"):
        mg.load(3)
    mg.save([1], "/dev/null")
    assert not Path("/dev/null").is_file()


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
    mg.save([1], path)
    assert [p.name for p in tmp_path.iterdir()] == ["x"]  # what the killed ones left behind is gone


PAUSED = """
import os, sys, minigrad as mg
fsync = os.fsync
os.fsync = lambda file: (print("ready", flush=True), sys.stdin.readline(), fsync(file))
mg.save([3], sys.argv[1])
"""


def test_only_the_files_of_those_that_are_gone_are_removed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PAUSED, str(tmp_path / "x")]
    for other in (".x.tmp", ".xy.01234567.tmp", "x.01234567.tmp"):
        (tmp_path / other).touch()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True) as writer:
        assert writer.stdin is not None and writer.stdout is not None and writer.stdout.readline() == "ready\n"
        (tmp_path / ".x.89abcdef.tmp").touch()
        mg.save([1], tmp_path / "x")
        assert mg.load(tmp_path / "x") == [1] and len(list(tmp_path.iterdir())) == 5  # its own is still there
        writer.stdin.write("\n\n")
        writer.stdin.flush()
        writer.wait(30)
    assert mg.load(tmp_path / "x") == [3] and len(list(tmp_path.iterdir())) == 4


def test_a_plain_file_loads_as_a_dict(tmp_path: Path) -> None:
    save_file({"w": np.ones((2, 3), np.float32)}, tmp_path / "x")
    found = mg.load(tmp_path / "x")
    assert list(found) == ["w"] and found["w"].tolist() == [[1, 1, 1], [1, 1, 1]]
