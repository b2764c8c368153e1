"""Modules that hold modules."""

import pytest

import minigrad as mg
from minigrad import nn


def kinds(modules: nn.Module) -> list[str]:
    return [type(m).__name__ for m in modules]


def test_sequential_is_a_list_that_computes() -> None:
    layers = [nn.Linear(2, 2) for _ in range(4)]
    seq = nn.Sequential(*layers)
    assert len(seq) == 4 and seq[-1] is layers[3] and list(seq) == layers
    assert isinstance(seq[1:3], nn.Sequential) and list(seq[1:3]) == layers[1:3]
    del seq[1]
    assert list(seq.state_dict())[2] == "1.weight" and seq[1] is layers[2]
    assert kinds(seq.append(nn.ReLU()).insert(0, nn.Identity())) == ["Identity", "Linear", "Linear", "Linear", "ReLU"]
    assert seq.pop(-1)(mg.tensor([-1.0])).item() == 0.0 and len(seq) == 4
    seq[0] = nn.Tanh()
    seq += [nn.Sigmoid()]
    assert kinds(seq) == ["Tanh", "Linear", "Linear", "Linear", "Sigmoid"]
    assert kinds(nn.Sequential(nn.ReLU()) + nn.Sequential(nn.Tanh())) == ["ReLU", "Tanh"]
    with pytest.raises(IndexError, match="Sequential: index 9 is out of range for 5 modules"):
        _ = seq[9]
    with pytest.raises(TypeError, match="add_module: '0': expected a Module or None, got int"):
        nn.Sequential(3)


def test_a_sequential_of_names_keeps_them_in_a_slice() -> None:
    seq = nn.Sequential({"line": nn.Linear(1, 1), "cut": nn.ReLU()})
    assert seq.line is seq[0] and list(seq[:1].state_dict()) == ["line.weight", "line.bias"]
    assert repr(seq[1:]) == "Sequential(\n  (cut): ReLU()\n)"


def test_module_list_prints_equal_neighbours_in_one_line() -> None:
    modules = nn.ModuleList([nn.ReLU(), nn.ReLU(), nn.Tanh()])
    assert repr(modules) == "ModuleList(\n  (0-1): 2 x ReLU()\n  (2): Tanh()\n)"
    assert repr(nn.ModuleList()) == "ModuleList()" and len(modules + [nn.Tanh()]) == 4 and len(modules) == 3
    modules += [nn.Identity()]
    modules.insert(-1, nn.Sigmoid())
    assert kinds(modules) == ["ReLU", "ReLU", "Tanh", "Sigmoid", "Identity"]
    assert isinstance(modules[3:], nn.ModuleList) and kinds(modules[3:]) == ["Sigmoid", "Identity"]
    with pytest.raises(NotImplementedError, match=r"ModuleList: forward\(\) is not defined"):
        modules(mg.ones(1))


def test_module_dict() -> None:
    a, b = nn.Linear(2, 2), nn.ReLU()
    named = nn.ModuleDict({"a": a, "b": b})
    assert list(named) == ["a", "b"] and "a" in named and list(named.items())[1] == ("b", b) and len(named) == 2
    assert named.pop("a") is a and list(named.keys()) == ["b"] and list(named.values()) == [b]
    named["c"] = a
    del named["b"]
    assert list(named.state_dict()) == ["c.weight", "c.bias"]
    named.clear()
    assert not named.state_dict() and len(named) == 0
    with pytest.raises(KeyError, match="it has an attribute 'keys' already"):
        named["keys"] = a


def test_parameter_list() -> None:
    params = nn.ParameterList([mg.ones(2), nn.Parameter(mg.zeros(1))])
    assert len(params) == 2 and isinstance(params[0], nn.Parameter) and len(list(params.parameters())) == 2
    params.extend([mg.ones(3)])
    params += [mg.ones(4)]
    params[0] = mg.zeros(5)
    assert [p.numel() for p in params] == [5, 1, 3, 4] and params[-1].numel() == 4 and len(params[1:3]) == 2
    assert list(params.state_dict()) == ["0", "1", "2", "3"]
    assert "(1): Parameter of float32[1]" in repr(params)
    with pytest.raises(IndexError, match="ParameterList: index 4 is out of range for 4 parameters"):
        _ = params[4]


@pytest.mark.parametrize("make", [
    lambda nn: nn.ModuleList([nn.Linear(1, 2), nn.Linear(1, 2), nn.Tanh()]),
    lambda nn: nn.Sequential(nn.Linear(1, 1), nn.Sequential(nn.ELU(2.0, True), nn.Flatten())),
    lambda nn: nn.ModuleDict({"x": nn.LogSoftmax(1), "y": nn.Softplus()}),
])  # fmt: skip
def test_printed_as_by_pytorch(make) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    assert repr(make(nn)) == repr(make(torch.nn))


def test_what_replaces_a_layer_or_a_parameter_takes_its_place() -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    setattr(model, "0", nn.Linear(4, 3))
    model[0].weight = nn.Parameter(mg.ones(3, 4))
    assert list(model.state_dict()) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    assert model(mg.ones(5, 4)).shape == (5, 1)
