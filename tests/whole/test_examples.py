"""The examples do what they say: the table they print, the figures they save, the same numbers from the same seed, and
what they answer to options that make no sense."""

import os
import re
import runpy
import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from minigrad import datasets, nn
from minigrad.datasets import Images, Split

pytest.importorskip("matplotlib", reason="the examples draw: install the `examples` extra")
pytest.importorskip("sklearn", reason="the examples use scikit-learn's digits: install the `examples` extra")

EXAMPLES = Path(__file__).parents[2] / "examples"
FEW = ("--attempts", "40", "--epochs", "2")
SMALL = (*FEW, "--check-weights", "20")
PNG = b"\x89PNG\r\n\x1a\n"

Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """run("softmax_classifier", "--seed", "1"): what it prints, run in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(EXAMPLES))

    def in_process(name: str, *arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", [f"{name}.py", *arguments])
        runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
        return capsys.readouterr().out

    return in_process


def rows(printed: str, head: str) -> dict[str, list[str]]:
    """The lines of the table whose head begins so: the cells by the first cell."""
    lines = printed[printed.index(head) :].splitlines()
    cells = [re.split(r"\s{2,}", line.strip()) for line in lines[2:]]
    return {row[0]: row[1:] for row in cells[: cells.index([""]) if [""] in cells else None] if len(row) > 1}


def timeless(table: dict[str, list[str]]) -> dict[str, list[str]]:
    return {name: [cell for cell in cells if not cell.endswith(" s")] for name, cells in table.items()}


def percent(cell: str) -> float:
    return float(cell.removesuffix("%"))


# --- the main job --------------------------------------------------------------------------------------------------


def test_the_main_job_as_a_command(tmp_path: Path) -> None:
    script = str(EXAMPLES / "softmax_classifier.py")
    done = subprocess.run(
        [sys.executable, "-W", "error", script, *FEW], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    table = rows(done.stdout, "strategy")
    assert list(table) == ["random search", "local search", "mini-batch SGD"]
    loss, train, test, seconds, price = table["mini-batch SGD"]
    assert float(loss) < 0.35 and percent(train) > 90 and percent(test) > 88 and seconds.endswith(" s")
    assert price == "46 x 64 images"
    assert table["random search"][-1] == "40 x 1,438 images"
    assert table["local search"][-1] == "40 x 1,438 images"
    assert percent(table["random search"][2]) < percent(test)
    assert "for 650 of the 650 weights" in done.stdout and "times as fast" in done.stdout
    assert float(re.search(r"differ by (\S+) of", done.stdout)[1]) < 1e-6  # type: ignore[index]
    assert all(bar in done.stderr for bar in ("random search: 100%", "local search: 100%", "mini-batch SGD: 100%"))
    saved = [tmp_path / "out" / name for name in ("loss.png", "templates.png")]
    assert all(f"figure: {path.relative_to(tmp_path)}" in done.stdout for path in saved)
    assert all(path.read_bytes().startswith(PNG) for path in saved)


def test_same_seed_same_numbers_and_a_strategy_alone_finds_the_same(run: Run) -> None:
    first, again = (timeless(rows(run("softmax_classifier", *SMALL, "--seed", "3"), "strategy")) for _ in range(2))
    assert len(first) == 3 and first == again
    for option, name in (("local", "local search"), ("sgd", "mini-batch SGD")):
        alone = run("softmax_classifier", *SMALL, "--seed", "3", "--optimizer", option)
        assert timeless(rows(alone, "strategy")) == {name: first[name]}
    other = timeless(rows(run("softmax_classifier", *SMALL, "--seed", "4"), "strategy"))
    assert all(other[name] != first[name] for name in first)


@pytest.mark.parametrize("regularizer", ["l1", "elastic", "group"])
def test_every_regularizer_trains(run: Run, regularizer: str) -> None:
    printed = run("softmax_classifier", *SMALL, "--regularizer", regularizer, "--optimizer", "sgd")
    (cells,) = rows(printed, "strategy").values()
    assert percent(cells[1]) > 85
    assert {"l1": "R = L1(0.001)", "elastic": "R = ElasticNet(", "group": "R = GroupLasso("}[regularizer] in printed


def test_verbose_tells_of_every_attempt(run: Run) -> None:
    printed = run("softmax_classifier", *SMALL, "--attempts", "25", "--optimizer", "random", "-v")
    told = re.findall(r"^in attempt (\d+) the loss was (\S+), best (\S+)$", printed, re.MULTILINE)
    losses = [float(loss) for _, loss, _ in told]
    assert [int(n) for n, _, _ in told] == list(range(25))
    assert [float(best) for *_, best in told] == [min(losses[: i + 1]) for i in range(25)]


def test_more_attempts_find_more(run: Run) -> None:
    few, many = (
        rows(run("softmax_classifier", *SMALL, "--attempts", n, "--optimizer", "local"), "strategy")["local search"]
        for n in ("20", "300")
    )
    assert float(many[0]) < float(few[0]) and percent(many[2]) > percent(few[2])


def test_cifar10_is_read_and_its_gradient_checked_on_200_weights(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    rng, asked = np.random.default_rng(0), []

    def split(n: int) -> Split:
        return Split(rng.integers(0, 256, (n, 3, 32, 32), dtype=np.uint8), rng.integers(0, 10, n))

    def cifar10(root: str, download: bool) -> Images:
        asked.append((root, download))
        return Images(split(300), split(50), tuple("abcdefghij"))

    monkeypatch.setattr(datasets, "cifar10", cifar10)
    printed = run("softmax_classifier", "--data", "cifar10", "--root", "there", "--attempts", "10", "--epochs", "1")
    assert asked == [("there", False)]
    assert "cifar10: 300 x 3,073 to learn from, 50 to test on" in printed
    assert "on 256 images" in printed and "for 200 of the 30,730 weights" in printed
    assert rows(printed, "strategy")["mini-batch SGD"][-1] == "2 x 256 images"


def test_plain_numpy_takes_the_same_steps(run: Run) -> None:
    printed = run("softmax_classifier", *SMALL, "--compare-numpy")
    assert list(rows(printed, "time of one evaluation")) == ["random search", "local search", "mini-batch SGD"]
    import plain_numpy
    import softmax_classifier
    from common import load

    data = load()
    args = Namespace(seed=0, epochs=10, batch_size=len(data.x), lr=0.3, strength=1e-3)  # one batch: order is nothing
    model = softmax_classifier.classifier(data)
    ours = list(softmax_classifier.sgd(model, data, nn.regularizers.L2(1e-3), args))
    theirs = list(plain_numpy.descend(data.x.numpy(), data.y.numpy(), args))
    assert len(ours) == 10
    assert ours == pytest.approx(theirs, rel=1e-4)


def test_on_a_gpu_the_same_numbers_as_on_the_cpu(run: Run, tmp_path: Path) -> None:
    """On the stand-in for CuPy, which computes with NumPy and refuses what CuPy refuses."""
    arguments = (*SMALL, "--attempts", "20", "--epochs", "1")
    on_cpu = timeless(rows(run("softmax_classifier", *arguments), "strategy"))
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "softmax_classifier.py"), *arguments, "--device", "cuda"],
        cwd=tmp_path, capture_output=True, text=True, timeout=300,
        env={**os.environ, "PYTHONPATH": str(EXAMPLES.parent / "tests" / "standin")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert timeless(rows(done.stdout, "strategy")) == on_cpu


# --- the other lessons -----------------------------------------------------------------------------------------------


def test_step_size(run: Run) -> None:
    table = rows(run("step_size", "--out", "figures"), "step size")
    start, ends = {row[1] for row in table.values()}, {name: float(row[2]) for name, row in table.items()}
    assert len(start) == 1  # all three begin with the same weights
    assert ends["right"] < 0.3 < 1 < min(ends["too small"], ends["too big"])
    assert [table[name][3] for name in ("too small", "right")] == ["0", "0"] and int(table["too big"][3]) > 10
    assert Path("figures/step_size.png").read_bytes().startswith(PNG)


def test_batch_size(run: Run) -> None:
    table, again = (rows(run("batch_size", "--epochs", "1"), "gradient descent") for _ in range(2))
    assert timeless(table) == timeless(again)
    assert [row[0] for row in table.values()] == ["1,438", "64", "1"]
    assert [row[3] for row in table.values()] == ["1", "23", "1,438"]  # steps of one pass
    assert float(table["full batch"][5]) > float(table["mini-batch"][5])
    noise = int(table["single sample"][4].replace(",", ""))
    assert noise > 400  # so many steps raise the loss over all images
    assert Path("out/batch_size.png").read_bytes().startswith(PNG)


def test_overfitting(run: Run) -> None:
    table = {name: [float(c.removesuffix("%")) for c in cells] for name, cells in rows(
        run("overfitting"), "              train loss").items()}  # fmt: skip
    without, under = table["without R(W)"], table["with R(W)"]
    assert without[0] < under[0] < 0.1 and without[3] == under[3] == 100  # train loss, train accuracy
    assert under[1] < without[1] and without[1] > 1.2 * without[2]  # the test loss rose again from its lowest
    assert under[4] > without[4]
    assert Path("out/overfitting.png").read_bytes().startswith(PNG)


def test_sparse_weights(run: Run) -> None:
    table = rows(run("sparse_weights", "--steps", "200"), "    weights = 0")
    assert percent(table["L1"][0]) > 50 and percent(table["L2"][0]) == 0
    assert float(table["L1"][2]) < float(table["L2"][2])  # sum of |W|
    assert percent(table["L1"][5]) > 90 and percent(table["L2"][5]) > 90
    assert Path("out/sparse_weights.png").read_bytes().startswith(PNG)


@pytest.mark.parametrize("name", ["step_size", "overfitting", "sparse_weights"])
def test_a_lesson_repeats_itself(run: Run, name: str) -> None:
    first, again, other = (run(name, "--steps", "20", "--seed", seed) for seed in ("1", "1", "2"))
    assert first == again != other


STATISTICS = ["time, ms", "sparsity", "speed-up, dense", "speed-up, CSR", "sparsity", "column sparsity", "row sparsity",
              "speed-up, compacted"]  # fmt: skip


def statistics(printed: str) -> tuple[dict[str, float], list[list[str]]]:
    """The test errors, and of each line of the table the statistic and its values."""
    lines = [re.split(r"\s{2,}", line.strip()) for line in printed.splitlines()[2 : 2 + len(STATISTICS)]]
    errors = {line[1]: percent(line[2]) for line in lines if line[0].isdigit()}
    return errors, [line[3:] if line[0].isdigit() else line for line in lines]


def test_structured_sparsity(run: Run) -> None:
    out = run("structured_sparsity", "--pretrain", "5", "--epochs", "6", "--l1", "5e-3", "--group", "2.5e-2")
    assert out.split()[:10] == ["#", "method", "test", "error", "statistic", "conv1", "conv2", "conv3", "whole", "net"]
    errors, lines = statistics(out)
    assert list(errors) == ["baseline", "l1", "SSL"] and errors["baseline"] < 10 and max(errors.values()) < 20
    assert [line[0] for line in lines] == STATISTICS
    l1, ssl, columns, rows_ = ([percent(cell) for cell in lines[i][1:]] for i in (1, 4, 5, 6))
    assert l1[1] > ssl[1] >= max(columns[1], rows_[1]) >= min(columns[1], rows_[1]) > 5 and columns[0] <= ssl[0] < l1[0]
    times = [float(cell) for i in (0, 2, 3, 7) for cell in lines[i][1:]]
    assert len(times) == 4 + 4 + 3 + 4 and min(times) > 0
    gap = float(re.search(r"differ by (\S+) at most", out)[1])  # type: ignore[index]
    assert gap < 1e-4 and "outputs left" in out and "a product over" in out
    assert Path("out/structured_sparsity.png").read_bytes().startswith(PNG)


def test_structured_sparsity_of_larger_images(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    split = Split(rng.integers(0, 256, (200, 3, 32, 32), dtype=np.uint8), rng.integers(0, 10, 200))
    monkeypatch.setattr(datasets, "cifar10", lambda root, download: Images(split, split, tuple("abcdefghij")))
    small = ("--train", "128", "--pretrain", "1", "--epochs", "1", "--l1", "0.02", "--group", "2")
    _, lines = statistics(run("structured_sparsity", "--data", "cifar10", "--root", "there", *small))
    assert [line[0] for line in lines] == STATISTICS and percent(lines[4][1]) > 0 and len(lines[0]) == 5


# --- what makes no sense ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("--lr", "nan"), "argument --lr: expected a number above 0, got 'nan'"),
        (("--lr", "0"), "argument --lr: expected a number above 0, got '0'"),
        (("--strength", "-1"), "argument --strength: expected a number from 0, got '-1'"),
        (("--epochs", "0"), "argument --epochs: expected an integer from 1, got '0'"),
        (("--batch-size", "many"), "argument --batch-size: expected an integer from 1, got 'many'"),
        (("--attempts", "2.5"), "argument --attempts: expected an integer from 1, got '2.5'"),
        (("--seed", "-1"), "argument --seed: expected an integer from 0, got '-1'"),
        (("--optimizer", "adam"), "argument --optimizer: invalid choice: 'adam'"),
        (("--regularizer", "l3"), "argument --regularizer: invalid choice: 'l3'"),
        (("--device", "tpu"), "--device: device(): expected \"cpu\", \"cuda\" or \"cuda:1\", got 'tpu'"),
        (("--out", __file__), "argument --out: expected a folder that can be written to"),
        (("--data", "cifar10"), "--data cifar10: expected --root DIR as well"),
        (("--compare-numpy", "--regularizer", "l1"), "--compare-numpy: expected --regularizer l2"),
    ],
)  # fmt: skip
def test_bad_options(run: Run, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(SystemExit) as error:
        run("softmax_classifier", *arguments)
    assert error.value.code == 2
    assert message in capsys.readouterr().err
    assert not Path("out").exists()


def test_a_folder_without_cifar10(run: Run) -> None:
    with pytest.raises(SystemExit, match=r"cifar10: there is no folder nowhere.cifar-10-batches-bin") as error:
        run("softmax_classifier", "--data", "cifar10", "--root", "nowhere")
    assert "download" in str(error.value)


@pytest.mark.parametrize("missing", ["matplotlib", "sklearn.datasets"])
def test_without_the_extra_it_says_how_to_install_it(run: Run, monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.delitem(sys.modules, "common", raising=False)
    with pytest.raises(SystemExit) as error:
        run("step_size")
    assert 'pip install -e ".[examples]"' in str(error.value)


@pytest.fixture(autouse=True)
def default_device() -> object:
    """The examples choose the default device; give it back."""
    yield
    mg.set_default_device(None)
