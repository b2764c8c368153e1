"""Forms that PyTorch deprecates and still runs: they run here, with a warning at the user's own line."""

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn

X, Y, M = mg.arange(6).float().view(2, 3), mg.ones(2, 3), mg.ones(2, 2)
OLD: dict[str, tuple[Any, Any]] = {  # a call by an old form, and its result; each warns
    "softmax": (lambda: nn.functional.softmax(mg.zeros(2, 4)), [[0.25] * 4] * 2),
    "softmax, 3-d": (lambda: nn.functional.softmax(mg.zeros(2, 1, 1)), [[[0.5]], [[0.5]]]),
    "Softmax": (lambda: nn.Softmax()(mg.zeros(2)), [0.5, 0.5]),
    "softmin": (lambda: nn.functional.softmin(mg.zeros(1, 2, 1, 1))[0, :, 0, 0], [0.5, 0.5]),
    "LogSoftmax": (lambda: nn.LogSoftmax()(mg.zeros(1, 1)), [[0.0]]),
    "add": (lambda: X.add(2, Y), [[2, 3, 4], [5, 6, 7]]),
    "mg.add": (lambda: mg.add(X, 2, Y), [[2, 3, 4], [5, 6, 7]]),
    "add_": (lambda: X.clone().add_(-1, Y), [[-1, 0, 1], [2, 3, 4]]),
    "sub": (lambda: X.sub(2, Y), [[-2, -1, 0], [1, 2, 3]]),
    "sub_": (lambda: X.clone().sub_(2, Y), [[-2, -1, 0], [1, 2, 3]]),
    "addcmul": (lambda: X.addcmul(2, Y, Y), [[2, 3, 4], [5, 6, 7]]),
    "addcdiv_": (lambda: X.clone().addcdiv_(2, Y, Y), [[2, 3, 4], [5, 6, 7]]),
    "addmm, beta": (lambda: M.addmm(3, X, X.T), [[8, 17], [17, 53]]),
    "addmm, beta and alpha": (lambda: M.addmm(2, 3, X, X.T), [[17, 44], [44, 152]]),
    "mg.addmm": (lambda: mg.addmm(2, M, 3, X, X.T), [[17, 44], [44, 152]]),
    "addmv_": (lambda: mg.ones(2).addmv_(3, X, mg.ones(3)), [6, 15]),
    "addr": (lambda: mg.addr(2, Y, 3, mg.ones(2), mg.ones(3)), [[5] * 3] * 2),
    "addbmm": (lambda: M.addbmm(3, X[None], X.T[None]), [[8, 17], [17, 53]]),
    "baddbmm_": (lambda: mg.ones(1, 2, 2).baddbmm_(2, 3, X[None], X.T[None]), [[[17, 44], [44, 152]]]),
    "range": (lambda: mg.range(1, 2, 0.5), [1, 1.5, 2]),
    "range, down": (lambda: mg.range(5, 1, -2, dtype=mg.int64), [5, 3, 1]),
    "Hardtanh": (lambda: nn.Hardtanh(min_value=0.0, max_value=2.0)(X), [[0, 1, 2], [2, 2, 2]]),
    "cholesky": (lambda: mg.cholesky(mg.eye(2) * 4), [[2, 0], [0, 2]]),
    "triangular_solve": (lambda: mg.triangular_solve(mg.ones(2, 1), mg.eye(2) * 2, transpose=True)[0], [[0.5]] * 2),
    "clip_grad_norm": (lambda: nn.utils.clip_grad_norm([], 1.0), 0.0),
}


@pytest.mark.parametrize("call, expected", OLD.values(), ids=OLD)
def test_old_forms_run_and_warn(call: Any, expected: Any) -> None:
    with pytest.warns((UserWarning, FutureWarning), match="deprecated") as seen:
        np.testing.assert_allclose(call().numpy(), expected, rtol=1e-6)
    assert len(seen) == 1 and seen[0].filename == __file__


def test_an_old_form_needs_its_operands() -> None:
    for call in (
        lambda: X.add(Y, 2),
        lambda: X.add(2, Y, Y),
        lambda: X.add(2, Y, alpha=3),
        lambda: X.addmm(1, 2, 3, M),
    ):
        with pytest.raises(TypeError, match=r"add(mm)?: expected [23] operands, got"):
            call()
    with pytest.warns(UserWarning, match="range"), pytest.raises(ValueError, match="range: .* an end that it leads to"):
        mg.range(1, 0)


def test_gradients_flow_through_an_old_form() -> None:
    a, b = mg.ones(2, requires_grad=True), mg.ones(2, requires_grad=True)
    with pytest.warns(UserWarning, match="add: numbers among the operands are deprecated; .*: alpha=3"):
        a.add(3, b).sum().backward()
    assert a.grad.tolist() == [1, 1] and b.grad.tolist() == [3, 3]


def test_the_old_order_of_a_variance_s_arguments() -> None:
    np.testing.assert_allclose(X.var(1, False).numpy(), [2 / 3, 2 / 3], rtol=1e-6)
    np.testing.assert_allclose(mg.std(X, 1, True, True).numpy(), [[1], [1]], rtol=1e-6)
    assert [t.shape for t in mg.var_mean(X, (0, 1), False, True)] == [(1, 1), (1, 1)]


def test_containers_of_old() -> None:
    with pytest.warns(FutureWarning, match="nn.Container: deprecated; use Module"):
        assert list(nn.Container(a=nn.ReLU()).named_modules())[1][0] == "a"
    assert mg.pinverse(mg.eye(2) * 2).tolist() == [[0.5, 0], [0, 0.5]]
