"""Distributions: log-probabilities and entropies as PyTorch's, samples by their moments, gradients where they exist."""

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import distributions as D
from minigrad.autograd import gradcheck

RNG = np.random.default_rng(0)
LOC, SCALE, P, LOGITS = RNG.normal(size=(3,)), RNG.uniform(0.5, 2, 3), RNG.uniform(0.1, 0.9, 3), RNG.normal(size=(4, 3))
COV = np.array([[2.0, 0.5], [0.5, 1.0]])
# made by its parameters' arrays, and a value to ask log_prob for
MADE: dict[str, tuple[Any, list[Any], Any]] = {
    "Normal": (lambda D, a, b: D.Normal(a, b), [LOC, SCALE], RNG.normal(size=(5, 3))),
    "Uniform": (lambda D, a, b: D.Uniform(a, a + b), [LOC, SCALE], LOC + 0.3 * SCALE),
    "Exponential": (lambda D, a: D.Exponential(a), [SCALE], RNG.uniform(0, 3, (5, 3))),
    "Bernoulli": (lambda D, a: D.Bernoulli(a), [P], np.array([0.0, 1.0, 1.0])),
    "Bernoulli by logits": (lambda D, a: D.Bernoulli(logits=a), [LOC], np.array([0.0, 1.0, 1.0])),
    "Categorical": (lambda D, a: D.Categorical(a), [np.exp(LOGITS)], np.array([0, 2, 1, 1])),
    "Categorical by logits": (lambda D, a: D.Categorical(logits=a), [LOGITS], np.array([[0, 2, 1, 1], [2, 2, 0, 0]])),
    "OneHotCategorical": (lambda D, a: D.OneHotCategorical(logits=a), [LOGITS], np.eye(3)[[0, 2, 1, 1]]),
    "MultivariateNormal": (lambda D, a, b: D.MultivariateNormal(a, b), [LOC[:2], COV], RNG.normal(size=(5, 2))),
    "by precision": (lambda D, a, b: D.MultivariateNormal(a, precision_matrix=b), [LOC[:2], COV], LOC[1:]),
    "Independent": (lambda D, a, b: D.Independent(D.Normal(a, b), 1), [LOC, SCALE], RNG.normal(size=(5, 3))),
}


@pytest.mark.parametrize("made, arrays, value", MADE.values(), ids=MADE)
def test_as_pytorchs(made: Any, arrays: list[Any], value: Any) -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    ours, theirs = made(D, *map(mg.tensor, arrays)), made(torch.distributions, *map(torch.tensor, arrays))
    assert tuple(ours.batch_shape) == tuple(theirs.batch_shape) and tuple(ours.event_shape) == tuple(theirs.event_shape)
    expected = theirs.log_prob(torch.tensor(value)).numpy()
    np.testing.assert_allclose(ours.log_prob(mg.tensor(value)).numpy(), expected, rtol=1e-9)
    np.testing.assert_allclose(ours.entropy().numpy(), theirs.entropy().numpy(), rtol=1e-9)
    assert ours.sample((2, 6)).shape == tuple(theirs.sample((2, 6)).shape)


@pytest.mark.parametrize("made, arrays, value", MADE.values(), ids=MADE)
def test_samples_have_its_moments(made: Any, arrays: list[Any], value: Any) -> None:
    mg.manual_seed(0)
    d, n = made(D, *map(mg.tensor, arrays)), 20000
    x = d.sample((n,)).numpy()
    if type(d) is D.Categorical:
        shares = np.stack([(x == k).mean(0) for k in range(3)], -1)
        np.testing.assert_allclose(shares, d.probs.numpy(), atol=0.02)
        return
    if isinstance(d, D.OneHotCategorical):
        np.testing.assert_allclose(x.mean(0), d.mean.numpy(), atol=0.02)
        assert (x.sum(-1) == 1).all()
        return
    spread = d.variance.numpy()
    np.testing.assert_array_less(abs(x.mean(0) - d.mean.numpy()), 5 * (spread / n) ** 0.5)
    np.testing.assert_allclose(x.var(0), spread, rtol=0.1)


@pytest.mark.parametrize("made, arrays, value", MADE.values(), ids=MADE)
def test_log_prob_has_its_gradient(made: Any, arrays: list[Any], value: Any) -> None:
    inputs = [mg.tensor(a, requires_grad=a is not COV) for a in arrays]
    assert gradcheck(lambda *xs: made(D, *xs).log_prob(mg.tensor(value)), inputs, samples=0, allow_zero=True)


