"""Files that mean harm, or are damaged: refused with a clear error, and nothing of theirs is ever run."""

import collections
import io
import os
import pickle
import random
import struct
import zipfile
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.utils.serialization import add_safe_globals, clear_safe_globals, get_safe_globals, safe_globals
from tests.utils.files.test_archive import by_hand, packed, saved


class Call:
    """What is pickled as a call."""

    def __init__(self, function: Any, *args: Any) -> None:
        self.call = function, args

    def __reduce__(self) -> Any:
        return self.call


class State(Call):
    def __reduce__(self) -> Any:
        function, (state,) = self.call
        return function, (), state


class Point:
    def __init__(self, x: int = 0) -> None:
        self.x = x


ran: list[str] = []
HARM = {
    "system": (Call(os.system, "echo harm > harm"), "(posix|nt).system is not among the names"),
    "eval": (Call(eval, "ran.append(1)"), "builtins.eval is not among the names"),
    "exec": (Call(exec, "import os"), "builtins.exec"),
    "import": (Call(__import__, "os"), "builtins.__import__"),
    "getattr": (Call(getattr, Call(getattr, dict, "__class__"), "mro"), "builtins.getattr"),
    "type": (Call(type, "x", (), {}), "builtins.type"),
    "open": (Call(open, "harm", "w"), "io.open"),
    "pickle": (Call(pickle.loads, b"."), "pickle.loads"),
    "numpy": (Call(np.load, "harm"), "numpy.load"),
    "own": (Call(ran.append, "x"), "builtins.getattr"),
    "key": ({Call(tuple, ()): 1}, "builtins.tuple"),
    "class": ([Point(1)], "test_unpickler.Point is not among the names"),
    "name alone": ([collections.OrderedDict], "collections.OrderedDict is not among the names"),
    "bytearray": (Call(bytearray, 10**15), "expected bytes, got int"),
    "set": (Call(set, 3), "expected list, got int"),
    "set of lists": (Call(set, [[1]]), "a dict or set has list as a key"),
    "complex": (Call(complex, "1"), "its pickle is damaged, or none"),
    "ordered": (Call(collections.OrderedDict, 5), "expected tuple, got int"),
    "counter": (Call(collections.Counter, "abc"), "expected dict, got str"),
    "objects": (np.array([Point()], object), "numpy.dtype.*not among those that are read"),
    "state": (State(collections.OrderedDict, {"items": 1}), "an OrderedDict has an attribute 'items'"),
    "state of a set": (State(set, {"a": 1}), "a state for set"),
}


