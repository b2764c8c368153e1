"""PyTorch's files: what PyTorch writes is read, PyTorch reads what is written here, and memory stays shared."""

import io
import pickle
import zipfile
from collections import Counter, OrderedDict
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn

DTYPES = {
    "float64": "Double", "float32": "Float", "float16": "Half", "int64": "Long", "int32": "Int", "int16": "Short",
    "int8": "Char", "uint8": "Byte", "bool": "Bool", "complex64": "ComplexFloat", "complex128": "ComplexDouble",
}  # fmt: skip


def saved(obj: Any, **options: Any) -> io.BytesIO:
    buffer = io.BytesIO()
    mg.save(obj, buffer, **options)
    buffer.seek(0)
    return buffer


def packed(data_pkl: bytes, *storages: bytes, byteorder: bytes | None = b"little", method: int = 0) -> io.BytesIO:
    """An archive as PyTorch writes it, with such a pickle."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr("model/data.pkl", data_pkl)
        if byteorder is not None:
            archive.writestr("model/byteorder", byteorder)
        for key, content in enumerate(storages):
            archive.writestr(f"model/data/{key}", content)
        archive.writestr("model/version", b"3\n")
    buffer.seek(0)
    return buffer


def by_hand(kind: str, elements: int, size: bytes, stride: bytes, offset: int = 0) -> bytes:
    """The pickle of {"w": a tensor}, written out."""
    storage = f"(X\x07\x00\x00\x00storagectorch\n{kind}\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpu".encode()
    return (
        b"\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n(" + storage + b"K" + bytes((elements,))
        + b"tQK" + bytes((offset,)) + size + stride + b"\x89ccollections\nOrderedDict\n)RtRs."
    )  # fmt: skip


def test_an_archive_written_out() -> None:
    content = np.arange(6, dtype="<f4").tobytes()
    found = mg.load(packed(by_hand("FloatStorage", 6, b"K\x02K\x02\x86", b"K\x01K\x02\x86", 1), content))
    assert list(found) == ["w"] and found["w"].tolist() == [[1, 3], [2, 4]] and found["w"].stride() == (1, 2)


def test_byte_orders() -> None:
    for order, kind in ((b"big", ">f4"), (b"little", "<f4"), (None, "<f4")):
        content = np.array([1, 2.5], kind).tobytes()
        found = mg.load(packed(by_hand("FloatStorage", 2, b"K\x02\x85", b"K\x01\x85"), content, byteorder=order))
        assert found["w"].tolist() == [1, 2.5]


PLAIN = [
    None, True, -1, 255, 256, 2**31, -(2**70), 2**3000, 1.5, 1j, "text ä \ud800", "", b"\x00\xff", b"",
    bytearray(b"ab"), [], (), {}, [1, (2, [3])], {"a": {1: None}, (1, "b"): 2, None: 3},
    {1, 2}, OrderedDict(a=1, b=2), Counter("aab"),
    mg.Size([2, 3]), mg.device("cpu"), mg.device("cuda:1"), mg.float32, mg.int64, np.float32(2.5), np.int64(3),
]  # fmt: skip


@pytest.mark.parametrize("obj", PLAIN, ids=lambda obj: repr(obj)[:30])
def test_plain_objects_come_back(obj: Any) -> None:
    found = mg.load(saved([obj, obj]))
    assert found == [obj, obj] and [type(v) for v in found] == [type(obj)] * 2


def test_lists_are_one_again_and_attributes_stay() -> None:
    one: list[Any] = [1]
    state = OrderedDict(a=one, b=one)
    state._metadata = OrderedDict({"": {"version": 2}})  # type: ignore[attr-defined]
    p = nn.Parameter(mg.ones(2), requires_grad=False)
    p.decays = False  # type: ignore[attr-defined]
    found = mg.load(saved({"state": state, "p": p, "again": p}))
    assert found["state"]["a"] is found["state"]["b"] and found["state"]._metadata == {"": {"version": 2}}
    assert found["p"] is found["again"] and found["p"].decays is False and type(found["p"]) is nn.Parameter
    assert not found["p"].requires_grad and mg.load(saved(mg.ones(1, requires_grad=True))).requires_grad


@pytest.mark.parametrize("dtype", [*DTYPES, "uint16", "uint32", "uint64"])
@pytest.mark.parametrize("shape", [(), (0, 2), (3,), (2, 3)])
def test_tensors_of_all_dtypes(dtype: str, shape: tuple[int, ...]) -> None:
    array = np.asarray(np.random.default_rng(0).standard_normal(shape) * 3 + 9).astype(dtype)
    found = mg.load(saved({"t": mg.from_numpy(array), "a": array}))
    assert found["t"].dtype == array.dtype and found["t"].shape == shape and (found["t"].numpy() == array).all()
    assert found["a"].dtype == array.dtype and (found["a"] == array).all()


def test_memory_is_shared_as_before_and_a_lone_view_is_saved_alone() -> None:
    t = mg.arange(12.0).reshape(3, 4)
    found = mg.load(saved({"t": t, "t.T": t.t(), "part": t[1:, ::2], "row": t[2].expand(2, 4)}))
    assert found["t.T"].stride() == (1, 4) and found["part"].stride() == (4, 2) and found["row"].stride() == (0, 1)
    found["t"][2, 2] = 50
    assert [found[k].tolist() for k in ("t.T", "part", "row")] == [
        [[0, 4, 8], [1, 5, 9], [2, 6, 50], [3, 7, 11]], [[4, 6], [8, 50]], [[8, 9, 50, 11]] * 2
    ]  # fmt: skip
    few = mg.zeros(100_000)[10:13]
    assert len(saved(few).getvalue()) < 5000 and mg.load(saved([few, few]))[1].shape == (3,)
    turned = mg.from_numpy(np.arange(4.0)[::-1])
    assert mg.load(saved(turned)).tolist() == [3, 2, 1, 0]


def test_models_and_optimizers_go_on() -> None:
    nets = [nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 1)) for _ in range(2)]
    optimizers = [mg.optim.Adam(net.parameters(), lr=0.1) for net in nets]

    def step(k: int) -> list[Any]:
        optimizers[k].zero_grad()
        nets[k](mg.eye(3)).square().sum().backward()
        optimizers[k].step()
        return nets[k](mg.eye(3)).tolist()

    step(0)
    state = mg.load(saved({"net": nets[0].state_dict(), "optimizer": optimizers[0].state_dict(), "epoch": 3}))
    nets[1].load_state_dict(state["net"])
    optimizers[1].load_state_dict(state["optimizer"])
    assert step(0) == step(1) and state["epoch"] == 3


# --- with PyTorch ---------------------------------------------------------------------------------------------------


def test_pytorch_reads_by_weights_only() -> None:
    torch = pytest.importorskip("torch", reason="exchanges files with torch")
    t = mg.arange(12.0).reshape(3, 4)
    obj = {
        **{name: mg.ones(2).to(getattr(mg, name)) for name in DTYPES}, "u16": mg.from_numpy(np.ones(2, np.uint16)),
        "t": t, "t.T": t.t(), "p": nn.Parameter(mg.ones(2)), "empty": mg.zeros(0, 3), "scalar": mg.tensor(3),
        "plain": [v for v in PLAIN if not isinstance(v, (np.generic, np.dtype, mg.Size, mg.device)) and v != 2**3000],
        "dtype": mg.float32, "size": mg.Size([2]), "device": mg.device("cuda:1"),
    }  # fmt: skip
    found = torch.load(saved(obj), weights_only=True)
    for name in DTYPES:
        assert found[name].dtype == getattr(torch, name) and found[name].tolist() == obj[name].tolist()
    assert found["u16"].dtype == torch.uint16 and found["t"].data_ptr() == found["t.T"].data_ptr()
    assert found["t.T"].tolist() == t.t().tolist() and type(found["p"]) is torch.nn.Parameter
    assert found["plain"] == obj["plain"] and found["empty"].shape == (0, 3) and found["scalar"].item() == 3
    assert (found["dtype"], found["size"], found["device"].index) == (torch.float32, torch.Size([2]), 1)
    assert torch.load(saved({"a": np.arange(3), "b": np.float64(2)}), weights_only=False)["a"].tolist() == [0, 1, 2]


def test_pytorch_maps_the_file_into_memory(tmp_path: Any) -> None:
    torch = pytest.importorskip("torch", reason="exchanges files with torch")
    mg.save({"a": mg.ones(3), "b": mg.arange(1000)}, tmp_path / "x.pt")
    found = torch.load(tmp_path / "x.pt", weights_only=True, mmap=True)
    assert found["b"].tolist() == list(range(1000)) and found["b"].data_ptr() % 64 == 0
    with zipfile.ZipFile(tmp_path / "x.pt") as archive:
        assert archive.testzip() is None


def test_models_go_to_pytorch_and_back() -> None:
    torch = pytest.importorskip("torch", reason="exchanges files with torch")
    models = [m.Sequential(m.Conv2d(1, 2, 3), m.BatchNorm2d(2), m.Flatten(), m.LSTM(8, 3)) for m in (nn, torch.nn)]
    models[1].load_state_dict(torch.load(saved(models[0].state_dict()), weights_only=True))
    back = io.BytesIO()
    torch.save(models[1].state_dict(), back)
    back.seek(0)
    found = mg.load(back)
    assert {k: v.tolist() for k, v in found.items()} == {k: v.tolist() for k, v in models[0].state_dict().items()}
    assert found._metadata["1"] == {"version": 2} and models[0].load_state_dict(found) == ([], [])


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_files_of_pytorch_are_read(protocol: int, zipped: bool) -> None:
    torch = pytest.importorskip("torch", reason="exchanges files with torch")
    t = torch.arange(12.0).view(3, 4)
    obj = {
        **{name: torch.ones(2, 2).to(getattr(torch, name)) for name in DTYPES}, "t": t, "t.T": t.t(),
        "part": t[1:, ::2], "p": torch.nn.Parameter(torch.ones(2)), "int": 3,
        "bn": torch.nn.BatchNorm1d(2).state_dict(), "bytes": b"\xff",
        "numpy": np.arange(6).reshape(2, 3), "best": np.float64(0.5), "dtype": torch.float64, "size": torch.Size([2]),
        "device": torch.device("cpu"), "empty": torch.zeros(0), "expanded": torch.ones(1).expand(1000),
    }  # fmt: skip
    file = io.BytesIO()
    torch.save(obj, file, pickle_protocol=protocol, _use_new_zipfile_serialization=zipped)
    file.seek(0)
    found = mg.load(file, weights_only=True)
    for name in DTYPES:
        assert found[name].dtype == np.dtype(name) and found[name].tolist() == obj[name].tolist()
    for name in ("t", "t.T", "part", "p", "empty", "expanded", "numpy"):
        assert found[name].tolist() == obj[name].tolist()
    assert found["part"].stride() == (4, 2) and type(found["p"]) is nn.Parameter and found["p"].requires_grad
    assert (found["int"], found["bytes"], found["best"], found["dtype"]) == (3, b"\xff", 0.5, mg.float64)
    assert found["size"] == (2,) and found["device"] == mg.device("cpu") and list(found["bn"]) == list(obj["bn"])
    found["t"][0, 1] = 9
    assert found["t.T"][1, 0] == 9


@pytest.mark.parametrize(
    "make, text",
    [
        (lambda torch: torch.nn.Linear(2, 2), r"torch.nn.modules.linear.Linear is not .* save model.state_dict\(\)"),
        (lambda torch: torch.eye(2).to_sparse(), r"every tensor here is dense; in PyTorch, save t.to_dense\(\)"),
        (lambda torch: torch.ones(2, device="meta"), "a tensor without values"),
        (lambda torch: torch.ones(2).to(torch.float8_e5m2), r"no such dtype here; in PyTorch, save t.float\(\)"),
        (lambda torch: torch.quantize_per_tensor(torch.ones(2), 1, 0, torch.qint8), "no tensor here is quantized"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_what_has_no_place_here_is_refused_with_advice(make: Any, text: str) -> None:
    torch = pytest.importorskip("torch", reason="exchanges files with torch")
    file = io.BytesIO()
    torch.save({"a": make(torch)}, file)
    for only in (True, False):
        file.seek(0)
        with pytest.raises(pickle.UnpicklingError, match=text):
            mg.load(file, weights_only=only)


@pytest.mark.filterwarnings("ignore")
def test_torchscript_is_named() -> None:
    torch = pytest.importorskip("torch", reason="exchanges files with torch")
    file = io.BytesIO()
    torch.jit.save(torch.jit.trace(torch.nn.Linear(2, 2), torch.ones(1, 2)), file)
    file.seek(0)
    with pytest.raises(ValueError, match="a TorchScript program; in PyTorch, save torch.jit.load"):
        mg.load(file)
