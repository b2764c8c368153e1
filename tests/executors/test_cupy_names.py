"""What minigrad asks of CuPy, found by reading its source: looked up in the stand-in, and, where CuPy is installed (no
GPU is needed), in CuPy itself. The stand-in is held to CuPy too: it must offer nothing that CuPy lacks.

    pip install -e '.[cupy-names]' && python -m pytest tests/executors/test_cupy_names.py
"""

import ast
import importlib
import inspect
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from conftest import standin

import minigrad as mg

PACKAGE = Path(mg.__file__).parent
SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if "compat" not in path.parts)
UFUNC = {"out", "casting", "dtype"}


def chain(node: Any, libraries: set[str]) -> str | None:
    """ "linalg.svd" for `xp.linalg.svd`, if xp is a name of the array library."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.insert(0, node.attr)
        node = node.value
    if isinstance(node, ast.Call) and isinstance(node.func, (ast.Name, ast.Attribute)):
        called = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        return ".".join(names) if called in ("array_module", "cupy") else None
    return ".".join(names) if isinstance(node, ast.Name) and node.id in libraries else None


def strings(node: ast.Call, *places: int) -> Iterator[str]:
    """The strings among these positional arguments."""
    for i in places:
        if i < len(node.args) and isinstance(node.args[i], ast.Constant) and isinstance(node.args[i].value, str):
            yield node.args[i].value


def named(node: ast.Call) -> Iterator[str]:
    """Functions that are asked for by name: kernel("linalg.inv"), unary("exp", ...), make(device, "zeros")."""
    called = getattr(node.func, "id", "")
    if called == "array_function":
        yield from strings(node, 0)
    elif called == "make":
        yield from strings(node, 1)
    elif called in ("_filled", "_like"):
        yield from strings(node, 0)
    elif called in ("_scipy", "_scipy_of_two"):
        yield from (f"special.{name}" for name in strings(node, 0))
    elif called in ("unary", "binary"):
        place = 3 if called == "unary" else 4
        given = node.args[place] if len(node.args) > place else None
        if given is None and not any(k.arg == "function" for k in node.keywords):
            yield from strings(node, 0)
        yield from strings(node, place)


def asked() -> dict[str, set[str]]:
    """Every name that the source asks an array library for, with the keywords it passes."""
    found: dict[str, set[str]] = {}
    for path in SOURCES:
        libraries = {"xp", "module"} if path.parts[-2:] == ("backend", "cuda.py") else {"xp"}
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and (name := chain(node, libraries)):
                found.setdefault(name, set())
            if isinstance(node, ast.Call):
                if isinstance(node.func, ast.Attribute) and (name := chain(node.func, libraries)):
                    found.setdefault(name, set()).update(k.arg for k in node.keywords if k.arg)
                for name in named(node) if "ops" in path.parts else ():
                    found.setdefault(name, set())
    return {name: keywords for name, keywords in found.items() if not name.startswith("__")}


ASKED = asked()


def inside(library: Any, special: Any, name: str) -> Any:
    for part in name.split("."):
        library = special if part == "special" else getattr(library, part)
    return library


def keywords_of(function: Any) -> set[str]:
    """The keywords a function takes; a ufunc's are the same for all."""
    if type(function).__name__ == "ufunc":
        return UFUNC
    parameters = inspect.signature(function).parameters.values()
    return {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}


def wanting(library: Any, special: Any) -> list[str]:
    """What minigrad asks for and this library has not."""
    out = []
    for name, keywords in sorted(ASKED.items()):
        try:
            found = inside(library, special, name)
        except AttributeError:
            out.append(name)
            continue
        if keywords and (unknown := keywords - keywords_of(found)):
            out.append(f"{name}({', '.join(sorted(unknown))}=)")
    return out


@pytest.fixture(scope="module")
def ours() -> Any:
    """The stand-in."""
    return SimpleNamespace(**{name.replace(".", "_"): module for name, module in standin().items()})


