"""Clipping, parameters as a vector, sequences of different lengths, batch norms folded."""

import math
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.errors import ShapeError
from minigrad.nn import utils
from minigrad.nn.utils import rnn


def with_gradients() -> list[mg.Tensor]:
    ps = [mg.ones(2, 3, requires_grad=True), mg.ones(4, requires_grad=True), mg.ones(1, requires_grad=True)]
    ps[0].grad, ps[1].grad = mg.full((2, 3), 3.0), mg.full((4,), -4.0)
    return ps


@pytest.mark.parametrize("order", [1.0, 2.0, float("inf")])
def test_gradients_are_scaled_to_a_norm(order: float) -> None:
    ps = with_gradients()
    before = np.concatenate([p.grad.numpy().ravel() for p in ps[:2]])
    total = utils.clip_grad_norm_(ps, 2.0, order)
    expected = np.linalg.norm(before, order)
    assert total.item() == pytest.approx(expected, rel=1e-6)
    after = np.concatenate([p.grad.numpy().ravel() for p in ps[:2]])
    np.testing.assert_allclose(after, before * 2 / (expected + 1e-6), rtol=1e-5)
    utils.clip_grad_norm_((p for p in ps), 1.0, order)  # an iterator, as parameters() is, can be gone through once
    assert utils.get_total_norm([p.grad for p in ps[:2]], order).item() == pytest.approx(1.0, rel=1e-5)
    utils.clip_grads_with_norm_(iter(ps), 0.5, mg.tensor(1.0))
    assert utils.get_total_norm([p.grad for p in ps[:2]], order).item() == pytest.approx(0.5, rel=1e-5)
    after = np.concatenate([p.grad.numpy().ravel() for p in ps[:2]])
    utils.clip_grad_norm_(ps, 100.0, order)
    np.testing.assert_allclose(np.concatenate([p.grad.numpy().ravel() for p in ps[:2]]), after)
    assert ps[2].grad is None and utils.clip_grad_norm_([ps[2]], 1.0).item() == 0


def test_a_norm_that_is_not_finite() -> None:
    ps = with_gradients()
    ps[0].grad[0, 0] = float("nan")
    with pytest.raises(RuntimeError, match="get_total_norm: the norm of order 2.0 is nan, not finite"):
        utils.clip_grad_norm_(ps, 1.0, error_if_nonfinite=True)
    assert ps[1].grad[0] == -4


def test_gradients_are_limited() -> None:
    ps = with_gradients()
    utils.clip_grad_value_(ps, 3.5)
    assert (ps[0].grad == 3).all() and (ps[1].grad == -3.5).all()


def test_parameters_as_a_vector_and_back() -> None:
    model = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1))
    v = utils.parameters_to_vector(model.parameters())
    assert v.shape == (11,) and v.requires_grad
    utils.vector_to_parameters(mg.arange(11).float(), model.parameters())
    assert model[0].weight.tolist() == [[0, 1, 2], [3, 4, 5]] and model[1].bias.tolist() == [10]
    with pytest.raises(ShapeError, match=r"vec: expected 11 elements, as the parameters have, got float32\[3\]"):
        utils.vector_to_parameters(mg.ones(3), model.parameters())


# --- sequences ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", [False, True])
def test_packed_and_padded_again(first: bool) -> None:
    parts = [mg.randn(n, 2) for n in (2, 5, 1, 5)]
    padded = rnn.pad_sequence(parts, batch_first=first, padding_value=9.0)
    assert padded.shape == ((4, 5, 2) if first else (5, 4, 2))
    packed = rnn.pack_padded_sequence(padded, [2, 5, 1, 5], batch_first=first, enforce_sorted=False)
    assert packed.batch_sizes.tolist() == [4, 3, 2, 2, 2] and packed.data.shape == (13, 2)
    again, lengths = rnn.pad_packed_sequence(packed, batch_first=first, padding_value=9.0)
    assert lengths.tolist() == [2, 5, 1, 5] and (again == padded).all()
    for a, b in zip(rnn.unpack_sequence(packed), parts, strict=True):
        assert (a == b).all()
    left = rnn.pad_sequence(parts, True, padding_side="left")
    assert (left[0, :3] == 0).all() and (left[0, 3:] == parts[0]).all()


