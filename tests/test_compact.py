"""Sparsity reported and taken out: the smaller model's outputs are the larger one's."""

from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn.utils import compact, sparsity_report


def zeroed(layer: Any, rows: Any = (), columns: Any = (), bias: Any = ()) -> Any:
    with mg.no_grad():
        for r in rows:
            layer.weight[r] = 0
        for c in columns:
            layer.weight[:, c] = 0
        for r in bias:
            layer.bias[r] = 0
    return layer


def conv_net(padding: int = 0, norm: bool = True, bias_zero: Any = ()) -> Any:
    mg.manual_seed(0)
    layers: list[Any] = [zeroed(nn.Conv2d(3, 8, 3, padding=1), rows=(1, 5), bias=bias_zero)]
    if norm:
        layers.append(nn.BatchNorm2d(8))
        layers[-1].running_mean.uniform_(-1, 1)
        layers[-1].running_var.uniform_(0.5, 2)
        with mg.no_grad():
            layers[-1].bias.uniform_(-1, 1)
    layers += [nn.ReLU(), nn.MaxPool2d(2), zeroed(nn.Conv2d(8, 6, 3, padding=padding), columns=(2,)), nn.Tanh(),
               nn.Flatten(), nn.Dropout(0.5), zeroed(nn.Linear(6 * (6 if not padding else 8) ** 2, 10), rows=(0, 3)),
               nn.Sigmoid(), nn.Linear(10, 4)]  # fmt: skip
    return nn.Sequential(*layers).double().eval()


def same(model: Any, smaller: Any, shape: tuple[int, ...]) -> None:
    x = mg.randn(*shape, dtype=mg.float64)
    np.testing.assert_allclose(smaller(x).detach().numpy(), model(x).detach().numpy(), rtol=1e-9, atol=1e-11)


def test_a_convolutional_net_shrinks_and_stays_the_same() -> None:
    model = conv_net()
    small = compact(model)
    assert small[0].out_channels == 5 and small[4].in_channels == 5 and small[1].num_features == 5
    assert small[8].out_features == 8 and small[10].in_features == 8
    same(model, small, (4, 3, 16, 16))
    assert model[0].out_channels == 8  # the model itself stays as it was
    assert any("0: 5 of 8 outputs left, 2 constants folded into 4" in note for note in small.compaction)
    small(mg.randn(2, 3, 16, 16, dtype=mg.float64)).sum().backward()
    assert small[0].weight.grad.shape == (5, 3, 3, 3)


def test_padding_keeps_a_filter_whose_constant_is_not_zero() -> None:
    model = conv_net(padding=1)
    small = compact(model)
    assert any("dead outputs stay, for 4 pads with zeros" in note for note in small.compaction)
    assert small[0].out_channels == 7  # only the one that is not read
    same(model, small, (2, 3, 16, 16))
    plain = conv_net(padding=1, norm=False, bias_zero=(1, 5))
    small = compact(plain)
    assert small[0].out_channels == 5  # relu(0) is 0, with which padding agrees
    same(plain, small, (2, 3, 16, 16))


CONVOLUTIONS = ["Conv2d(3, 4, 3, stride=2, padding=1)", "Conv2d(3, 4, (3, 2), dilation=2)", "Conv1d(3, 4, 3)",
                "Conv3d(2, 3, 2, padding=1, bias=False)"]  # fmt: skip


@pytest.mark.parametrize("made", CONVOLUTIONS)
def test_columns_that_are_left_become_one_product(made: str) -> None:
    mg.manual_seed(0)
    layer = eval(f"nn.{made}", {"nn": nn}).double()
    flat = layer.weight.data.reshape(layer.out_channels, -1)
    flat[:, ::2] = 0
    layer.weight.data = flat.reshape(*layer.weight.shape)
    model = nn.Sequential(layer)
    small = compact(model)
    assert "filters over" in repr(small) and small[0].weight.shape[1] == flat.shape[1] // 2
    same(model, small, (2, layer.in_channels, *(7, 6, 5)[: layer.dims]))


def test_linear_layers_read_fewer_inputs() -> None:
    mg.manual_seed(0)
    model = nn.Sequential(zeroed(nn.Linear(6, 5), columns=(0, 4)), nn.ReLU(), nn.Linear(5, 2)).double()
    small = compact(model)
    assert "4 of 6 inputs" in repr(small)
    same(model, small, (3, 6))


def test_what_cannot_be_taken_apart_stays() -> None:
    model = nn.Sequential(zeroed(nn.Linear(4, 4), rows=(0,)), nn.Softmax(1), nn.Linear(4, 2),
                          zeroed(nn.Conv1d(4, 4, 1, groups=2), rows=(1,)), nn.Conv1d(4, 2, 1)).double()  # fmt: skip
    small = compact(model)
    assert small[0].out_features == 4
    assert "0: stays, before 2 there is Softmax" in small.compaction
    assert "3: stays, groups are not taken apart" in small.compaction


def test_nothing_left_keeps_one_output() -> None:
    model = nn.Sequential(zeroed(nn.Linear(3, 4), rows=range(4)), nn.ReLU(), nn.Linear(4, 2)).double()
    small = compact(model)
    assert small[0].out_features == 1
    same(model, small, (5, 3))


def test_sequentials_inside_a_module() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(nn.Sequential(zeroed(nn.Linear(3, 6), rows=(2,)), nn.ReLU()), nn.Linear(6, 2))

        def forward(self, x: Any) -> Any:
            return self.body(x) + 1

    net = Net().double()
    small = compact(net)
    assert small.body[0][0].out_features == 5
    same(net, small, (4, 3))


def test_the_report() -> None:
    model = nn.Sequential(zeroed(nn.Conv2d(4, 8, 2), rows=(0, 1), columns=(3,)), zeroed(nn.Linear(4, 2), columns=(0,)))
    report = sparsity_report(model)
    conv, linear = report
    assert (conv.rows, conv.channels, conv.columns) == (0.25, 0.25, 0.25)
    assert conv.elements == pytest.approx(1 - 0.75 * 0.75) and (linear.rows, linear.columns) == (0.0, 0.25)
    assert linear.channels is None and conv.shape == (8, 4, 2, 2)
    lines = str(report).splitlines()
    assert lines[0].split() == ["layer", "kind", "weight", "elements", "rows", "columns", "channels"]
    assert lines[2].split() == ["0", "Conv2d", "8", "x", "4", "x", "2", "x", "2", "43.8%", "25.0%", "25.0%", "25.0%"]