@pytest.fixture(scope="module")
def cupy_itself() -> Any:
    """CuPy, which imports without a GPU."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("cupy", reason="CuPy is not installed")
        return SimpleNamespace(
            xp=importlib.import_module("cupy"),
            cupyx=importlib.import_module("cupyx"),
            special=importlib.import_module("cupyx.scipy.special"),
        )


# --- the source -----------------------------------------------------------------------------------------------------


def test_the_reader_finds_what_is_asked_for() -> None:
    assert {"zeros", "where", "linalg.svd", "linalg.inv", "add.at", "exp", "arctan2", "clip", "get_default_memory_pool",
            "cuda.Device", "concatenate", "full", "special.polygamma", "special.erf"} <= set(ASKED)  # fmt: skip
    assert ASKED["argmax"] == {"axis", "keepdims"} and "dtype" in ASKED["zeros"] and len(ASKED) > 80


def test_the_stand_in_has_all_that_is_asked_for(ours: Any) -> None:
    assert wanting(ours.cupy, ours.cupyx_scipy_special) == []


def test_cupy_has_all_that_is_asked_for(cupy_itself: Any) -> None:
    assert wanting(cupy_itself.xp, cupy_itself.special) == []


# --- the stand-in ---------------------------------------------------------------------------------------------------


def alike(ours: inspect.Signature, theirs: inspect.Signature) -> bool:
    """Do two declarations name the same parameters, of the same kinds, with the same defaults?"""
    pairs = ([(p.name, p.kind, p.default) for p in s.parameters.values() if p.name != "self"] for s in (ours, theirs))
    return next(pairs) == next(pairs)


def written(text: str) -> inspect.Signature:
    """The signature in a method's docstring: `_ndarray_base.sum(self, axis=None, ...) -> _ndarray_base`."""
    arguments = text.split("(", 1)[1].split("\n")[0].rsplit(")", 1)[0].removeprefix("self").lstrip(", ")
    plain = re.sub(r"\b(int|Py_ssize_t|_ndarray_base|bool|tuple) (?=\w)", "", arguments)
    return inspect.signature(eval(f"lambda {plain}: None"))


def test_every_declaration_of_the_stand_in_is_cupy_s(ours: Any, cupy_itself: Any) -> None:
    table, declared, wrong = ours.cupy__table, ours.cupy__array.declared, []
    plain = "\n".join(f"0 {line}" for line in table.PLAIN.strip().splitlines())
    for text, library in ((table.FUNCTIONS, cupy_itself.xp), (table.MAKERS, cupy_itself.xp), (plain, cupy_itself.xp),
                          (table.LINALG, cupy_itself.xp.linalg)):  # fmt: skip
        for name, declaration in declared(text).items():
            if not alike(declaration.signature, inspect.signature(getattr(library, name))):
                wrong.append(f"{name}{inspect.signature(getattr(library, name))}")
    for name, declaration in declared(table.METHODS).items():
        text = getattr(cupy_itself.xp.ndarray, name).__doc__
        if not alike(declaration.signature, written(text)):
            wrong.append(f"ndarray.{text.splitlines()[0]}")
    for name in ("array", "asarray"):
        if not alike(inspect.signature(getattr(ours.cupy, name)), inspect.signature(getattr(cupy_itself.xp, name))):
            wrong.append(name)
    assert wrong == []


def test_the_stand_in_offers_no_name_that_cupy_lacks(ours: Any, cupy_itself: Any) -> None:
    own = {"no_waits", "wrapping", "annotations", "Any", "SimpleNamespace", "counts"}
    names = {n for n in vars(ours.cupy) if not n.startswith("_")} - own
    assert {n for n in names if not hasattr(cupy_itself.xp, n)} == set()
    assert all(isinstance(getattr(cupy_itself.xp, n), cupy_itself.xp.ufunc) for n in ours.cupy__table.UFUNCS.split())
    assert all(hasattr(cupy_itself.special, n) for n in ours.cupy__table.SPECIAL.split())
    array = {n for n in dir(ours.cupy.ndarray) if getattr(ours.cupy.ndarray, n) is not None}
    assert {n for n in array if not hasattr(cupy_itself.xp.ndarray, n)} <= {
        "_a", "_held", "__del__", "__weakref__", "__module__"}  # fmt: skip
    assert {n for n in vars(ours.cupy__memory.Pool) if n[0] != "_"} <= set(dir(cupy_itself.xp.cuda.MemoryPool))
    assert issubclass(cupy_itself.xp.cuda.memory.OutOfMemoryError, MemoryError)
    assert all(callable(getattr(cupy_itself.xp.cuda, n)) for n in ("get_allocator", "set_allocator"))
    assert all(callable(getattr(cupy_itself.cupyx, n)) for n in ("empty_pinned", "allow_synchronize"))
    assert {n for n in vars(ours.cupy.lib.stride_tricks) if not hasattr(cupy_itself.xp.lib.stride_tricks, n)} == set()
    for kind in ("Device", "Event", "Stream"):
        public = {n for n in vars(getattr(ours.cupy_cuda, kind)) if n[0] != "_"}
        assert public <= set(dir(getattr(cupy_itself.xp.cuda, kind)))
    assert all(hasattr(cupy_itself.xp.cuda.runtime, n) for n in vars(ours.cupy_cuda.runtime))
    assert set(inspect.signature(ours.cupyx.errstate).parameters) == set(
        inspect.signature(cupy_itself.cupyx.errstate).parameters
    )


