"""Sparsity reported and taken out: the smaller model's outputs are the larger one's."""

import warnings
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
    assert any("dead outputs kept, for they are not constant over the whole input" in note for note in small.compaction)
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


def test_what_cannot_be_compacted_is_kept() -> None:
    model = nn.Sequential(zeroed(nn.Linear(4, 4), rows=(0,)), nn.Softmax(1), nn.Linear(4, 2),
                          zeroed(nn.Conv1d(4, 4, 1, groups=2), rows=(1,)), nn.Conv1d(4, 2, 1)).double()  # fmt: skip
    small = compact(model)
    assert small[0].out_features == 4
    assert "0: kept, before 2 there is Softmax" in small.compaction
    assert "3: kept, grouped convolutions are not compacted" in small.compaction


def with_rows(layer: Any, bias: float = 0.5) -> Any:
    with mg.no_grad():
        layer.bias.fill_(bias)
    return zeroed(layer, rows=(1,))


LINEAR = nn.Linear(4, 4)
OUTSIDE: dict[str, tuple[list[Any], tuple[int, ...]]] = {
    "a linear layer over the width": ([with_rows(nn.Conv2d(3, 8, 3)), nn.ReLU(), nn.Linear(8, 5)], (2, 3, 10, 10)),
    "not flattened to the end": ([with_rows(nn.Conv2d(3, 4, 3)), nn.Flatten(2), nn.Linear(64, 5)], (2, 3, 10, 10)),
    "batch norm once flattened": (
        [with_rows(nn.Conv1d(3, 4, 3)), nn.Flatten(), nn.BatchNorm1d(16), nn.Linear(16, 5)], (2, 3, 6)),
    "features that follow each other": ([with_rows(nn.Linear(3, 4)), nn.Flatten(), nn.Linear(20, 5)], (2, 5, 3)),
    "a convolution over features": ([with_rows(nn.Linear(6, 6)), nn.Conv1d(6, 3, 1)], (2, 6, 6)),
    "pooled features": ([with_rows(nn.Linear(6, 6)), nn.AdaptiveAvgPool1d(6), nn.Linear(6, 3)], (2, 6)),
    "one layer in two places": ([with_rows(LINEAR), nn.ReLU(), LINEAR], (2, 4)),
    "one branch in two places": ([nn.Sequential(LINEAR, nn.ReLU()), nn.Sequential(LINEAR, nn.Tanh())], (2, 4)),
    "statistics of the batch": (
        [with_rows(nn.Conv1d(3, 4, 3)), nn.BatchNorm1d(4, track_running_stats=False), nn.Conv1d(4, 2, 1)], (2, 3, 8)),
}  # fmt: skip


@pytest.mark.parametrize("layers, shape", OUTSIDE.values(), ids=OUTSIDE)
def test_what_is_not_one_to_one_is_kept(layers: list[Any], shape: tuple[int, ...]) -> None:
    model = nn.Sequential(*layers).double().eval()
    small = compact(model)
    assert [p.shape for p in small.parameters()] == [p.shape for p in model.parameters()]
    assert "kept" in repr(small.compaction)
    same(model, small, shape)


def test_a_mean_over_padding_is_no_constant_even_where_it_ends_as_zero() -> None:
    """1 - 1 is 0 inside, 1 - 2/3 is not at the border, though relu and batch norm come after."""
    norm = nn.BatchNorm2d(4, affine=True)
    with mg.no_grad():
        norm.weight.fill_(-1.0)
        norm.bias.fill_((1.0 + norm.eps) ** -0.5)
    layers = [with_rows(nn.Conv2d(3, 4, 3), 1.0), nn.AvgPool2d(3, 1, padding=1), norm, nn.ReLU(), nn.Flatten()]
    model = nn.Sequential(*layers, nn.Linear(4 * 36, 5)).double().eval()
    small = compact(model)
    assert small[0].out_channels == 4
    same(model, small, (2, 3, 8, 8))
    layers[1] = nn.AvgPool2d(3, 1)
    model = nn.Sequential(*layers, nn.Linear(4 * 16, 5)).double().eval()
    small = compact(model)
    assert small[0].out_channels == 3
    same(model, small, (2, 3, 8, 8))


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
def test_padding_with_what_is_there_folds(mode: str) -> None:
    model = nn.Sequential(with_rows(nn.Conv2d(3, 4, 3)), nn.Sigmoid(), nn.Dropout2d(), nn.MaxPool2d(3, 2, padding=1),
                          nn.Conv2d(4, 3, 3, padding=1, padding_mode=mode)).double().eval()  # fmt: skip
    small = compact(model)
    assert small[0].out_channels == 3 and "1 constants folded into 4" in small.compaction[0]
    same(model, small, (2, 3, 12, 12))


