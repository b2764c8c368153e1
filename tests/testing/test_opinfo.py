"""Samples with many elements: what `enlarged` makes of a sample, and that the ops with loops and threads have some."""

import numpy as np
import pytest

from minigrad.testing.opinfo import Array, OpInfo, SampleInput, bools, ints, large_samples, op_db
from minigrad.testing.opinfo.call import Call, cotangents, floating, gradients
from minigrad.testing.opinfo.model import LARGE, calls

WITH_THREADS = {
    "softmax", "log_softmax", "relu", "gelu", "sigmoid", "tanh", "silu", "leaky_relu", "elu", "exp", "add", "mul",
    "where", "sum", "mean", "cross_entropy", "nll_loss", "mse_loss",
    "gaussian_nll_loss", "poisson_nll_loss", "layer_norm", "batch_norm", "group_norm", "instance_norm", "rms_norm",
    "max_pool2d", "avg_pool2d", "scaled_dot_product_attention", "matmul", "linear",
    "embedding", "gather", "conv2d",
}  # fmt: skip
WITH_LOOPS = WITH_THREADS | {
    "conv1d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "max_pool1d", "max_pool3d",
    "avg_pool1d", "avg_pool3d", "lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell",
}  # fmt: skip


def test_a_sample_enlarged_is_the_same_call_on_larger_arrays() -> None:
    pair = SampleInput(bools((3, 4)), [Array((3, 4)), Array((3, 4), 0, 1)], dim=1)
    large = pair.enlarged(8192)
    assert large is not None and large.name == "b81x108,81x108+81x108,dim=1" and large.options == {"dim": 1}
    assert large.make()[0][1][1].shape == (81, 108) and large.make()[0][1][1].min() >= 0
    named = SampleInput(Array((5,)), name="special").enlarged(100)
    assert named is not None and named.name == "special,100"


def test_calls_are_read_from_the_notation_of_their_names() -> None:
    first, second, third = calls("[3x4, d2x], 1e-06 | c0d[0.5, 2], i4x[-1, 3), how='sum', dim=(0, -1)", Array((0, 3)))
    assert first.args == ([Array((3, 4)), Array((2,), distinct=True)], 1e-6)
    assert second.args == (Array((), 0.5, 2, grad=False), ints((4,), -1, 3))
    assert second.options == {"how": "sum", "dim": (0, -1)} and third.args == (Array((0, 3)),)
    named = calls("b3x, 'mean', name='rows'")[0]
    assert (named.name, named.args) == ("rows", (bools((3,)), "mean"))


@pytest.mark.parametrize(
    "sample",
    [
        SampleInput(Array((3, 4)), Array((4,))),
        SampleInput(Array(())),
        SampleInput(Array((0, 3))),
        SampleInput(Array((3,)), np.array([1, 0])),
        SampleInput(1.5),
    ],
    ids=lambda s: s.name,
)
def test_what_cannot_be_enlarged(sample: SampleInput) -> None:
    assert sample.enlarged(100) is None


def test_an_op_s_own_large_samples_come_first() -> None:
    own = SampleInput(Array((9, 1000)))
    assert large_samples(OpInfo("f", [SampleInput(Array((2,)))], large=[own], family="pointwise")) == [own]
    assert large_samples(OpInfo("f", [SampleInput(ints((2,), 0, 2))], family="index")) == []


@pytest.mark.parametrize("name", sorted(WITH_LOOPS))
def test_large_samples_reach_loops_and_threads_and_have_gradients(name: str) -> None:
    op, sizes = op_db[name], []
    for sample in large_samples(op):
        call = Call(op, sample, "float32")
        outs, leaves = call.run()
        sizes.append(max([a.size for a in call.arrays] + [o.numel() for o in outs]))
        for g in gradients(floating(outs), leaves, cotangents(floating(outs))):
            assert np.isfinite(g.numpy()).all()
    assert min(sizes) >= LARGE[0] and max(sizes) >= LARGE[name in WITH_THREADS]