def test_what_the_stand_in_refuses_cupy_has_not(cupy_itself: Any) -> None:
    xp = cupy_itself.xp
    for name in "errstate seterr nditer ndenumerate insert block geomspace frompyfunc vecdot unstack".split():
        assert not hasattr(xp, name), name
    for name in "__index__ __contains__ __imatmul__ setflags ctypes __array_interface__".split():
        assert not hasattr(xp.ndarray, name), name
    assert "where" not in xp.add.__doc__ and "initial" not in inspect.signature(xp.sum).parameters
    assert xp.ndarray.__weakrefoffset__  # in-place changes are noted by weak references to arrays
    assert "shape_t shape, strides_t strides" in xp.ndarray._set_shape_and_strides.__doc__  # what backend.strided needs
    assert xp.ndarray.__array_priority__ < mg.Tensor.__array_priority__


REFUSED = {
    "a NumPy array beside it": lambda xp, x: x + np.ones(2),
    "a NumPy array before it": lambda xp, x: np.ones(2) * x,
    "a list beside it": lambda xp, x: x + [1.0, 2.0],
    "None beside it": lambda xp, x: x == None,  # noqa: E711
    "a list in a ufunc": lambda xp, x: xp.add(x, [1.0, 2.0]),
    "where in a ufunc": lambda xp, x: xp.add(x, x, where=x > 0),
    "where in a reduction": lambda xp, x: xp.sum(x, where=x > 0),
    "where in a method": lambda xp, x: x.sum(where=x > 0),
    "initial in a reduction": lambda xp, x: xp.max(x, initial=0.0),
    "initial in a method": lambda xp, x: x.max(initial=0.0),
    "min in clip": lambda xp, x: xp.clip(x, min=0.0),
    "mode in take": lambda xp, x: xp.take(x, xp.asarray([0]), mode="clip"),
    "shape in reshape": lambda xp, x: xp.reshape(x, shape=(2, 1)),
    "arrays in concatenate": lambda xp, x: xp.concatenate(arrays=(x, x)),
    "arrays in stack": lambda xp, x: xp.stack(arrays=(x, x)),
    "correction in var": lambda xp, x: x.var(correction=1),
    "device in zeros": lambda xp, x: xp.zeros(2, device="cuda"),
    "another order of sorting": lambda xp, x: xp.argsort(x, kind="quicksort"),
    "its elements as an index": lambda xp, x: [1, 2][xp.asarray(1)],
    "a question of membership": lambda xp, x: 1.0 in x,
    "a conversion to NumPy": lambda xp, x: np.asarray(x),
    "a function of NumPy's": lambda xp, x: np.exp(x),
    "another function of NumPy's": lambda xp, x: np.concatenate([x, x]),
    "a NumPy array as an index": lambda xp, x: x[np.array([0])],
    "a list as an index": lambda xp, x: x[[0]],
    "a NumPy array put in": lambda xp, x: x.__setitem__(..., np.ones(2)),
    "a list of arrays put in": lambda xp, x: x.__setitem__(..., [1.0, 2.0]),
    "an array of counts": lambda xp, x: xp.repeat(x, xp.asarray([1, 2])),
    "int64 added at places": lambda xp, x: xp.add.at(xp.zeros(2, "int64"), xp.asarray([0]), 1),
    "float16 compared at places": lambda xp, x: xp.maximum.at(xp.zeros(2, "float16"), xp.asarray([0]), 1.0),
    "float16 in linear algebra": lambda xp, x: xp.linalg.inv(xp.eye(2, dtype="float16")),
    "strings": lambda xp, x: xp.array(["a"]),
}


@pytest.mark.parametrize("what", REFUSED)
def test_the_stand_in_refuses(what: str, cupy: Any) -> None:
    with pytest.raises((TypeError, ValueError, NotImplementedError)):
        REFUSED[what](cupy, cupy.asarray([1.0, 2.0]))


def test_the_stand_in_raises_where_cupy_goes_wrong_in_silence(cupy: Any) -> None:
    x, outside = cupy.arange(3), cupy.asarray([0, 3])
    for wrong in (lambda: x[outside], lambda: x.take(outside), lambda: x.__setitem__(outside, 0)):
        with pytest.raises(IndexError):
            wrong()
    with pytest.raises(RuntimeError, match="inv: CuPy gives garbage here, silently"):
        cupy.linalg.inv(cupy.zeros((2, 2)))
    for name in ("errstate", "nditer", "vecdot", "put"):
        with pytest.raises(AttributeError, match=f"module 'cupy' has no attribute '{name}'"):
            getattr(cupy, name)


