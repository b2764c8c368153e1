"""What `import minigrad` leaves for later, and that all of it is there when it is named."""

import inspect
import subprocess
import sys
from typing import Any

import pytest

import minigrad as mg
from minigrad.engine.dispatch import primitive
from minigrad.engine.executions import FORWARDS
from minigrad.engine.primitive import VIEWS
from minigrad.ops.api import Signature

LATER = {
    "cupy", "dataclasses", "hashlib", "json", "logging", "matplotlib", "multiprocessing", "numpy.random",
    "pkgutil", "random", "safetensors", "scipy", "tempfile", "torch", "tqdm", "urllib.request",
    "minigrad.amp", "minigrad.compat", "minigrad.datasets", "minigrad.distributions", "minigrad.gradcheck",
    "minigrad.linalg", "minigrad.nn", "minigrad.optim", "minigrad.testing.opinfo", "minigrad.serialization",
    "minigrad.testing", "minigrad.utils.data",
}  # fmt: skip


def printed(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return done.stdout.strip()


def test_importing_minigrad_imports_nothing_that_takes_long_and_may_not_be_needed() -> None:
    """It took twice as long as NumPy's import; `python -m tests.benchmarks --only import`."""
    extra = "import sys; before = set(sys.modules); import minigrad; print(*(set(sys.modules) - before))"
    assert LATER & set(printed(extra).split()) == set()


def test_nor_does_a_training_script_import_optimizers_it_does_not_name() -> None:
    code = "import sys, minigrad as mg; mg.optim.SGD([mg.ones(1, requires_grad=True)], lr=1.0); print(*sys.modules)"
    loaded = {name.removeprefix("minigrad.optim.") for name in printed(code).split()}
    assert "sgd" in loaded and not {"adam", "lbfgs", "lr_scheduler", "search"} & loaded


@pytest.mark.parametrize(
    "name",
    "save load nn.Linear nn.functional.relu nn.utils.sparsity.LayerSparsity nn.utils.sparsity_report optim.Adam "
    "optim.lr_scheduler optim.lbfgs.LBFGS linalg.norm special.erf autocast amp utils.data conv2d lockstep".split(),
)
def test_all_is_there_when_it_is_named(name: str) -> None:
    found = printed(f"import minigrad as mg; print(mg.{name} is mg.{name})")
    assert found == "True"


def test_dir_and_import_star_have_what_is_not_imported_yet() -> None:
    assert printed("import minigrad as mg; print({'save', 'nn', 'amp', 'lockstep', 'add'} <= set(dir(mg)))") == "True"
    assert printed("import minigrad.optim as o; print({'Adam', 'lbfgs', 'Optimizer'} <= set(dir(o)))") == "True"
    assert printed("from minigrad import *; print(save.__module__, nn.Linear(1, 1), optim.SGD.__name__)") == (
        "minigrad.utils.serialization Linear(in_features=1, out_features=1, bias=True) SGD"
    )
    with pytest.raises(AttributeError, match="module 'minigrad' has no attribute 'nowhere'"):
        _ = mg.nowhere


def test_operations_that_come_later_are_known_to_what_runs_all_of_them() -> None:
    """bfloat16 and lockstep begin when they are asked for, and the layers' operations may come after that."""

    @primitive(view=True, name="test_import_later", input=lambda g: g)
    def later(input: Any) -> Any:
        return input

    forward = later.primitive.definition  # type: ignore[attr-defined]
    assert forward in VIEWS and FORWARDS[forward] == ("test_import_later", forward)


def test_a_signature_is_read_when_someone_looks() -> None:
    def function(input: Any, dim: int = 0) -> None: ...

    read: list[inspect.Signature] = []

    def change(signature: inspect.Signature) -> inspect.Signature:
        read.append(signature)
        return signature.replace(return_annotation=int)

    signature = Signature.of(function, change)
    assert not read
    assert str(signature) == "(input: Any, dim: int = 0) -> int" and str(signature.replace()) == str(signature)
    assert len(read) == 1 and signature == inspect.signature(function).replace(return_annotation=int)
    with pytest.raises(AttributeError):
        _ = signature.nowhere  # type: ignore[attr-defined]
