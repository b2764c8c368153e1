"""Modules: registration, state, hooks, printing; Linear as PyTorch's."""

import copy
import math
import pickle

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import nn
from minigrad.errors import ShapeError


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(4, 3)
        self.rest = nn.Sequential(nn.ReLU(), nn.Dropout(0.5), nn.Linear(3, 2, bias=False))
        self.scale = nn.Parameter(mg.ones(1))
        self.register_buffer("count", mg.zeros(1))
        self.register_buffer("scratch", mg.zeros(1), persistent=False)

    def forward(self, x):
        return self.rest(self.first(x)) * self.scale


NAMES = ["scale", "first.weight", "first.bias", "rest.2.weight"]


def test_parameters_buffers_and_modules_are_found_by_path() -> None:
    net = Net()
    assert [name for name, _ in net.named_parameters()] == NAMES
    assert [name for name, _ in net.named_buffers()] == ["count", "scratch"]
    assert list(net.state_dict()) == ["scale", "count", "first.weight", "first.bias", "rest.2.weight"]
    assert [type(m).__name__ for m in net.modules()] == ["Net", "Linear", "Sequential", "ReLU", "Dropout", "Linear"]
    assert net.get_submodule("rest.2") is net.rest[2] and net.get_parameter("first.bias") is net.first.bias
    assert sum(p.numel() for p in net.parameters()) == 1 + 12 + 3 + 6


def test_assignment_registers_replaces_and_refuses() -> None:
    net = Net()
    net.first.bias = None
    assert "first.bias" not in net.state_dict()
    with pytest.raises(TypeError, match="Net.scale: expected a Parameter or None, got a Tensor"):
        net.scale = mg.ones(1)
    with pytest.raises(TypeError, match="Net.scale: expected a Parameter or None, got float"):
        net.scale = 1.0
    net.extra = nn.Linear(1, 1)
    assert "extra.weight" in net.state_dict()
    del net.extra
    assert "extra.weight" not in net.state_dict()
    with pytest.raises(AttributeError, match="'Net' object has no attribute 'missing'"):
        _ = net.missing

    class Early(nn.Module):
        def __init__(self) -> None:
            self.layer = nn.Linear(1, 1)

    with pytest.raises(AttributeError, match=r"Early: call super\(\).__init__\(\) before assigning 'layer'"):
        Early()
    with pytest.raises(KeyError, match='a name must be a string without "."'):
        net.register_buffer("a.b", mg.ones(1))
    with pytest.raises(ValueError, match="expected a leaf tensor"):
        net.register_parameter("bad", _non_leaf())


def _non_leaf() -> nn.Parameter:
    p = nn.Parameter(mg.ones(1))
    p._node = (p * 1)._node
    return p


def test_shared_parameters_count_once_and_have_both_names_in_the_state() -> None:
    a, b = nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False)
    b.weight = a.weight
    both = nn.ModuleList([a, b])
    assert len(list(both.parameters())) == 1
    assert list(both.state_dict()) == ["0.weight", "1.weight"]


def test_train_eval_apply_and_requires_grad() -> None:
    net, seen = Net(), []
    x = mg.ones(100, 4)
    assert net.training and not net.eval().rest[1].training
    assert (net(x) == net(x)).all()
    net.train()
    assert not (net(x) == net(x)).all()
    net.apply(lambda m: seen.append(type(m).__name__))
    assert seen[-1] == "Net" and len(seen) == 6
    net.requires_grad_(False)
    assert not net(x).requires_grad
    with pytest.raises(ValueError, match="train: expected True or False, got 1"):
        net.train(1)


def test_state_dict_goes_from_one_to_another_and_is_shared() -> None:
    a, b = Net(), Net()
    assert b.load_state_dict(a.state_dict()) == ([], [])
    for (name, p), (_, q) in zip(a.named_parameters(), b.named_parameters()):
        assert (p == q).all() and p is not q, name
    a.state_dict()["scale"].fill_(5.0)
    assert a.scale.item() == 5.0 and not a.state_dict()["scale"].requires_grad