def test_reparameterized_samples_carry_gradients() -> None:
    mg.manual_seed(0)
    loc, scale = mg.zeros(3, requires_grad=True), mg.ones(3, requires_grad=True)
    x = D.Normal(loc, scale).rsample((1000,))
    x.sum().backward()
    assert (loc.grad == 1000).all()
    np.testing.assert_allclose(scale.grad.numpy(), x.detach().numpy().sum(0), rtol=1e-4)
    assert not D.Normal(loc, scale).sample().requires_grad
    with pytest.raises(NotImplementedError, match="Bernoulli: its draws have no gradient"):
        D.Bernoulli(mg.full((2,), 0.5)).rsample()


PAIRS: dict[str, tuple[Any, list[Any], list[Any]]] = {
    "Normal": (lambda D, a, b: D.Normal(a, b), [LOC, SCALE], [LOC + 1, SCALE * 2]),
    "Categorical": (lambda D, a: D.Categorical(logits=a), [LOGITS], [LOGITS[::-1].copy()]),
    "Bernoulli": (lambda D, a: D.Bernoulli(a), [P], [P[::-1].copy()]),
    "Exponential": (lambda D, a: D.Exponential(a), [SCALE], [SCALE * 2]),
    "Uniform": (lambda D, a, b: D.Uniform(a - b, a + b), [LOC, SCALE], [LOC, SCALE * 2]),
    "Independent": (lambda D, a, b: D.Independent(D.Normal(a, b), 1), [LOC, SCALE], [LOC + 1, SCALE * 2]),
}


@pytest.mark.parametrize("made, p, q", PAIRS.values(), ids=PAIRS)
def test_divergences_are_pytorchs(made: Any, p: list[Any], q: list[Any]) -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    ours = D.kl_divergence(made(D, *map(mg.tensor, p)), made(D, *map(mg.tensor, q)))
    theirs = torch.distributions.kl_divergence(
        made(torch.distributions, *map(torch.tensor, p)), made(torch.distributions, *map(torch.tensor, q))
    )
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-9)


def test_bad_parameters() -> None:
    with pytest.raises(ValueError, match="Normal: scale: expected numbers above 0"):
        D.Normal(0.0, mg.tensor([1.0, -1.0]))
    with pytest.raises(ValueError, match="Categorical: expected either probs or logits, got both"):
        D.Categorical(mg.ones(2), mg.ones(2))
    with pytest.raises(ValueError, match="Bernoulli: probs: expected probabilities from 0 to 1"):
        D.Bernoulli(mg.tensor(1.5))
    with pytest.raises(NotImplementedError, match="kl_divergence: no formula for Normal and Uniform"):
        D.kl_divergence(D.Normal(0.0, 1.0), D.Uniform(0.0, 1.0))


# --- what they draw with --------------------------------------------------------------------------------------------


def test_multinomial() -> None:
    mg.manual_seed(0)
    w = mg.tensor([[1.0, 0.0, 3.0], [2.0, 2.0, 0.0]])
    drawn = mg.multinomial(w, 8000, replacement=True).numpy()
    np.testing.assert_allclose([(drawn[0] == k).mean() for k in range(3)], [0.25, 0, 0.75], atol=0.02)
    np.testing.assert_allclose([(drawn[1] == k).mean() for k in range(3)], [0.5, 0.5, 0], atol=0.02)
    first = np.array([mg.multinomial(mg.tensor([1.0, 3.0]), 2).tolist() for _ in range(2000)])
    assert (np.sort(first, 1) == [0, 1]).all() and abs((first[:, 0] == 1).mean() - 0.75) < 0.04
    for weights, count in (([-1.0, 2.0], 1), ([0.0, 0.0], 1), ([1.0, 0.0], 2), ([1.0, float("nan")], 1)):
        with pytest.raises(ValueError, match="multinomial: "):
            mg.multinomial(mg.tensor(weights), count)


def test_bernoulli() -> None:
    mg.manual_seed(0)
    x = mg.bernoulli(mg.full((4000,), 0.3))
    assert set(x.tolist()) == {0.0, 1.0} and abs(float(x.mean()) - 0.3) < 0.03
    with pytest.raises(ValueError, match="bernoulli: input: expected floating probabilities"):
        mg.bernoulli(mg.tensor([1.2]))
