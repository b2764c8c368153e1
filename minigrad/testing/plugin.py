"""The pytest plugin: tests that *are* gradient checks.

    @pytest.mark.gradcheck(order=2)
    def test_my_op():
        return MyOp.apply, (mg.randn(3, 4, dtype=mg.float64, requires_grad=True),)

A marked test returns a function and its inputs; the plugin checks the gradient and, with order=2, the second order.
Further arguments of the mark go to gradcheck. `--gradcheck=fast|full` chooses the mode, `--gradcheck-seed=N` replays
what a failure printed. A summary says how much was checked.
"""

import zlib
from typing import Any

import pytest

from minigrad.gradcheck import gradcheck, gradgradcheck
from minigrad.ops.random import manual_seed

_CHECKED = pytest.StashKey[dict[str, int]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("gradcheck", "gradient checks (minigrad)")
    group.addoption("--gradcheck", choices=("fast", "full"), default="full", help="random projections, or everything")
    group.addoption("--gradcheck-seed", type=int, default=0, metavar="N", help="the seed of all that is drawn")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the mark."""
    config.addinivalue_line(
        "markers",
        "gradcheck(order=1, **options): the test returns (function, inputs); its gradient is checked numerically",
    )
    config.stash[_CHECKED] = {"passed": 0, "failed": 0, "second order": 0, "sets of inputs": 0}


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a marked test, and check what it returns."""
    mark = pyfuncitem.get_closest_marker("gradcheck")
    if mark is None:
        return None
    base = pyfuncitem.config.getoption("--gradcheck-seed")
    seed = zlib.crc32(f"{base}:{pyfuncitem.nodeid}".encode())  # each test its own numbers, the same in every order
    manual_seed(seed)
    names = pyfuncitem._fixtureinfo.argnames
    returned = pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names})
    if not (isinstance(returned, tuple) and len(returned) == 2 and callable(returned[0])):
        raise TypeError(f"{pyfuncitem.name}: a gradcheck test must return (function, inputs), got {returned!r}")
    function, inputs = returned
    _check(pyfuncitem, function, inputs if isinstance(inputs, (tuple, list)) else (inputs,), dict(mark.kwargs), seed)
    return True


def _check(item: pytest.Function, function: Any, inputs: Any, options: dict[str, Any], seed: int) -> None:
    order = options.pop("order", 1)
    options.setdefault("fast_mode", item.config.getoption("--gradcheck") == "fast")
    checked = item.config.stash[_CHECKED]
    for checker in (gradcheck, gradgradcheck)[:order]:
        report = checker(function, inputs, seed=seed, raise_exception=False, **options)
        checked["sets of inputs"] += len(report.samples)
        if not report:
            checked["failed"] += 1
            base = item.config.getoption("--gradcheck-seed")
            pytest.fail(f"{report}\nreplay: pytest '{item.nodeid}' --gradcheck-seed={base}", pytrace=False)
    checked["passed"] += 1
    checked["second order"] += order > 1


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say how much was checked."""
    checked = config.stash[_CHECKED]
    if checked["passed"] or checked["failed"]:
        terminalreporter.write_line(
            f"gradcheck ({config.getoption('--gradcheck')}, seed {config.getoption('--gradcheck-seed')}): "
            f"{checked['passed']} passed, {checked['failed']} failed; {checked['second order']} at second order too, "
            f"{checked['sets of inputs']} sets of inputs"
        )
