"""gradcheck: what passes, what fails and in which words, what is inconclusive."""

import numpy as np
import pytest

import minigrad
from minigrad.autograd import Function, gradcheck, gradgradcheck
from minigrad.gradcheck import GradcheckError

RNG = np.random.default_rng(0)


def leaf(*shape, dtype="float64", scale=1.0):
    return minigrad.tensor((RNG.normal(size=shape) * scale).astype(dtype), requires_grad=True)


def op(forward, backward):
    """A user's op from two functions of tensors: y = forward(*xs), gradients = backward(g, *xs)."""

    class Op(Function):
        @staticmethod
        def forward(ctx, *xs):
            ctx.save_for_backward(*xs)
            return forward(*xs)

        @staticmethod
        def backward(ctx, g):
            return backward(g, *ctx.saved_tensors)

    return Op.apply


def report_of(func, *inputs, **options):
    return gradcheck(func, inputs, raise_exception=False, **options)


# --- what is right passes -----------------------------------------------------------------------------------------

CORRECT = {
    "product": lambda x: x * x.sin(),
    "matmul": lambda x: (x @ x.T).tanh(),
    "softmax": lambda x: minigrad.softmax(x, -1),
    "log_softmax": lambda x: minigrad.log_softmax(x * 30, -1),
    "relu": minigrad.relu,
    "abs": minigrad.abs,
    "max": lambda x: x.amax(-1),
    "norm": lambda x: minigrad.norm(x, dim=1),
    "std": lambda x: x.std(0),
    "gather twice": lambda x: x[[0, 0, 2]],
    "two outputs": lambda x: (x.exp(), x.sum(0)),
    "with an integer output": lambda x: (x.argmax(1), x * 2),
    "scalar": lambda x: (x * x).mean(),
    "log of tiny numbers": lambda x: (abs(x) * 1e-9 + 1e-12).log(),
    "tiny scale": lambda x: x * 5e-6,
    "huge scale": lambda x: x * 1e12,
    "clip": lambda x: x.clamp(-0.5, 0.5),
    "where": lambda x: minigrad.where(x > 0, x * x, -x),
}


@pytest.mark.parametrize("name", CORRECT)
def test_correct_ops_pass(name):
    report = gradcheck(CORRECT[name], (leaf(3, 4),))
    assert report and report.outcome == "pass" and len(report.samples) > 5


@pytest.mark.parametrize("shape", [(), (1,), (1, 1), (2, 3, 2)])
def test_shapes(shape):
    assert gradcheck(lambda x: (x * x).exp(), (leaf(*shape),))


def test_empty_input_only_checks_shapes():
    report = gradcheck(lambda x: x.sum() * 2, (leaf(0, 3),))
    assert report and "empty" in report.notes[0]


def test_large_input_by_projections():
    assert gradcheck(lambda x: x.tanh(), (leaf(100, 100),), samples=1)


def test_given_points_at_kinks_are_an_answer():
    x = minigrad.tensor([0.0, 1.0, -1.0], dtype=minigrad.float64, requires_grad=True)
    report = gradcheck(minigrad.relu, (x,))
    assert str(report.kinks[0]) == ("kink at input 0[0]: left 0, right 1, analytic 0 in [0, 1]: accepted subgradient")
    assert not report_of(minigrad.relu, x, kinks="fail") and report_of(minigrad.relu, x, kinks="skip")


def test_float32_is_checked_in_float64_and_then_in_float32():
    assert gradcheck(lambda x: x.tanh() * 3, (leaf(3, 4, dtype="float32"),))
    sloppy = op(lambda x: x.sin(), lambda g, x: g * (x.cos() if x.dtype == minigrad.float64 else 1.1 * x.cos()))
    report = report_of(sloppy, leaf(3, 4, dtype="float32"))
    assert report.outcome == "fail" and "in float32 the gradient of input 0" in str(report)


def test_second_order():
    assert gradgradcheck(lambda x, w: (x @ w).tanh(), (leaf(3, 4), leaf(4, 2)))
    assert gradgradcheck(lambda x: x * 3, (leaf(3),))


# --- what is wrong fails, and says where and why ----------------------------------------------------------------------

