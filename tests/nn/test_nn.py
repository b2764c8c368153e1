"""Modules: registration, state, hooks, printing; Linear as PyTorch's."""

import copy
import math
import pickle

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F
from minigrad import nn
from minigrad.errors import DtypeError, GraphError, ShapeError


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
    assert net.get_buffer("scratch") is net.scratch
    with pytest.raises(AttributeError, match="Net has no buffer 'first.weight'"):
        net.get_buffer("first.weight")
    with pytest.raises(AttributeError, match=r"Sequential has no module '7' \(looking for 'rest.7'\)"):
        net.get_submodule("rest.7")
    assert list(net.state_dict(destination={"own": 1}, prefix="n."))[:2] == ["own", "n.scale"]
    assert sum(p.numel() for p in net.parameters()) == 1 + 12 + 3 + 6


def test_assignment_registers_replaces_and_refuses() -> None:
    net = Net()
    net.first.bias = None
    assert "first.bias" not in net.state_dict()
    with pytest.raises(TypeError, match="Net.scale: expected a Parameter or None, got Tensor; to assign something"):
        net.scale = mg.ones(1)
    with pytest.raises(TypeError, match="Net.scale: expected a Parameter or None, got float"):
        net.scale = 1.0
    for name, kind in (("count", "a Tensor"), ("first", "a Module")):
        with pytest.raises(TypeError, match=f"Net.{name}: expected {kind} or None, got int"):
            setattr(net, name, 3)
    with pytest.raises(TypeError, match="Net.first: expected a Module or None, got Tensor"):
        net.first = mg.ones(1)
    net.count = mg.ones(2)
    assert net.state_dict()["count"].tolist() == [1.0, 1.0]
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

    class EarlyBuffer(nn.Module):
        def __init__(self) -> None:
            self.register_buffer("count", mg.ones(1))

    with pytest.raises(AttributeError, match=r"EarlyBuffer: call super\(\).__init__\(\) before registering 'count'"):
        EarlyBuffer()
    for register, taken in ((net.register_buffer, "first"), (net.add_module, "forward"), (net.add_module, "training")):
        with pytest.raises(KeyError, match=f"Net: it has an attribute '{taken}' already; choose another name"):
            register(taken, None)
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
    assert repr(result).startswith("IncompatibleKeys(missing_keys=['first.bias'")
    assert repr(net.load_state_dict(net.state_dict())) == "<All keys matched successfully>"
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
    assert net.to(mg.float32).scale.dtype == mg.float32 and net.type(mg.float16).count.dtype == mg.float16
    with pytest.raises(TypeError, match="Module.to: expected a floating dtype, got int64"):
        net.to(mg.int64)


def test_printing() -> None:
    assert repr(Net()) == (
        "Net(\n  (first): Linear(in_features=4, out_features=3, bias=True)\n  (rest): Sequential(\n    (0): ReLU()\n"
        "    (1): Dropout(p=0.5, inplace=False)\n    (2): Linear(in_features=3, out_features=2, bias=False)\n  )\n)"
    )
    assert repr(nn.LeakyReLU()) == "LeakyReLU(negative_slope=0.01)" and repr(nn.Softmax(dim=1)) == "Softmax(dim=1)"
    assert repr(nn.ELU(2.0, inplace=True)) == "ELU(alpha=2.0, inplace=True)" and repr(nn.SiLU()) == "SiLU()"


@pytest.mark.parametrize("module", [nn.ReLU, nn.LeakyReLU, nn.ELU, nn.SiLU])
def test_inplace_changes_the_input_and_is_recorded(module: type[nn.Module]) -> None:
    values = [-1.0, 0.5, 2.0]
    x, y = mg.tensor(values, requires_grad=True), mg.tensor(values, requires_grad=True)
    changed = x * 1
    out = module(inplace=True)(changed)
    (out * out).sum().backward()
    (module()(y) ** 2).sum().backward()
    assert out is changed and out.tolist() == module()(y).tolist() and x.grad.tolist() == y.grad.tolist()


def test_inplace_is_the_last_argument_of_functions_too() -> None:
    x = mg.tensor([-1.0, 1.0])
    assert F.leaky_relu(x, 0.5, True) is x and x.tolist() == [-0.5, 1.0]
    assert F.relu(input=x, inplace=True) is x and x.tolist() == [0.0, 1.0] and F.relu(x) is not x
    with pytest.raises(GraphError, match="relu_: a leaf tensor that requires grad cannot be changed in place"):
        F.relu(mg.ones(1, requires_grad=True), inplace=True)


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
    assert nn.init.calculate_gain("tanh") == 5 / 3 and nn.init.calculate_gain("conv_transpose2d") == 1
    for shape, gain in (((5, 3), 2.0), ((3, 5), 1.0), ((4, 2, 3, 3), 1.0)):
        q = nn.init.orthogonal_(mg.empty(*shape, dtype=mg.float64), gain).numpy().reshape(shape[0], -1)
        gram = q @ q.T if q.shape[0] <= q.shape[1] else q.T @ q
        assert np.allclose(gram, gain**2 * np.eye(len(gram)))
    sparse = nn.init.sparse_(mg.empty(10, 200), 0.25)
    assert ((sparse == 0).sum(0) == 3).all() and sparse.abs().sum().item() > 0
    kept = mg.randn(2, 4, 5, 5)
    hands_on = nn.init.dirac_(mg.empty(4, 4, 3, 3))
    assert mg.allclose(F.conv2d(kept, hands_on, padding=1), kept)
    assert nn.init.dirac_(mg.empty(4, 2, 1), groups=2)[:, :, 0].tolist() == [[1, 0], [0, 1], [1, 0], [0, 1]]
    p = nn.Parameter(mg.empty(3, 3))
    assert nn.init.normal_(p).is_leaf and p.requires_grad
    with pytest.raises(ShapeError, match=r"fan in and fan out need at least 2 dimensions, got float32\[3\]"):
        nn.init.xavier_normal_(mg.empty(3))
    with pytest.raises(ValueError, match="sparse_: sparsity: expected a fraction in \\[0, 1\\], got 2"):
        nn.init.sparse_(w, 2)
    with pytest.raises(ValueError, match="dirac_: groups: expected a divisor of the 4 filters, got 3"):
        nn.init.dirac_(mg.empty(4, 4, 3), 3)
    with pytest.raises(ShapeError, match=r"orthogonal_: expected at least 2 dimensions, got float32\[3\]"):
        nn.init.orthogonal_(mg.empty(3))
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
    with pytest.raises(DtypeError, match=r"dropout: expected a floating input, got int64\[2\]"):
        F.dropout(mg.tensor([1, 2]))
    with pytest.raises(ValueError, match="Dropout: p: expected a probability, got -1"):
        nn.Dropout(-1)


def test_linear_in_any_dimension_and_its_errors() -> None:
    layer = nn.Linear(3, 2)
    x = mg.randn(4, 5, 3)
    expected = x.numpy() @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()
    assert np.allclose(layer(x).detach().numpy(), expected, atol=1e-6)
    assert layer(mg.ones(3)).shape == (2,) and layer(mg.ones(0, 3)).shape == (0, 2)
    named = r"Linear\(in_features=3, out_features=2, bias=True\)"
    with pytest.raises(ShapeError, match=named + r": expected an input \(..., 3\), got float32\[4, 4\]"):
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
