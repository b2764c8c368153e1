"""check_op and the pytest plugin: they pass what is right and name what is wrong."""

from typing import Any

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad.testing import OpCheckError, check_op

pytest_plugins = ["pytester"]


class Scaled(mg.autograd.Function):
    """x * y, with a backward that forgets to multiply by y in the first row."""

    @staticmethod
    def forward(ctx: Any, x: Any, y: Any) -> Any:
        ctx.save_for_backward(x, y)
        return x * y

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, y = ctx.saved_tensors
        gx = g * y
        return mg.cat([g[:1], gx[1:]]), g * x


def test_right_operations_pass() -> None:
    assert check_op(lambda x, y: x * y.exp(), (3, 4), (3, 4), reference=lambda x, y: x * np.exp(y), broadcasts=True)
    report = check_op(lambda x: F.softmax(x, 1), (3, 4), dtypes=("float16", "float32", "float64"))
    assert set(report.found) == {
        "gradient", "second order", "float16", "float32", "float64", "layouts", "purity", "empty inputs"
    }  # fmt: skip
    assert check_op(mg.log, lambda rng: rng.uniform(0.1, 9, (2, 3)))
    assert check_op(lambda x, i: x[i], (4, 2), np.array([0, 0, 3]))
    assert "ok (raises: " in str(check_op(lambda x: x.max(), (3,), order=1).found["empty inputs"])


def test_a_wrong_row_is_found() -> None:
    with pytest.raises(OpCheckError) as caught:
        check_op(Scaled.apply, (3, 4), (3, 4))
    text = str(caught.value)
    assert text.startswith("check_op(apply, seed=0): failed") and "gradient: gradcheck: fail" in text
    assert caught.value.report.found["purity"] == "ok"


@pytest.mark.parametrize(
    "name, fn, check, words",
    [
        ("values", lambda x: x * 2, "values", r"6 of 6 values differ; at \[0, 0\]"),
        ("dtype", lambda x: x.double() * 2, "float32", "the result is float64"),
        ("alias", lambda x: x.T, "purity", r"the result shares memory with argument 0 \(alias=True allows it\)"),
        ("layout", lambda x: mg.from_numpy(x.detach().numpy().ravel("K")) * x.sum(), "layouts", "transposed memory"),
        ("raises", lambda x: x.view(7), "gradient", "raised ShapeError"),
        ("no tensor", lambda x: 1.0, "purity", "expected fn to return a Tensor, got float"),
    ],
)
def test_each_fault_is_named(name: str, fn: Any, check: str, words: str) -> None:
    report = check_op(fn, (2, 3), reference=lambda x: x * 3, raise_exception=False)
    assert not report
    assert pytest.importorskip("re").search(words, report.found[check]), report.found[check]


def test_writing_into_an_argument_is_found() -> None:
    def rude(x: mg.Tensor) -> mg.Tensor:
        x.detach().numpy()[...] = 0
        return x * 1

    report = check_op(rude, (2, 3), raise_exception=False)
    assert "read-only" in report.found["purity"]


def test_bad_calls() -> None:
    with pytest.raises(TypeError, match="check_op: expected a maker for each argument of fn, got none"):
        check_op(mg.exp)


def test_the_plugin_checks_marked_tests(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import minigrad as mg
        import pytest

        def x():
            return mg.randn(2, 3, dtype=mg.float64, requires_grad=True)

        @pytest.mark.gradcheck(order=2)
        def test_right():
            return mg.sin, x()

        @pytest.mark.gradcheck
        @pytest.mark.parametrize("k", [1, 2])
        def test_with_arguments(k):
            return (lambda t: t ** k), (x(),)

        class Wrong(mg.autograd.Function):
            @staticmethod
            def forward(ctx, t):
                return t * 3

            @staticmethod
            def backward(ctx, g):
                return g * 2

        @pytest.mark.gradcheck
        def test_wrong():
            return Wrong.apply, x()

        @pytest.mark.gradcheck
        def test_returns_nothing():
            pass

        def test_ordinary():
            assert True
        """
    )
    result = pytester.runpytest_subprocess("--gradcheck=fast", "--gradcheck-seed=3", "-p", "no:randomly")
    result.assert_outcomes(passed=4, failed=2)
    result.stdout.fnmatch_lines(
        [
            "*gradcheck: fail*",
            "*replay: pytest '*test_wrong' --gradcheck-seed=3*",
            "*a gradcheck test must return (function, inputs), got None*",
            "gradcheck (fast, seed 3): 3 passed, 1 failed; 1 at second order too, * sets of inputs",
        ]
    )
