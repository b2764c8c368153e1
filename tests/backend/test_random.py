"""Random numbers: the same from the same seed, of the right range and moments, in place and out of place."""

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad.errors import GraphError

N = 20_000


def test_the_same_seed_gives_the_same_numbers() -> None:
    def numbers() -> list[Any]:
        return [
            mg.rand(3),
            mg.randn(3),
            mg.randint(0, 100, (3,)),
            mg.randperm(5),
            mg.empty(3).normal_(),
            mg.normal(0.0, 1.0, (2,)),
        ]

    mg.manual_seed(7)
    first = [t.tolist() for t in numbers()]
    mg.manual_seed(7)
    assert [t.tolist() for t in numbers()] == first
    assert [t.tolist() for t in numbers()] != first
    assert mg.initial_seed() == 7


def test_numbers_are_pinned() -> None:
    """So that a seed in a paper means something in the next version too."""
    generator = mg.Generator().manual_seed(0)
    assert np.allclose(mg.rand(3, generator=generator, dtype=mg.float64).tolist(), [0.01406704, 0.25776725, 0.47156538])
    assert mg.randperm(5, generator=generator).tolist() == [3, 4, 0, 2, 1]


def test_a_generator_of_ones_own() -> None:
    a, b = mg.Generator().manual_seed(3), mg.Generator().manual_seed(3)
    mg.manual_seed(0)
    default = mg.rand(2).tolist()
    mg.manual_seed(0)
    assert mg.rand(4, generator=a).tolist() == mg.rand(4, generator=b).tolist()
    assert mg.rand(2).tolist() == default  # the default one was not touched
    assert a.initial_seed() == 3 and a.seed() != a.seed()


def test_states_can_be_kept() -> None:
    state = mg.get_rng_state()
    first = mg.randn(5).tolist()
    mg.set_rng_state(state)
    assert mg.randn(5).tolist() == first
    generator = mg.Generator().manual_seed(1)
    kept = generator.get_state()
    assert mg.rand(2, generator=generator).tolist() == mg.rand(2, generator=mg.Generator().set_state(kept)).tolist()


def test_seeds() -> None:
    assert mg.manual_seed(-1).initial_seed() == 2**64 - 1 and mg.manual_seed(np.int64(5)).initial_seed() == 5
    for wrong in (1.5, "a", True, None):
        with pytest.raises(TypeError, match="manual_seed: expected an integer, got"):
            mg.manual_seed(wrong)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_moments_and_ranges(dtype: str) -> None:
    normal, uniform = mg.randn(N, dtype=dtype).double(), mg.rand(N, dtype=dtype)
    assert abs(normal.mean().item()) < 0.03 and abs(normal.std().item() - 1) < 0.03
    assert uniform.min().item() >= 0 and uniform.double().mean().item() == pytest.approx(0.5, abs=0.02)
    assert uniform.dtype == dtype and mg.randn(2, dtype=dtype).dtype == dtype
    shifted = mg.normal(mg.full((N,), 5.0), 0.1)
    assert shifted.mean().item() == pytest.approx(5, abs=0.01) and shifted.std().item() == pytest.approx(0.1, abs=0.01)


def test_integers() -> None:
    t = mg.randint(3, 6, (N,))
    assert set(t.tolist()) == {3, 4, 5} and t.dtype == mg.int64 and set(mg.randint(2, (50,)).tolist()) == {0, 1}
    assert mg.randint(0, 5, (2, 3), dtype=mg.uint8).dtype == mg.uint8
    assert sorted(mg.randperm(50).tolist()) == list(range(50)) and mg.randperm(0).shape == (0,)
    with pytest.raises(ValueError, match="randint: expected low < high, got 3 and 3"):
        mg.randint(3, 3, (2,))


def test_filling_in_place() -> None:
    t = mg.zeros(N)
    assert t.normal_(2.0, 0.5) is t and t.mean().item() == pytest.approx(2, abs=0.03)
    assert t.uniform_(-1, 1).min().item() >= -1 and t.max().item() < 1 and abs(t.mean().item()) < 0.03
    assert t.uniform_(**{"from": 5, "to": 6}).min().item() >= 5
    assert set(t.bernoulli_(0.3).tolist()) == {0, 1} and t.mean().item() == pytest.approx(0.3, abs=0.02)
    assert set(mg.zeros(200, dtype=mg.int64).random_(3).tolist()) == {0, 1, 2}
    assert (
        set(mg.zeros(200).random_(5, 7).tolist()) == {5, 6} and mg.zeros(3, dtype=mg.uint8).random_().dtype == mg.uint8
    )
    assert t._version == 4


def test_filling_refuses_leaves_and_wrong_arguments() -> None:
    with pytest.raises(GraphError, match="normal_: a leaf tensor that requires grad"):
        mg.zeros(2, requires_grad=True).normal_()
    for call, text in (
        (lambda: mg.zeros(2).normal_(0, -1), "normal_: std: expected 0 or more, got -1"),
        (lambda: mg.zeros(2).uniform_(2, 1), "uniform_: expected from <= to, got 2 and 1"),
        (lambda: mg.zeros(2).bernoulli_(1.5), "bernoulli_: p: expected a probability, got 1.5"),
    ):
        with pytest.raises(ValueError, match=text):
            call()
    with pytest.raises(TypeError, match="uniform_: expected from and to, got upto"):
        mg.zeros(2).uniform_(upto=3)


def test_filled_tensors_lose_their_history() -> None:
    x = mg.ones(3, requires_grad=True)
    h = x * 2
    h.normal_()
    h.sum().backward()
    assert x.grad.tolist() == [0, 0, 0]


def test_likes() -> None:
    x = mg.ones(2, 3, dtype=mg.float64)
    assert (mg.rand_like(x).dtype, mg.randn_like(x).shape) == (mg.float64, (2, 3))
    assert mg.rand_like(x, dtype=mg.float16, requires_grad=True).requires_grad


# --- draws of classes and of 0 and 1 ----------------------------------------------------------------------------------


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


def test_half_precision_uniform_numbers_stay_below_1() -> None:
    mg.manual_seed(0)
    x = mg.rand(50000, dtype=mg.float16)
    assert x.dtype == "float16" and float(x.max()) < 1 and float(x.min()) == 0
    assert abs(float(x.float().mean()) - 0.5) < 0.01
