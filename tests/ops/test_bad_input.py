"""Input that makes no sense is answered in words: which operation, what it expected, what came."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim
from minigrad.autograd.functional import jacobian
from minigrad.errors import DtypeError, ShapeError
from minigrad.nn import functional as F
from minigrad.nn import init
from minigrad.nn.regularizers import L1, GroupLasso

X = mg.ones(3, 4)
N = mg.arange(5)
CASES: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: mg.full((2,), None), TypeError, "full: fill_value: expected a number, got None"),
    (lambda: mg.full((2,), "a"), TypeError, "full: fill_value: expected a number, got 'a'"),
    (lambda: mg.zeros(2.5), TypeError, r"zeros: size: expected integers, got \(2.5,\)"),
    (lambda: mg.zeros(2, dtype="foo"), TypeError, "zeros: dtype: expected one such as minigrad.float32, got 'foo'"),
    (lambda: X.to("foo"), TypeError, "to: dtype: expected one such as minigrad.float32, got 'foo'"),
    (lambda: X.astype(None), TypeError, "to: dtype: expected one such as minigrad.float32, got None"),
    (lambda: mg.arange(float("inf")), ValueError, "arange: expected finite numbers, .* got start=0, end=inf, step=1"),
    (lambda: mg.arange(3, 0), ValueError, "arange: .* an end that it leads to; got start=3, end=0, step=1"),
    (lambda: mg.linspace(0, 1, 2.5), TypeError, "linspace: steps: expected an integer, got 2.5"),
    (lambda: mg.eye(-1), ValueError, "eye: n: expected 0 or more, got -1"),
    (lambda: mg.eye(2.5), TypeError, "eye: n: expected an integer, got 2.5"),
    (lambda: mg.randn(-2), ValueError, r"randn: size: expected 0 or more, got \(-2,\)"),
    (lambda: mg.rand(2, dtype=mg.int64), DtypeError, "expected a floating dtype, got int64"),
    (lambda: mg.randperm(-1), ValueError, "randperm: n: expected 0 or more, got -1"),
    (lambda: mg.normal(0.0, -1.0, (2,)), ValueError, "normal: std: expected 0 or more, got -1.0"),
    (lambda: X.repeat(2, -1), ValueError, r"repeat: expected numbers of 0 or more, got \(2, -1\)"),
    (lambda: X.view("a"), TypeError, "view: dtype: expected one such as minigrad.float32, got 'a'"),
    (lambda: X.clamp("a"), TypeError, r"clamp: .* got float32\[3, 4\], str 'a'"),
    (lambda: N // 0, ZeroDivisionError, "floor_divide: integers have no quotient by zero"),
    (lambda: N % mg.zeros(5, dtype=mg.int64), ZeroDivisionError, "remainder: integers have no quotient by zero"),
    (lambda: mg.fmod(N, 0), ZeroDivisionError, "fmod: integers have no quotient by zero"),
    (lambda: (N > 1) ** (N > 1), DtypeError, "pow: expected numbers, got bool and bool"),
    (lambda: nn.Linear(None, 3), TypeError, "Linear: in_features: expected an integer, got None"),
    (lambda: nn.Linear(3, -1), ValueError, "Linear: out_features: expected 0 or more, got -1"),
    (lambda: F.cross_entropy(X, mg.zeros(3), label_smoothing="a"), TypeError, "cross_entropy: .* label_smoothing=str"),
    (lambda: F.huber_loss(X, X, delta=None), TypeError, "huber_loss: .* delta=None"),
    (lambda: F.dropout(X, "a"), TypeError, "dropout: .* str 'a'"),
    (lambda: F.conv1d(mg.ones(1, 1, 5), mg.ones(1, 1, 2), stride=1.5), TypeError, "conv1d: .* stride=1.5"),
    (lambda: F.max_pool2d(mg.ones(1, 1, 5, 5), 2.5), TypeError, r"max_pool2d: .* got float32\[1, 1, 5, 5\], 2.5"),
    (lambda: init.normal_(N), DtypeError, r"init: expected a floating tensor, got int64\[5\]"),
    (lambda: jacobian(3, X), TypeError, "jacobian: func: expected a function, got 3"),
    (lambda: jacobian(abs, None), TypeError, "jacobian: input: expected a Tensor or a tuple of them, got NoneType"),
    (lambda: L1(1.0, parameters=5), TypeError, "L1: parameters: expected a pattern, .* or None, got 5"),
    (lambda: GroupLasso(1.0, groups=[1]), ValueError, r"GroupLasso: groups: expected rows, .* got \[1\]"),
    (lambda: optim.SGD([{"params": 5}]), TypeError, "SGD: params: expected tensors, got int"),
    (lambda: optim.SGD([N]), DtypeError, r"SGD: params\[0\]: expected a floating tensor, got int64\[5\]"),
    (lambda: optim.RandomSearch([mg.ones(2).half()], scale=1e-9), ValueError, "scale: 1e-09 is 0 in the float16"),
    (lambda: optim.RandomSearch([mg.ones(2)], scale=1e39), ValueError, "scale: 1e.39 is inf in the float32"),
    (lambda: nn.Linear(3, 2)([1, 2, 3]), ShapeError, r"Linear.*: expected an input \(..., 3\), got list"),
    (lambda: nn.LSTM(3, 2)(None), ShapeError, r"LSTM\(3, 2\): expected an input \(T, N, 3\).*, got None"),
    (lambda: nn.GRU(3, 2)(mg.ones(0, 2, 3)), ShapeError,
     r"GRU\(3, 2\): expected at least one step, got float32\[0, 2, 3\]"),
    (lambda: nn.LSTMCell(3, 4)(mg.ones(2, 3), mg.ones(2, 4)), ShapeError,
     r"LSTMCell\(3, 4\): hx: expected \(h, c\) of \(2, 4\) each, got float32\[2, 4\]"),
    (lambda: nn.GRUCell(3, 4)(mg.ones(2, 3), mg.ones(3, 4)), ShapeError,
     r"GRUCell\(3, 4\): hx: expected \(2, 4\), got float32\[3, 4\]"),
    (lambda: nn.Conv2d(3, 4, 3)(None), ShapeError, r"Conv2d.*: expected an input \(N, C, H, W\).*, got None"),
    (lambda: nn.BatchNorm2d(3)([1]), ShapeError, "BatchNorm2d.*: expected an input of 4 dimensions .*, got list"),
    (lambda: nn.MultiheadAttention(4, 2)(mg.ones(2, 3, 4), None, X), ShapeError,
     "MultiheadAttention: key: expected 2 or 3 dimensions, got None"),
    (lambda: nn.GroupNorm(2, 4)(mg.ones(2, 6, 3)), ShapeError,
     r"GroupNorm\(2, 4.*\(N, 4, ...\), got float32\[2, 6, 3\]"),
    (lambda: nn.Embedding.from_pretrained(mg.ones(3)), ShapeError,
     r"from_pretrained: expected a matrix, got float32\[3\]"),
    (lambda: nn.Dropout("a"), ValueError, "Dropout: p: expected a probability, got 'a'"),
    (lambda: nn.Linear(1, 1).requires_grad_("no"), TypeError, "requires_grad_: expected True or False, got 'no'"),
    (lambda: nn.utils.clip_grad_norm_([X], -1), ValueError,
     "clip_grad_norm_: max_norm: expected a number of 0 or more, got -1"),
    (lambda: nn.utils.clip_grad_value_([X], float("nan")), ValueError,
     "clip_value: expected a number of 0 or more, got nan"),
    (lambda: nn.utils.clip_grad_norm_(nn.Linear(1, 1), 1), TypeError,
     "expected tensors, got Linear; pass its .parameters"),
    (lambda: nn.utils.compact(None), TypeError, "compact: model: expected a Module, got NoneType"),
    (lambda: nn.utils.sparsity_report(X), TypeError, "sparsity_report: model: expected a Module, got Tensor"),
    (lambda: mg.set_rng_state(None), TypeError, "set_state: expected a dict that get_state gave, got NoneType"),
    (lambda: mg.distributions.Categorical([0.5, 0.5]), TypeError,
     "Categorical: expected a tensor of probs or logits, got list"),
    (lambda: mg.load(3), TypeError, "load: f: expected the name of a file, or one that is open for bytes, got int"),
    (lambda: mg.save(X, io.StringIO()), TypeError, "save: f: expected a file that is open for bytes, got a text file"),
]  # fmt: skip


@pytest.mark.parametrize("call, kind, text", CASES, ids=[str(i) for i in range(len(CASES))])
def test_is_refused_in_words(call: Callable[[], Any], kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        call()


def test_integers_divide_to_integers() -> None:
    t = mg.tensor([7, -7])
    assert mg.div(t, 2, rounding_mode="trunc").tolist() == [3, -3]
    assert mg.div(t, 2, rounding_mode="floor").tolist() == [3, -4]
    assert mg.round(t).dtype == mg.int64
    assert t.masked_fill(t > 0, 1.5).tolist() == [1, -7]


def test_a_module_is_no_part_of_itself() -> None:
    s = nn.Sequential(nn.Sequential(nn.Linear(2, 2)))
    with pytest.raises(ValueError, match="a module cannot be part of itself"):
        s[0].append(s)
    with pytest.raises(ValueError, match="Sequential: 'again': a module cannot be part of itself"):
        s.again = s
    assert len(list(s.modules())) == 3


def two_groups() -> tuple[mg.Tensor, mg.Tensor, optim.SGD]:
    a, b = mg.ones(2, requires_grad=True), mg.ones(3, requires_grad=True)
    optimizer = optim.SGD([{"params": [a]}, {"params": [b]}], lr=0.1)
    (a.sum() + b.sum()).backward()
    return a, b, optimizer


@pytest.mark.parametrize(
    "setting, value, text",
    [
        ("lr", float("nan"), "SGD: lr: expected a finite number"),
        ("lr", lambda step: -1.0, r"SGD: lr\(0\): expected a finite number from 0 on, got -1"),
        ("momentum", -0.5, "SGD: momentum: expected a finite number from 0 on, got -0.5"),
        ("weight_decay", "x", "SGD: weight_decay: expected a number, got 'x'"),
    ],
)
def test_a_step_that_is_refused_moves_nothing(setting: str, value: Any, text: str) -> None:
    a, b, optimizer = two_groups()
    optimizer.param_groups[1][setting] = value
    with pytest.raises((TypeError, ValueError), match=text):
        optimizer.step()
    assert a.tolist() == [1, 1] and b.tolist() == [1, 1, 1]
    assert "steps" not in optimizer.param_groups[0]


def test_a_gradient_of_another_shape_moves_nothing() -> None:
    a, b, optimizer = two_groups()
    b.data = mg.ones(5)
    with pytest.raises(ShapeError, match=r"SGD.step: params\[0\]: expected a gradient of .* \(5,\), got float32\[3\]"):
        optimizer.step()
    assert a.tolist() == [1, 1]


def test_a_search_only_evaluates() -> None:
    w = mg.ones(3)

    def meddling() -> float:
        w.mul_(2)
        return 1.0

    search = optim.RandomSearch([w], scale=1.0, seed=0)
    with pytest.raises(ValueError, match=r"RandomSearch.step: closure: it changed params\[0\] in place"):
        search.step(meddling)
    assert w.tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    "spoil, text",
    [
        (lambda d: d.update(param_groups=5), "param_groups: expected a list of dicts, got int"),
        (lambda d: d.update(param_groups=[5]), r"param_groups\[0\]: expected a dict with a list \"params\", got int"),
        (lambda d: d["param_groups"][0].pop("params"), r"param_groups\[0\]: expected a dict with a list \"params\""),
        (lambda d: d.update(state=5), "state: expected a dict, got int"),
        (lambda d: d["state"].update(search=5), r"state\['search'\]: expected a dict, got int"),
        (lambda d: d["state"]["search"].update(attempts=-1), "attempts: expected an integer from 0 on, got -1"),
        (lambda d: d["state"]["search"].pop("seed"), "seed: expected an integer, got None"),
        (lambda d: d["param_groups"][0].update(scale=np.nan), "RandomSearch: scale: expected a finite number"),
    ],
)
def test_a_saved_state_that_makes_no_sense_changes_nothing(spoil: Callable[[Any], Any], text: str) -> None:
    search = optim.RandomSearch([mg.ones(3)], scale=1.0, seed=0)
    search.step(lambda: 1.0)
    good, bad = search.state_dict(), search.state_dict()
    bad = {"state": {k: dict(v) for k, v in bad["state"].items()}, "param_groups": [dict(bad["param_groups"][0])]}
    spoil(bad)
    with pytest.raises(ValueError, match=text):
        search.load_state_dict(bad)
    assert search.state_dict() == good


@pytest.mark.parametrize("bad, error, text", [
    (lambda: nn.utils.compact("net"), TypeError, "compact: model: expected a Module, got str"),
    (lambda: nn.utils.sparsity_report(3), TypeError, "sparsity_report: model: expected a Module, got int"),
    (lambda: mg.Generator().set_state({}), TypeError, "set_state: expected a dict that get_state gave, got dict"),
])  # fmt: skip
def test_tools_given_something_else(bad: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        bad()


def test_the_state_of_another_kind_changes_nothing() -> None:
    p = nn.Parameter(mg.ones(2))
    adam, sgd = optim.Adam([p]), optim.SGD([p], lr=0.5, momentum=0.9)
    with pytest.raises(
        ValueError, match="Adam.load_state_dict: .*expected betas, eps, got another optimizer's dampening"
    ):
        adam.load_state_dict(sgd.state_dict())
    assert adam.param_groups[0]["lr"] == 1e-3
    older = optim.Adam([p], lr=0.1).state_dict()
    del older["param_groups"][0]["fused"], older["param_groups"][0]["amsgrad"]
    adam.load_state_dict(older)
    assert adam.param_groups[0]["lr"] == 0.1
    steps, decay = optim.lr_scheduler.StepLR(sgd, 2), optim.lr_scheduler.ExponentialLR(sgd, 0.9)
    with pytest.raises(ValueError, match=r"ExponentialLR.load_state_dict: .*got another schedule's \['step_size'\]"):
        decay.load_state_dict(steps.state_dict())
    decay.load_state_dict({**decay.state_dict(), "verbose": False, "_get_lr_called_within_step": False})