def test_load_state_dict_lists_what_does_not_fit_and_changes_nothing() -> None:
    net = Net()
    before = {k: v.clone() for k, v in net.state_dict().items()}
    state = {k: v * 0 + 7 for k, v in net.state_dict().items()}
    del state["first.bias"]
    state["more"] = mg.ones(1)
    state["rest.2.weight"] = mg.ones(5, 5)
    with pytest.raises(RuntimeError) as caught:
        net.load_state_dict(state)
    text = str(caught.value)
    assert "load_state_dict into Net: nothing was loaded" in text
    assert "unexpected: more" in text and "missing: first.bias" in text
    assert "rest.2.weight: expected float32[2, 3], got float32[5, 5]" in text
    assert all((net.state_dict()[k] == v).all() for k, v in before.items())
    del state["rest.2.weight"]
    result = net.load_state_dict(state, strict=False)
    assert result.missing_keys == ["first.bias", "rest.2.weight"] and result.unexpected_keys == ["more"]
    assert net.scale.item() == 7.0


def test_deepcopy_and_pickle_of_a_whole_model() -> None:
    net = Net().eval()
    x = mg.randn(5, 4)
    for twin in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert (twin(x) == net(x)).all() and type(twin.scale) is nn.Parameter
        twin.scale.data.fill_(0.0)
        assert net.scale.item() == 1.0 and twin.scale.requires_grad


def test_moving_between_dtypes_keeps_optimizers_parameters() -> None:
    net = Net()
    p = net.scale
    (net.eval()(mg.ones(1, 4)).sum()).backward()
    net.double()
    assert net.scale is p and p.dtype == p.grad.dtype == mg.float64 and net.count.dtype == mg.float64
    net(mg.ones(1, 4, dtype=mg.float64)).sum().backward()
    assert net.to(mg.float32).scale.dtype == mg.float32
    with pytest.raises(TypeError, match="Module.to: expected a floating dtype, got int64"):
        net.to(mg.int64)


def test_hooks_see_and_replace() -> None:
    net, seen = nn.Linear(2, 2), []
    before = net.register_forward_pre_hook(lambda m, args: (args[0] * 2,))
    after = net.register_forward_hook(lambda m, args, out: seen.append(args[0].sum().item()) or out + 1)
    x = mg.ones(1, 2)
    twice = F.linear(x * 2, net.weight, net.bias) + 1
    assert (net(x) == twice).all() and seen == [4.0]
    before.remove()
    after.remove()
    assert (net(x) == F.linear(x, net.weight, net.bias)).all() and seen == [4.0]


def test_printing() -> None:
    assert repr(Net()) == (
        "Net(\n  (first): Linear(in_features=4, out_features=3, bias=True)\n  (rest): Sequential(\n    (0): ReLU()\n"
        "    (1): Dropout(p=0.5, inplace=False)\n    (2): Linear(in_features=3, out_features=2, bias=False)\n  )\n)"
    )
    assert repr(nn.LeakyReLU()) == "LeakyReLU(negative_slope=0.01)" and repr(nn.Softmax(dim=1)) == "Softmax(dim=1)"


def test_containers() -> None:
    layers = [nn.Linear(2, 2) for _ in range(4)]
    seq = nn.Sequential(*layers)
    assert len(seq) == 4 and seq[-1] is layers[3] and len(seq[1:3]) == 2 and list(seq) == layers
    del seq[1]
    assert list(seq.state_dict())[2] == "1.weight" and seq[1] is layers[2]
    seq.append(nn.ReLU()).insert(0, nn.Identity())
    assert [type(m).__name__ for m in seq] == ["Identity", "Linear", "Linear", "Linear", "ReLU"]
    with pytest.raises(IndexError, match="Sequential: index 9 is out of range for 5 modules"):
        _ = seq[9]
    named = nn.ModuleDict({"a": layers[0], "b": layers[1]})
    assert list(named) == ["a", "b"] and "a" in named and list(named.items())[1] == ("b", layers[1])
    params = nn.ParameterList([mg.ones(2), nn.Parameter(mg.zeros(1))])
    assert len(params) == 2 and isinstance(params[0], nn.Parameter) and len(list(params.parameters())) == 2


def test_zero_grad() -> None:
    net = nn.Linear(2, 1)
    net(mg.ones(1, 2)).sum().backward()
    net.zero_grad(set_to_none=False)
    assert net.weight.grad.tolist() == [[0.0, 0.0]]
    net.zero_grad()
    assert net.weight.grad is None