@pytest.mark.parametrize("protocol", [2, 4, 5])
@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("name", HARM)
def test_harm_is_refused_and_never_run(name: str, zipped: bool, protocol: int, tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    obj, text = HARM[name]
    content = pickle.dumps(obj, protocol)
    for options in ({}, {"weights_only": True}):
        with pytest.raises(ValueError, match=f"load: <BytesIO>: .*{text}"):
            mg.load(packed(content) if zipped else io.BytesIO(content), **options)
    assert not list(tmp_path.iterdir()) and not ran


def test_classes_that_the_user_says_are_safe() -> None:
    file = saved({"p": Point(3)}, weights_only=False)
    with safe_globals([Point]):
        assert mg.load(file)["p"].x == 3 and get_safe_globals() == [Point]
        assert Point.__dict__.get("x") is None
    assert get_safe_globals() == []
    add_safe_globals([(Point, f"{__name__}.Point")])
    file.seek(0)
    assert mg.load(file)["p"].x == 3
    clear_safe_globals()
    file.seek(0)
    with pytest.raises(pickle.UnpicklingError, match="Point is not among the names"):
        mg.load(file)


PAIR = b"K\x02\x85", b"K\x01\x85"  # size (2,) and stride (1,)


@pytest.mark.parametrize(
    "content, storages, text",
    [
        (by_hand("FloatStorage", 2, *PAIR), [b"1234"], "the storage 0 should have 8 bytes, and has 4 bytes"),
        (by_hand("FloatStorage", 2, *PAIR), [b"1" * 12], "the storage 0 should have 8 bytes, and has 12 bytes"),
        (by_hand("FloatStorage", 2, *PAIR), [], "the storage 0 should have 8 bytes, and is not there"),
        (by_hand("FloatStorage", 2, *PAIR, 1), [b"1" * 8], "looks at element 2 of a storage that has 2"),
        (by_hand("FloatStorage", 2, PAIR[0], b"K\x09\x85"), [b"1" * 8], "looks at element 9 of a storage that has 2"),
        (by_hand("FloatStorage", 2, PAIR[0], b"J\xff\xff\xff\xff\x85"), [b"1" * 8], "stride .-1,. is none"),
        (by_hand("FloatStorage", 2, PAIR[0], b")"), [b"1" * 8], r"size \(2,\) and stride \(\) is none"),
        (by_hand("FloatStorage", 2, b"\x8a\x08" + b"\x7f" * 8 + b"\x85", b"K\x00\x85"), [b"1" * 8], "is none"),
        (by_hand("FloatStorage", 2, b"X\x01\x00\x00\x002", PAIR[1]), [b"1" * 8], "expected tuple, got str"),
        (by_hand("BoolStorage", 2, *PAIR), [b"\x01\x02"], "bools holds others than 0 and 1"),
        (by_hand("StringStorage", 2, *PAIR), [b"12"], "torch.StringStorage is not among the names"),
        (b"\x80\x02X\x01\x00\x00\x000Q.", [], "a persistent id that is none of a storage's"),
        (b"\x80\x02", [], "its pickle is damaged"),
        (b"\x80\x02}(K\x01u.", [], "an item is set"),
        (b"\x80\x02}h\x07.", [], "damaged"),
        (b"\x80\x02K\x01K\x02a.", [], "something is appended to int"),
        (b"\x80\x02})" + b"\x85" * 10**6 + b"K\x01s.", [], "has tuple as a key"),
        (b"\x80\x02ccollections\nOrderedDict\nK\x01R.", [], "has no name|damaged"),
        (b"\x80\x02K\x01)R.", [], "something is called that has no name"),
        (b"\x80\x02\x82\x01.", [], "the instruction EXT1"),
    ],
)
def test_damage_within_an_archive(content: bytes, storages: list[bytes], text: str) -> None:
    with pytest.raises(ValueError, match=f"load: <BytesIO>: .*({text})"):
        mg.load(packed(content, *storages))


def test_a_view_of_one_element_may_be_large() -> None:
    found = mg.load(packed(by_hand("FloatStorage", 1, b"J\x00\x00\x00\x10\x85", b"K\x00\x85"), b"1234"))["w"]
    assert found.shape == (2**28,) and found.stride() == (0,)


def test_archives_that_are_none() -> None:
    good = packed(by_hand("FloatStorage", 2, *PAIR), b"1" * 8).getvalue()
    bomb = packed(by_hand("FloatStorage", 2, *PAIR), b"1" * 8, method=zipfile.ZIP_DEFLATED)
    large = packed(by_hand("FloatStorage", 2, *PAIR), bytes(10**7), method=zipfile.ZIP_DEFLATED)
    arrays = io.BytesIO()
    np.savez(arrays, a=np.ones(2))
    twice = io.BytesIO()
    with zipfile.ZipFile(twice, "w") as archive, pytest.warns(UserWarning):
        for _ in range(2):
            archive.writestr("a/data.pkl", b"\x80\x02N.")
    for content, text in [
        (good[:-30], "truncated or damaged"),
        (good[:200], "truncated or damaged"),
        (good.replace(b"11111111", b"11112111"), "Bad CRC-32"),
        (good + good, "more than one archive in a file"),
        (bomb.getvalue(), "is compressed, as PyTorch writes none"),
        (large.getvalue(), "whose records overlap"),
        (arrays.getvalue(), "NumPy's arrays; use numpy.load"),
        (twice.getvalue(), "whose records overlap"),
        (b"PK\x03\x04", "truncated or damaged"),
        (packed(b"\x80\x02N.", byteorder=b"middle").getvalue(), "a byte order 'middle'"),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match=f"load: <BytesIO>: .*{text}"):
            mg.load(io.BytesIO(content))


def test_thousands_of_damaged_files() -> None:
    """Whatever is changed in a pickle, there is an error that says so, or an object."""
    t = mg.arange(12.0).reshape(3, 4)
    whole = saved({"a": t, "b": t.t(), "p": mg.nn.Parameter(t), "n": np.arange(3), "s": {1}, "by": b"x", "l": [1, 2.0]})
    with zipfile.ZipFile(whole) as archive:
        plain, storages = archive.read("archive/data.pkl"), [archive.read(f"archive/data/{k}") for k in range(1)]
    numbers = random.Random(0)
    for _ in range(1500):
        content = bytearray(plain)
        for _ in range(numbers.choice((1, 2, 4))):
            at = numbers.randrange(len(content))
            if numbers.random() < 0.6:
                content[at] = numbers.randrange(256)
            else:
                content[at : at + 3] = content[
                    (start := numbers.randrange(len(content))) : start + numbers.randrange(9)
                ]
        try:
            mg.load(packed(bytes(content), *storages), map_location="cpu")
        except ValueError as error:
            assert str(error).startswith("load: <BytesIO>: ")


def stream(*objects: Any) -> bytes:
    """A file as PyTorch wrote it before 1.6."""
    head = [0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}]
    return b"".join(o if isinstance(o, bytes) else pickle.dumps(o, 2) for o in [*head, *objects])


def test_older_files_of_pytorch() -> None:
    content = by_hand("FloatStorage", 2, *PAIR).replace(b"cpuK\x02tQ", b"cpuK\x02NtQ")
    floats = struct.pack("<qff", 2, 1.5, 2.5)
    assert mg.load(io.BytesIO(stream(content, ["0"], floats)))["w"].tolist() == [1.5, 2.5]
    for bad, text in [
        (stream(content, ["0"], floats[:-1]), "truncated"),
        (stream(content, ["0"], floats[:3]), "truncated"),
        (stream(content, ["1"], floats), "a storage '1' that no tensor has"),
        (stream(content.replace(b"K\x02N", b"\x8a\x07" + b"\x0f" * 7 + b"N"), ["0"], floats), "truncated|damaged"),
        (stream(pickle.dumps(Call(os.system, "true"), 2)), "system is not among the names"),
        (stream(), "damaged"),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match=f"load: <BytesIO>: .*({text})"):
            mg.load(io.BytesIO(bad))