WRONG = {
    "sign": (lambda x: x.cos(), lambda g, x: g * x.sin(), "the sign is wrong"),
    "factor 2": (lambda x: x * x, lambda g, x: g * x, "backward lacks a factor 2"),
    "factor n": (lambda x: x.mean(), lambda g, x: g + 0 * x, "a division by n = 12, the size of the input"),
    "transposed": (lambda x: x.T * 1, lambda g, x: g.reshape(3, 4), "transposed"),
    "flipped": (lambda x: minigrad.flip(x, 0), lambda g, x: g * 1, "flipped along dimension 0"),
    "zero": (lambda x: x.exp(), lambda g, x: g * 0, "all zero: the graph is cut"),
    "mask": (lambda x: abs(x), lambda g, x: g * 1, "wrong only where x < 0"),
    "near 1": (lambda x: x.exp(), lambda g, x: g * x.exp() * 1.0001, "1.0001 times the numeric one"),
    "precision": (lambda x: x.sin(), lambda g, x: g * x.cos().float().double(), "are those of float32"),
    "mean term": (lambda x: x - x.mean(1, True), lambda g, x: g * 1, "such as a mean or a sum of g over it"),
    "not linear": (lambda x: x.sin(), lambda g, x: abs(g) * x.cos(), "not linear in the upstream gradient"),
    "constant": (lambda x: x.sin(), lambda g, x: g * x.cos() + 1e-3, "a zero upstream gradient does not give a zero"),
}


@pytest.mark.parametrize("name", WRONG)
def test_diagnosis_in_words(name):
    forward, backward, words = WRONG[name]
    report = report_of(op(forward, backward), leaf(3, 4))
    assert report.outcome == "fail" and words in str(report)


def test_report_names_the_worst_element():
    def backward(g, x):
        one = np.ones((3, 4))
        one[1, 2] = 1.0001
        return g * x.cos() * minigrad.tensor(one)

    with pytest.raises(GradcheckError, match="only element \\[1, 2\\] is wrong") as caught:
        gradcheck(op(lambda x: x.sin(), backward), (leaf(3, 4),))
    worst = caught.value.report.worst
    assert worst.input == (0, (1, 2)) and worst.output == (0, (1, 2))
    assert worst.analytic / worst.numeric == pytest.approx(1.0001) and worst.error < 1e-9


@pytest.mark.parametrize("scale", [1e-9, 1e-6, 1.0, 1e6])
def test_no_absolute_tolerance_hides_a_small_op(scale):
    good = op(lambda x: x.sin() * scale, lambda g, x: g * x.cos() * scale)
    zero = op(lambda x: x.sin() * scale, lambda g, x: g * 0)
    assert report_of(good, leaf(3)) and not report_of(zero, leaf(3))


def test_found_in_a_large_array_by_bisection():
    def backward(g, x):
        one = np.ones((60, 50))
        one[17, 33] = 1.001
        return g * x.cos() * minigrad.tensor(one)

    report = report_of(op(lambda x: x.sin(), backward), leaf(60, 50), fast_mode=True, samples=0)
    assert report.outcome == "fail" and report.worst.input == (0, (17, 33))


def test_a_bug_that_only_copies_of_the_inputs_show():
    x = minigrad.tensor([0.3, 0.5, 0.4], dtype=minigrad.float64, requires_grad=True)
    above = op(lambda x: x.sinh(), lambda g, x: g * minigrad.where(x > 1, x.sinh(), x.cosh()))
    assert report_of(above, x, samples=0) and not report_of(above, x)


def test_ties_must_share():
    twice = op(minigrad.maximum, lambda g, a, b: (g * (a >= b), g * (b >= a)))
    report = report_of(twice, leaf(3, 4), leaf(3, 4))
    assert report.outcome == "fail" and "their gradients add up to 2: share one gradient" in str(report)


def test_random_and_impure_functions_are_named():
    assert "f is random" in str(report_of(lambda x: x * minigrad.rand(3), leaf(3)))
    noisy = op(lambda x: x.sin(), lambda g, x: g * x.cos() * (1 + 1e-6 * minigrad.rand(3)))
    assert "backward is not repeatable" in str(report_of(noisy, leaf(3)))
    assert "changed in place" in str(report_of(lambda x: x.mul_(2), leaf(3)))


def test_wrong_dtype_and_shape_of_a_gradient():
    single = op(lambda x: x * 2, lambda g, x: (g * 2).float())
    assert "Op.backward returned float32 for argument 0, a float64 one" in str(report_of(single, leaf(3)))
    assert report_of(single, leaf(3), check_grad_dtypes=False).outcome == "fail"  # its precision is lost, too
    assert "backward raised ShapeError" in str(report_of(op(lambda x: x * 2, lambda g, x: g[:2] * 2), leaf(3)))


def test_a_cut_graph_is_named():
    assert "the graph is cut" in str(report_of(lambda x: x.detach() * 2, leaf(3)))


def test_second_order_failure_is_not_a_first_order_one():
    cut = op(lambda x: x**3, lambda g, x: 3 * g * x * x.detach())
    assert report_of(cut, leaf(3))
    report = gradgradcheck(cut, (leaf(3),), raise_exception=False)
    assert report.name == "gradgradcheck" and "0.5 times" in str(report)
    first = gradgradcheck(op(lambda x: x.sin(), lambda g, x: g * x), (leaf(3),), raise_exception=False)
    assert "the first order already fails" in str(first)


