"""The strategies draw what they say, and what they draw finds faults and shrinks."""

import numpy as np
import pytest
from hypothesis import find, given
from hypothesis import strategies as st

import minigrad as mg
from minigrad.testing import broadcastable, indexers, shapes, tensors, values


@given(
    tensors(
        shapes(min_side=0), st.sampled_from([mg.float16, mg.float32, mg.float64, mg.int64, mg.bool]), contiguous=None
    )
)
def test_tensors_keep_their_word(t: mg.Tensor) -> None:
    assert t.ndim <= 3 and all(n <= 4 for n in t.shape)
    assert np.isfinite(t.numpy()).all() and (abs(t.numpy().astype(float)) <= 10).all()


@given(tensors((3, 2), low=1.0, high=2.0, requires_grad=True))
def test_shape_limits_and_requires_grad(t: mg.Tensor) -> None:
    assert t.shape == (3, 2) and t.requires_grad
    assert 1.0 <= t.min().item() and t.max().item() <= 2.0


@given(st.data(), broadcastable(3))
def test_broadcastable_shapes_broadcast(data: st.DataObject, drawn: tuple[tuple[int, ...], ...]) -> None:
    a, b, c = (data.draw(tensors(s)) for s in drawn)
    assert tuple((a + b + c).shape) == np.broadcast_shapes(*drawn)


@given(st.data(), shapes(min_dims=1))
def test_indexers_index_as_numpy_does(data: st.DataObject, shape: tuple[int, ...]) -> None:
    index = data.draw(indexers(shape))
    array = np.arange(float(np.prod(shape))).reshape(shape)
    plain = index.numpy() if isinstance(index, mg.Tensor) else index
    assert np.array_equal(mg.from_numpy(array)[index].numpy(), array[plain])


@pytest.mark.parametrize("dtype", [mg.float16, mg.float32, mg.float64])
def test_values_near_kinks_and_specials_are_drawn(dtype: np.dtype) -> None:
    beside = find(values(dtype=dtype), lambda v: 0 < abs(v - 1) < 0.1)
    assert beside != 1.0
    assert find(values(specials=[float("inf")]), lambda v: v == float("inf")) == float("inf")


def test_failures_shrink_to_the_smallest_tensor() -> None:
    t = find(tensors(shapes(max_dims=2)), lambda t: bool((t > 0.5).any()))
    assert t.tolist() in (1.0, [1.0])
    tied = find(tensors((4,), ties=1.0), lambda t: len(set(t.tolist())) < 4 and t.abs().sum().item() > 0)
    assert len(tied.tolist()) == 4