WAITS: dict[str, tuple[int, Any]] = {
    "int": (1, lambda xp, x: int(x[0])),
    "float": (1, lambda xp, x: float(x[0])),
    "bool": (1, lambda xp, x: bool(x[0])),
    "if": (1, lambda xp, x: 1 if (x > 0).all() else 0),
    "item": (1, lambda xp, x: x[0].item()),
    "get": (1, lambda xp, x: x.get()),
    "tolist": (1, lambda xp, x: x.tolist()),
    "format": (1, lambda xp, x: f"{x[0]:.2f}"),
    "repr": (1, lambda xp, x: repr(x)),
    "str": (1, lambda xp, x: str(x)),
    "a mask": (1, lambda xp, x: x[x > 1]),
    "a mask set": (1, lambda xp, x: x.__setitem__(x > 1, 0.0)),
    "nonzero": (1, lambda xp, x: xp.nonzero(x)),
    "x.nonzero": (1, lambda xp, x: x.nonzero()),
    "where of one": (1, lambda xp, x: xp.where(x > 1)),
    "unique": (1, lambda xp, x: xp.unique(x)),
    "bincount": (1, lambda xp, x: xp.bincount(x.astype("int64"))),
    "windows": (2, lambda xp, x: xp.lib.stride_tricks.sliding_window_view(xp.zeros((4, 4)), (2, 2))),
    "none for an empty one": (0, lambda xp, x: x[:0].get()),
    "none to add": (0, lambda xp, x: x + 1),
    "none for where of three": (0, lambda xp, x: xp.where(x > 1, x, 0.0)),
    "none for an element": (0, lambda xp, x: x[1]),
    "none to compare": (0, lambda xp, x: xp.allclose(x, x)),
    "none to go through it": (0, lambda xp, x: list(x)),
}


@pytest.mark.parametrize("what", WAITS)
def test_the_stand_in_counts_waits(what: str, cupy: Any) -> None:
    expected, run = WAITS[what]
    x = cupy.asarray([1.0, 2.0, 3.0])
    before = cupy.syncs
    run(cupy, x)
    assert cupy.syncs - before == expected
    if expected:
        with cupy.no_waits(), pytest.raises(AssertionError, match="this waits for the GPU"):
            run(cupy, x)


LAUNCHES: dict[str, tuple[int, Any]] = {
    "views": (0, lambda xp, x: (x.T, x[0], x[:, None], x.reshape(-1), x[::2], x.swapaxes(0, 1), xp.moveaxis(x, 0, 1))),
    "with a number": (1, lambda xp, x: x * 2),
    "two": (2, lambda xp, x: x * 2 + x),
    "in place": (1, lambda xp, x: x.__iadd__(1)),
    "a product": (1, lambda xp, x: x @ x.T),
    "a sum": (1, lambda xp, x: x.sum(0)),
    "out": (1, lambda xp, x: xp.exp(x, out=x)),
    "zeros": (1, lambda xp, x: xp.zeros(3)),
    "empty": (0, lambda xp, x: xp.empty_like(x)),
    "a copy": (1, lambda xp, x: x.copy()),
    "no copy": (0, lambda xp, x: x.astype(x.dtype, copy=False)),
    "a reshape that copies": (1, lambda xp, x: x.T.reshape(-1)),
    "put": (1, lambda xp, x: x.__setitem__(0, 1.0)),
    "rows": (1, lambda xp, x: x[PLACES]),
    "elements": (4, lambda xp, x: x[PLACES, PLACES]),
    "rows put": (1, lambda xp, x: x.__setitem__(PLACES, 1.0)),
    "rows added": (1, lambda xp, x: xp.add.at(x, PLACES, 1.0)),
    "rows changed": (3, lambda xp, x: x.__setitem__(PLACES, x[PLACES] + 1)),
    "a slice changed": (1, lambda xp, x: x.__setitem__(0, x[0].__iadd__(1))),
    "a choice": (3, lambda xp, x: xp.where(x > 0, x, 0.0)),
    "a triangle": (3, lambda xp, x: xp.tril(x)),
}
PLACES: Any = None


@pytest.mark.parametrize("what", LAUNCHES)
def test_the_stand_in_counts_launches(what: str, cupy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    expected, run = LAUNCHES[what]
    x = cupy.asarray(np.arange(6.0).reshape(2, 3))
    monkeypatch.setitem(globals(), "PLACES", cupy.asarray([1, 0]))
    before = cupy.launches
    run(cupy, x)
    assert cupy.launches - before == expected


def test_the_stand_in_gives_0_d_arrays_on_its_device(cupy: Any) -> None:
    x = cupy.asarray([1.0, 2.0])
    for number in (x.sum(), x[0], x.max(), x @ x, x.dot(x), cupy.linalg.norm(x), cupy.array_equal(x, x), cupy.exp(1.0)):
        assert isinstance(number, cupy.ndarray) and number.shape == ()
    with cupy.cuda.Device(1):
        assert cupy.zeros(1).device.id == 1
        with pytest.raises(ValueError, match="array device = 0 while current = 1"):
            x + 1