# --- what cannot be told is said to be so ---------------------------------------------------------------------------


def test_no_influence_is_inconclusive_unless_declared():
    with pytest.raises(GradcheckError, match=r"gradcheck: inconclusive\ninput 0 has no influence on any output"):
        gradcheck(lambda x: minigrad.softmax(x, -1).sum(), (leaf(3),))
    report = report_of(lambda x, y: x * 2 + 0 * y, leaf(3), leaf(3))
    assert not report and report.outcome == "inconclusive" and "allow_zero=[1]" in str(report)
    assert gradcheck(lambda x, y: x * 2 + 0 * y, (leaf(3), leaf(3)), allow_zero=[1])
    assert gradcheck(minigrad.floor, (leaf(3),), allow_zero=True)


def test_outside_the_domain_is_inconclusive():
    x = minigrad.tensor([-1.0], dtype=minigrad.float64, requires_grad=True)
    assert report_of(minigrad.log, x).outcome == "inconclusive"


# --- options --------------------------------------------------------------------------------------------------------


def test_tolerances_and_step_of_the_user_are_honoured():
    off = op(lambda x: x.sin(), lambda g, x: g * x.cos() * 1.001)
    assert not report_of(off, leaf(3)) and report_of(off, leaf(3), rtol=0.01)
    assert report_of(off, leaf(3), eps=1e-4, rtol=0.01) and not report_of(off, leaf(3), eps=1e-4)


def test_same_seed_same_report():
    wrong = op(lambda x: x.sin(), lambda g, x: g * x)
    x = leaf(3, 4)
    assert str(report_of(wrong, x, seed=5)) == str(report_of(wrong, x, seed=5))
    assert "seed=5" in str(report_of(wrong, x, seed=5))


@pytest.mark.parametrize(
    "options, text",
    [
        ({"eps": -1.0}, "eps: expected a positive number, got -1.0"),
        ({"atol": -1.0}, "atol: expected a non-negative number, got -1.0"),
        ({"kinks": "ignore"}, "kinks: expected \"accept\", \"skip\" or \"fail\", got 'ignore'"),
        ({"samples": -1}, "samples: expected a number of copies"),
        ({"check_forward_ad": True}, "no forward mode nor vmap"),
    ],
)  # fmt: skip
def test_bad_options(options, text):
    with pytest.raises(ValueError, match=text):
        gradcheck(minigrad.exp, (leaf(2),), **options)


def test_bad_inputs():
    with pytest.raises(ValueError, match="expected at least one tensor that requires grad, got none"):
        gradcheck(minigrad.exp, (minigrad.tensor([1.0]),))
    with pytest.raises(TypeError, match="func: expected a Tensor or a tuple of them, got float"):
        gradcheck(lambda x: 1.0, (leaf(2),))


# --- words for patterns -----------------------------------------------------------------------------------------------


def wrong(forward, backward):
    class Wrong(minigrad.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return forward(x)

        @staticmethod
        def backward(ctx, g):
            return backward(g, *ctx.saved_tensors)

    return Wrong.apply


def spread(x):
    return minigrad.cat([x, x])


PATTERNS = {
    "the mask is flipped": (lambda x: x.relu(), lambda g, x: g * (x < 0)),
    "the right derivatives stand at the wrong positions": (lambda x: x.sort(0)[0], lambda g, x: g),
    "derivatives are missing, zero where they should not be": (spread, lambda g, x: g[:3]),
    "derivatives are there that should be zero": (lambda x: x.triu(), lambda g, x: g),
    "the analytic derivative is x where it should be the output": (lambda x: x.exp(), lambda g, x: g * x),
    "the Jacobian is transposed": (lambda x: x @ SQUARE, lambda g, x: g @ SQUARE),
    "each output's derivatives are off by a factor of its own": (
        lambda x: x / x.std(1, keepdim=True), lambda g, x: g - (g * x).mean(1, keepdim=True) * x * 0 - (
            g * (x / x.std(1, keepdim=True))).sum(1, keepdim=True) * (x - x.mean(1, keepdim=True)) / x.std(
                1, keepdim=True) / 2),
    "for no one factor fits": (lambda x: x * x.sigmoid(), lambda g, x: g * x.sigmoid()),
}  # fmt: skip
SQUARE = minigrad.tensor(np.random.default_rng(1).normal(size=(3, 3)))


@pytest.mark.parametrize("words", PATTERNS)
def test_a_pattern_has_its_words(words):
    x = minigrad.tensor(np.random.default_rng(0).normal(size=(3, 3)), requires_grad=True)
    report = gradcheck(wrong(*PATTERNS[words]), (x,), raise_exception=False)
    assert report.outcome == "fail" and words in str(report), report
