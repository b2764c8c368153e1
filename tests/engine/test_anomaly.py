"""detect_anomaly names the first op that made a nan or an inf, and the line that called it."""

import pytest

import minigrad as mg
from minigrad.autograd import AnomalyError, detect_anomaly, is_anomaly_enabled, set_detect_anomaly


def test_the_first_op_forward_is_named_with_line_index_and_values() -> None:
    x = mg.tensor([[1.0, 2.0], [0.0, 3.0]], requires_grad=True)
    with detect_anomaly(), pytest.raises(AnomalyError) as caught:
        y = x * 1
        z = y.log()
        (z * 0).sum()
    text = str(caught.value)
    assert "log, at test_anomaly.py:13, made an inf at index [1, 0]" in text
    assert "float32[2, 2] (0.0 there)" in text


def test_a_nan_that_only_the_backward_makes() -> None:
    x = mg.tensor([4.0, 0.0], requires_grad=True)
    with detect_anomaly():
        y = (x.sqrt() * mg.tensor([1.0, 0.0])).sum()
        with pytest.raises(
            AnomalyError, match=r"the backward of sqrt \(recorded at test_anomaly.py:23\).*`input`.*nan"
        ):
            y.backward()


def test_a_nan_in_the_data_is_said_to_be_given() -> None:
    x, w = mg.tensor([1.0, float("nan")]), mg.ones(2, requires_grad=True)
    with detect_anomaly(), pytest.raises(AnomalyError, match=r"mul, at .*, was given a nan at index \[1\]"):
        x * w


def test_a_mask_of_minus_infinity_is_let_pass() -> None:
    x = mg.tensor([[1.0, 2.0]], requires_grad=True)
    with detect_anomaly():
        p = mg.softmax(x.masked_fill(mg.tensor([[False, True]]), float("-inf")), 1)
        p[0, 0].backward()
    assert p.tolist() == [[1.0, 0.0]]


def test_it_holds_inside_enable_grad_and_under_create_graph() -> None:
    x = mg.tensor([0.0], requires_grad=True)
    with detect_anomaly():
        with mg.no_grad(), mg.enable_grad(), pytest.raises(AnomalyError, match="log"):
            x.log()
        (g,) = mg.autograd.grad((x**2).sum(), x, create_graph=True)
        with pytest.raises(AnomalyError, match="made a nan"):
            g / x


def test_it_is_off_outside_and_can_be_switched() -> None:
    x = mg.tensor([0.0], requires_grad=True)
    assert not is_anomaly_enabled() and x.log().item() == float("-inf")
    set_detect_anomaly(True)
    try:
        assert is_anomaly_enabled()
        with pytest.raises(AnomalyError, match="log"):
            x.log()
    finally:
        set_detect_anomaly(False)
    assert x.log().item() == float("-inf")
    with set_detect_anomaly(True):
        assert is_anomaly_enabled()
    assert not is_anomaly_enabled()


def test_remembering_lines_without_checking() -> None:
    x = mg.tensor([0.0], requires_grad=True)
    with detect_anomaly(check_nan=False):
        assert x.log().item() == float("-inf")