def test_a_forward_of_one_s_own_is_left_alone() -> None:
    class Own(nn.Sequential):
        def forward(self, x: Any) -> Any:
            for layer in self:
                x = layer(x).exp()
            return x

    model = nn.Sequential(Own(zeroed(nn.Linear(3, 4), rows=(1,), columns=(0,)), nn.Linear(4, 2))).double()
    with pytest.warns(UserWarning, match=r"compact: 0\.0: rows or columns of zeros stay, for only plain linear layers"):
        small = compact(model)
    assert small.compaction == ["0.0: kept, it is no plain layer of a Sequential"] and small[0][0].out_features == 4
    same(model, small, (2, 3))


def test_a_model_without_a_sequential_is_told() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Linear(3, 4), nn.Linear(4, 2)

        def forward(self, x: Any) -> Any:
            return self.second(self.first(x).relu())

    model = Net().double()
    with pytest.warns(UserWarning, match=r"compact: there is nothing to compact, for only .* put layers that follow"):
        assert compact(model).compaction == []
    zeroed(model.first, rows=(1,))
    for net, path in ((model, "first"), (model.first, "the model")):
        with pytest.warns(UserWarning, match=rf"compact: {path}: rows or columns of zeros stay"):
            small = compact(net)
        assert small.compaction == [f"{path}: kept, it is no plain layer of a Sequential"]
        same(net, small, (2, 3))


class Doubled(nn.Linear):
    def forward(self, input: Any) -> Any:
        return super().forward(input) * 2


def hooked(layer: Any) -> Any:
    layer.register_forward_hook(lambda m, args, out: out * 2)
    return layer


@pytest.mark.parametrize("layer", [lambda: Doubled(4, 3), lambda: hooked(nn.Linear(4, 3)),
                                   lambda: nn.utils.parametrizations.weight_norm(nn.Linear(4, 3))])  # fmt: skip
@pytest.mark.parametrize("first", [True, False])
def test_a_layer_with_something_of_its_own_stays(layer: Any, first: bool) -> None:
    own, other = layer(), nn.Linear(3, 4)
    if "weight" in own._parameters:
        zeroed(own, rows=(1,))
    model = nn.Sequential(own, nn.ReLU(), other) if first else nn.Sequential(zeroed(other, rows=(1,)), nn.ReLU(), own)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        small = compact(model.double())
    assert small[0].weight.shape == model[0].weight.shape
    same(model, small, (2, 4 if first else 3))


def test_a_sequential_inside_a_block_inside_a_sequential() -> None:
    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            layers = zeroed(nn.Conv2d(4, 6, 3, padding=1), rows=(2,), bias=(2,)), nn.ReLU(), nn.Conv2d(6, 4, 1)
            self.branch = nn.Sequential(*layers)

        def forward(self, x: Any) -> Any:
            return x + self.branch(x)

    model = nn.Sequential(nn.Conv2d(3, 4, 1), Block(), nn.Conv2d(4, 2, 1)).double()
    small = compact(model)
    assert small[1].branch[0].out_channels == 5 and "0: kept, before 2 there is Block" in small.compaction
    same(model, small, (2, 3, 5, 5))


def test_a_pruned_convolution_takes_one_image_and_refuses_other_channels() -> None:
    model = nn.Sequential(zeroed(nn.Conv2d(3, 4, 3, padding=1), columns=(1,))).double()
    small = compact(model)
    same(model, small, (3, 6, 6))
    with pytest.raises(mg.ShapeError, match=r"PrunedConv\(4 filters over 18 of 27 .*expected an input of 3 ch"):
        small(mg.ones(1, 4, 6, 6, dtype=mg.float64))
    linear = compact(nn.Sequential(zeroed(nn.Linear(6, 5), columns=(0, 4))))
    with pytest.raises(mg.ShapeError, match=r"PrunedLinear\(4 of 6 inputs, .*: expected an input \(..., 6\)"):
        linear(mg.ones(2, 7))


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