PACKED = ["LSTM(3, 4)", "GRU(3, 4, num_layers=2, bidirectional=True)", "RNN(3, 4, bidirectional=True)",
          "LSTM(3, 4, 2, bidirectional=True, proj_size=2)"]  # fmt: skip


@pytest.mark.parametrize("made", PACKED)
def test_packed_sequences_run_as_pytorchs(made: str) -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    theirs = eval(f"nn.{made}", {"nn": torch.nn}).double()
    ours = eval(f"nn.{made}", {"nn": nn}).double()
    ours.load_state_dict({k: mg.from_numpy(v.numpy().copy()) for k, v in theirs.state_dict().items()})
    lengths, x = [2, 5, 1, 4], np.random.default_rng(0).normal(size=(5, 4, 3))
    a, b = mg.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    out, last = ours(rnn.pack_padded_sequence(a, lengths, enforce_sorted=False))
    expected, state = theirs(torch.nn.utils.rnn.pack_padded_sequence(b, lengths, enforce_sorted=False))
    np.testing.assert_allclose(out.data.detach().numpy(), expected.data.detach().numpy(), rtol=1e-9, atol=1e-12)
    pairs: list[Any] = list(zip(last, state)) if isinstance(last, tuple) else [(last, state)]
    for s, t in pairs:
        np.testing.assert_allclose(s.detach().numpy(), t.detach().numpy(), rtol=1e-9, atol=1e-12)
    (out.data.sum() + pairs[0][0].square().sum()).backward()
    (expected.data.sum() + pairs[0][1].square().sum()).backward()
    np.testing.assert_allclose(a.grad.numpy(), b.grad.numpy(), rtol=1e-8, atol=1e-12)
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(p.grad.numpy(), q.grad.numpy(), rtol=1e-8, atol=1e-12)


def test_bad_sequences() -> None:
    x = mg.ones(5, 2, 3)
    with pytest.raises(ValueError, match=r"lengths: expected them from long to short, got \[2, 5\]"):
        rnn.pack_padded_sequence(x, [2, 5])
    with pytest.raises(ShapeError, match="lengths: expected at most 5, the number of steps"):
        rnn.pack_padded_sequence(x, [6, 5])
    with pytest.raises(ShapeError, match="lengths: expected 2 numbers of 1 or more"):
        rnn.pack_padded_sequence(x, [5, 0])
    with pytest.raises(ShapeError, match="pad_sequence: expected sequences that differ in length only"):
        rnn.pad_sequence([mg.ones(2, 3), mg.ones(2, 4)])
    with pytest.raises(ShapeError, match=r"LSTM\(3, 4\): hx: expected \(1, 2, 4\) and \(1, 2, 4\), got"):
        nn.LSTM(3, 4)(x, (mg.ones(1, 2, 3), mg.ones(1, 2, 3)))
    with pytest.raises(ShapeError, match=r"GRU\(7, 4\): expected an input \(T, N, 7\)"):
        nn.GRU(7, 4)(x)


# --- batch norm folded, names of in-place forms -----------------------------------------------------------------------


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("layer", [nn.Conv2d(3, 4, 2, bias=False), nn.Conv1d(3, 4, 2, groups=1), nn.Linear(3, 4)])
def test_a_batch_norm_is_folded_into_the_layer_before_it(layer: Any, affine: bool) -> None:
    many = layer.weight.ndim - 1
    bn: Any = (nn.BatchNorm1d if many < 3 else nn.BatchNorm2d)(4, affine=affine)
    x = mg.randn(8, 3, *[5] * (many - 1))
    net = nn.Sequential(layer.train(), bn)
    net(x)
    with pytest.raises(RuntimeError, match=r"expected a layer and a batch norm with running statistics, both in eval"):
        utils.fuse_linear_bn_eval(layer, bn)
    expected = net.eval()(x)
    fuse = utils.fuse_linear_bn_eval if many == 1 else utils.fuse_conv_bn_eval
    np.testing.assert_allclose(fuse(layer, bn)(x).detach().numpy(), expected.detach().numpy(), rtol=1e-4, atol=1e-6)
    assert (layer.bias is None) == (many == 3)
    with pytest.raises(NotImplementedError, match="fuse_conv_bn_eval: transposed convolutions are not folded"):
        utils.fuse_conv_bn_eval(nn.ConvTranspose2d(3, 4, 2).eval(), bn)