def test_initial_values() -> None:
    layer = nn.Linear(100, 50)
    assert layer.weight.abs().max().item() <= 0.1 and layer.bias.abs().max().item() <= 0.1
    assert layer.weight.std().item() == pytest.approx(0.1 / math.sqrt(3), rel=0.05)
    w = mg.empty(200, 300)
    assert nn.init.xavier_uniform_(w).abs().max().item() <= math.sqrt(6 / 500)
    assert nn.init.xavier_normal_(w, gain=2).std().item() == pytest.approx(2 * math.sqrt(2 / 500), rel=0.05)
    assert nn.init.kaiming_normal_(w, nonlinearity="relu").std().item() == pytest.approx(math.sqrt(2 / 300), rel=0.05)
    assert nn.init.kaiming_uniform_(w, mode="fan_out").abs().max().item() <= math.sqrt(6 / 200)
    assert nn.init.trunc_normal_(w, a=-1, b=1).abs().max().item() <= 1
    assert nn.init.eye_(mg.empty(2, 3)).tolist() == [[1, 0, 0], [0, 1, 0]]
    assert nn.init.ones_(w).mean().item() == 1 and nn.init.zeros_(w).sum().item() == 0
    assert nn.init.calculate_gain("tanh") == 5 / 3
    p = nn.Parameter(mg.empty(3, 3))
    assert nn.init.normal_(p).is_leaf and p.requires_grad
    with pytest.raises(ShapeError, match=r"fan in and fan out need at least 2 dimensions, got float32\[3\]"):
        nn.init.xavier_normal_(mg.empty(3))
    with pytest.raises(ValueError, match='kaiming: mode: expected "fan_in" or "fan_out"'):
        nn.init.kaiming_normal_(w, mode="both")


def test_dropout_keeps_the_mean_and_refuses_what_is_no_probability() -> None:
    x = mg.ones(10_000, requires_grad=True)
    y = F.dropout(x, 0.3)
    assert set(np.unique(y.detach().numpy()).round(5)) == {0.0, np.float32(1 / 0.7).round(5)}
    assert y.mean().item() == pytest.approx(1.0, abs=0.05)
    y.sum().backward()
    assert (x.grad == y.detach()).all()
    assert F.dropout(x, 0.3, training=False) is x and F.dropout(x, 1.0).sum().item() == 0
    with pytest.raises(ValueError, match="dropout: p: expected a probability, got 1.5"):
        F.dropout(x, 1.5)
    with pytest.raises(ValueError, match="Dropout: p: expected a probability, got -1"):
        nn.Dropout(-1)


def test_linear_in_any_dimension_and_its_errors() -> None:
    layer = nn.Linear(3, 2)
    x = mg.randn(4, 5, 3)
    expected = x.numpy() @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()
    assert np.allclose(layer(x).detach().numpy(), expected, atol=1e-6)
    assert layer(mg.ones(3)).shape == (2,) and layer(mg.ones(0, 3)).shape == (0, 2)
    with pytest.raises(
        ShapeError, match=r"Linear\(in_features=3, out_features=2\): expected an input \(..., 3\), got float32\[4, 4\]"
    ):
        layer(mg.ones(4, 4))
    with pytest.raises(ShapeError, match=r"linear: expected input \(..., in\) and weight \(out, in\)"):
        F.linear(mg.ones(2), mg.ones(3))
    with pytest.raises(NotImplementedError, match=r"Module: forward\(\) is not defined"):
        nn.Module()(1)
    with pytest.raises(TypeError, match="Parameter: expected a Tensor, got list"):
        nn.Parameter([1.0])


@pytest.mark.parametrize("bias", [True, False])
def test_linear_against_pytorch(bias: bool) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")
    ours, theirs = nn.Linear(4, 3, bias, dtype=mg.float64), torch.nn.Linear(4, 3, bias, dtype=torch.float64)
    ours.load_state_dict({k: mg.tensor(v.numpy()) for k, v in theirs.state_dict().items()})
    x = np.random.randn(5, 2, 4)
    for layer, lib in ((ours, mg), (theirs, torch)):
        (layer(lib.tensor(x)).tanh() ** 2).sum().backward()
    assert list(ours.state_dict()) == list(theirs.state_dict()) and repr(ours) == repr(theirs)
    for p, q in zip(ours.parameters(), theirs.parameters()):
        assert np.allclose(p.grad.numpy(), q.grad.numpy(), rtol=1e-12)