@pytest.mark.parametrize("name", ["celu", "elu", "hardtanh", "leaky_relu", "relu", "rrelu", "selu"])
def test_in_place_by_name(name: str) -> None:
    x: Any = mg.tensor([-2.0, -0.5, 0.5, 2.0])
    expected = getattr(nn.functional, name)(x.clone())
    assert getattr(nn.functional, f"{name}_")(x) is x and (x == expected).all() and x[0] != -2.0


# --- where in a model -----------------------------------------------------------------------------------------------


def test_a_misfit_says_in_which_layer() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.features = nn.Sequential(nn.Linear(4, 3), nn.Sequential(nn.ReLU(), nn.Linear(2, 2)))
            self.head = nn.ModuleDict({"out": nn.Conv2d(3, 2, 1)})

        def forward(self, x: Any) -> Any:
            return self.head["out"](x) if x.ndim == 4 else self.features(x)

    net = Net()
    with pytest.raises(ShapeError, match=r"got float32\[5, 3\] \(in layer features.1.1 of Net\)$"):
        net(mg.ones(5, 4))
    with pytest.raises(ShapeError, match=r"C = 3, got float32\[1, 4, 2, 2\] \(in layer head.out of Net\)$"):
        net(mg.ones(1, 4, 2, 2))
    with pytest.raises(ShapeError, match=r"got float32\[5, 3\]$"):
        net.features[1][1](mg.ones(5, 3))
    assert net(mg.ones(1, 3, 2, 2)).shape == (1, 2, 2, 2)


# --- clipping by a norm that no sum of powers holds -------------------------------------------------------------


@pytest.mark.parametrize("norm_type, total", [
    (2.0, math.sqrt(55)), (3.0, 225 ** (1 / 3)), (1.0, 15.0), (math.inf, 5.0), (0.5, 70.263489), (-1.0, 60 / 137),
    (-math.inf, 1.0),
])  # fmt: skip
@pytest.mark.parametrize("scale", [1.0, 1e19, 1e30])
def test_gradients_whose_powers_overflow_are_clipped(norm_type: float, total: float, scale: float) -> None:
    parameters = [nn.Parameter(mg.zeros(3)), nn.Parameter(mg.zeros(2))]
    parameters[0].grad, parameters[1].grad = mg.tensor([1.0, -2.0, 3.0]) * scale, mg.tensor([4.0, -5.0]) * scale
    found = nn.utils.clip_grad_norm_(parameters, 1.0, norm_type, error_if_nonfinite=True)
    assert found.item() == pytest.approx(total * scale, rel=1e-5)
    factor = min(1.0, 1 / (total * scale))
    assert (parameters[1].grad / scale).tolist() == pytest.approx([4 * factor, -5 * factor], rel=1e-5)


@pytest.mark.parametrize("norm_type", [-1.0, -2.0, -math.inf])
def test_a_norm_of_negative_order_is_zero_where_an_element_is(norm_type: float) -> None:
    parameter = nn.Parameter(mg.zeros(3))
    parameter.grad = mg.tensor([1.0, 0.0, 3.0])
    assert nn.utils.clip_grad_norm_(parameter, 0.5, norm_type).item() == 0
    assert parameter.grad.tolist() == [1.0, 0.0, 3.0]


def test_an_infinite_gradient_s_norm_is_infinite() -> None:
    parameter = nn.Parameter(mg.zeros(2))
    parameter.grad = mg.tensor([math.inf, 1e30])
    assert nn.utils.clip_grad_norm_(parameter, 1.0).item() == math.inf
