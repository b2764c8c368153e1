"""Names that public packages take from the corners of PyTorch: compiler and jit, foreach functions, checkpointed parts,
memory formats, private helpers of layers. Each does what it says, or refuses in words."""

import copy
import importlib
import math
import subprocess
import sys
import warnings
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minigrad as mg
from minigrad import Tensor, autograd, compiler, func, jit, nn, optim
from minigrad.nn import init
from minigrad.ops.reduce.reductions import ValuesIndices
from minigrad.utils import _pytree
from minigrad.utils.checkpoint import checkpoint, checkpoint_sequential
from minigrad.utils.model_zoo import load_url


def test_the_compiler_s_decorators_give_back_what_they_are_given() -> None:
    def f(x: Any) -> Any:
        return x

    assert compiler.disable(f) is f and compiler.disable(recursive=False)(f) is f and compiler.allow_in_graph(f) is f
    assert not compiler.is_compiling() and jit.ignore(f) is f and jit.unused(f) is f and jit.export(f) is f
    with pytest.warns(UserWarning, match=r"jit.script: minigrad runs code as it is; returned unchanged"):
        assert jit.script(f) is f
    with pytest.raises(NotImplementedError, match=r"jit.save: models are not programs .* save m.state_dict"):
        jit.save(f, "m.pt")
    with pytest.raises(NotImplementedError, match="jit.load: there is no interpreter of saved programs"):
        jit.load("m.pt")


def test_foreach_is_a_loop() -> None:
    a, b = [mg.ones(2), mg.full((3,), 2.0)], [mg.full((2,), 5.0), mg.full((3,), 7.0)]
    assert [t.tolist() for t in mg._foreach_add(a, b, alpha=2)] == [[11, 11], [16, 16, 16]]
    assert mg._foreach_mul_(a, 3) is None and a[1].tolist() == [6, 6, 6]
    mg._foreach_addcmul_(a, b, b, 0.5)
    assert a[0].tolist() == [15.5, 15.5]
    assert [t.tolist() for t in mg._foreach_pow(2, [mg.ones(1), mg.full((1,), 3.0)])] == [[2], [8]]
    with pytest.raises(ValueError, match=r"_foreach_add: expected lists of one length, got \[2, 1\]"):
        mg._foreach_add(a, b[:1])


@pytest.mark.parametrize("parts", [1, 2, 3])
def test_a_checkpointed_model_has_the_gradients_of_a_plain_one(parts: int) -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.5), nn.Tanh(), nn.Linear(4, 2))
    x = mg.randn(5, 3, requires_grad=True)

    def gradients(run: Any, create: bool = False) -> list[Any]:
        mg.manual_seed(3)
        leaves = [x, *model.parameters()]
        first = autograd.grad(run(x).pow(2).sum(), leaves, create_graph=create)
        return autograd.grad(sum(g.pow(2).sum() for g in first), leaves) if create else list(first)

    for create in (False, True):
        plain = gradients(model, create)
        again = gradients(lambda x: checkpoint_sequential(model, parts, x), create)
        for a, b in zip(plain, again):
            np.testing.assert_allclose(a.numpy(), b.numpy(), 1e-6)
    with pytest.raises(ValueError, match="checkpoint_sequential: segments: expected 1 to 4, got 5"):
        checkpoint_sequential(model, 5, x)


CHECKPOINTED: list[tuple[Any, list[float]]] = [  # at h = exp(x), x = 1: the gradient of h, which must come once
    (lambda x, h: checkpoint(lambda a: a**3, h) + h * 5, [3 * math.e**2 + 5]),
    (lambda x, h: checkpoint(lambda a: a**2 * h, x) + h * 5, [6.0]),
    (lambda x, h: checkpoint(lambda a: a**2 * h * x, x) + h * 5, [6.0]),
    (lambda x, h: checkpoint(lambda a: a * h, x) + checkpoint(lambda a: a * h * 2, x), [3.0]),
    (lambda x, h: checkpoint(lambda a: checkpoint(lambda b: b * h, a) * h, x) + h, [2 * math.e + 1]),
    (lambda x, h: checkpoint(lambda a: (a, h), x)[1] + h, [2.0]),
]


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("f, expected", CHECKPOINTED)
def test_hooks_of_what_a_checkpoint_shares_with_the_outside(f: Any, expected: Any, create_graph: bool) -> None:
    x = mg.tensor([1.0], dtype=mg.float64, requires_grad=True)
    h, seen, leaf_seen = x.exp(), [], []
    h.register_hook(lambda g: seen.append(g.item()))
    h.retain_grad()
    x.register_hook(lambda g: leaf_seen.append(g.item()))
    f(x, h).sum().backward(create_graph=create_graph)
    assert seen == pytest.approx(expected) and h.grad.tolist() == pytest.approx(expected) and len(leaf_seen) == 1
    plain = mg.tensor([1.0], dtype=mg.float64, requires_grad=True)
    with mg.no_grad():
        step = (f(plain + 1e-6, (plain + 1e-6).exp()) - f(plain - 1e-6, (plain - 1e-6).exp())) / 2e-6
    assert x.grad.item() == pytest.approx(step.item(), rel=1e-6) and leaf_seen == pytest.approx(step.tolist(), rel=1e-6)


def test_a_checkpointed_argument_that_the_function_knows_too_counts_once_at_every_order() -> None:
    x = mg.tensor([2.0], dtype=mg.float64, requires_grad=True)
    (g,) = mg.autograd.grad(checkpoint(lambda a: a**2 * x, x).sum(), x, create_graph=True)
    assert g.item() == 12 and mg.autograd.grad(g, x)[0].item() == 12


def test_a_checkpointed_part_keeps_its_inputs_alone_and_runs_twice() -> None:
    runs, weight = [], nn.Parameter(mg.full((2,), 3.0))

    def part(x: Tensor, factor: float, *, shift: float) -> tuple[Tensor, Tensor]:
        runs.append(1)
        return x * weight * factor, x + shift

    x = mg.ones(2, requires_grad=True)
    a, b = checkpoint(part, x, 2.0, shift=1.0, use_reentrant=False)
    assert len(runs) == 1 and a.tolist() == [6, 6] and b.tolist() == [2, 2]
    (a.sum() + b.sum()).backward()
    assert len(runs) == 2 and x.grad.tolist() == [7, 7] and weight.grad.tolist() == [2, 2]
    with mg.no_grad():
        assert not checkpoint(part, x, 2.0, shift=1.0)[0].requires_grad
    with pytest.raises(ValueError, match="checkpoint: context_fn: expected None"):
        checkpoint(part, x, 1.0, shift=0.0, context_fn=lambda: None)


def test_fork_rng_leaves_the_generator_where_it_was() -> None:
    with mg.random.fork_rng():
        inside = mg.rand(3)
    assert (mg.rand(3) == inside).all()


def test_old_and_private_names() -> None:
    weight = mg.zeros(3, 4)
    assert init._calculate_fan_in_and_fan_out(weight) == (4, 3)
    with pytest.warns(FutureWarning, match="init.xavier_uniform: deprecated; use init.xavier_uniform_"):
        assert init.xavier_uniform(weight) is weight and float(weight.abs().max()) > 0
    assert importlib.import_module("minigrad.nn.modules.utils")._pair(2) == (2, 2)
    assert nn.modules.batchnorm.BatchNorm2d is nn.BatchNorm2d and nn.modules.linear.Linear is nn.Linear
    assert optim.lr_scheduler._LRScheduler is optim.lr_scheduler.LRScheduler
    assert mg.contiguous_format is mg.memory_format.contiguous_format and mg.pi == np.pi and mg.inf == float("inf")
    assert mg.typename(mg.ones(1)) == "minigrad.FloatTensor" and not mg.is_autocast_enabled()
    q, r = mg.qr(mg.tensor([[1.0, 2.0], [3.0, 4.0]]))
    np.testing.assert_allclose((q @ r).numpy(), [[1, 2], [3, 4]], rtol=1e-6)


def test_a_setting_that_is_required_is_asked_for() -> None:
    class Own(optim.Optimizer):
        def __init__(self, params: Any, lr: Any = optim.optimizer.required) -> None:
            super().__init__(params, {"lr": lr})

    with pytest.raises(ValueError, match="Own: parameter group: expected a value for lr"):
        Own([nn.Parameter(mg.ones(1))])
    assert Own([nn.Parameter(mg.ones(1))], lr=0.1).param_groups[0]["lr"] == 0.1


def test_memory_formats_change_nothing() -> None:
    x = mg.ones(2, 3, 4, 4)
    assert x.contiguous(memory_format=mg.channels_last) is x and x.is_contiguous(memory_format=mg.contiguous_format)


def test_autocast_decorates() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")

        @mg.autocast("cuda", dtype=mg.float16)
        def f(x: Any) -> Any:
            return x * 2

        assert f(mg.ones(1)).tolist() == [2]
    assert mg.amp.custom_fwd(f) is f and mg.amp.custom_bwd(device_type="cuda")(f) is f


def test_lists_of_parameters_hold_lists_of_parameters() -> None:
    model = nn.ParameterList([mg.ones(2)])
    model.append(nn.ParameterList([nn.Parameter(mg.zeros(1)), mg.zeros(3)]))
    model.append("a word")
    assert [name for name, _ in model.named_parameters()] == ["0", "1.0", "1.1"]
    assert len(model) == 3 and model[-1] == "a word" and isinstance(model[0], nn.Parameter) and len(list(model[1])) == 2


def test_modules_by_pytorch_s_files(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import torch, torch.jit, torch.compiler\n"
        "from torch.nn.modules.batchnorm import _BatchNorm\n"
        "from torch.nn.modules.utils import _pair\n"
        "from torch.optim.optimizer import Optimizer, required\n"
        "from torch.utils.checkpoint import checkpoint\n"
        "from torch.nn.attention import SDPBackend, sdpa_kernel\n"
        "with sdpa_kernel(SDPBackend.MATH), torch.backends.cuda.sdp_kernel(enable_flash=False):\n"
        "    print(issubclass(torch.nn.BatchNorm2d, _BatchNorm), _pair(3), checkpoint(torch.exp, torch.zeros(1)))\n"
    )
    done = subprocess.run([sys.executable, "-m", "minigrad.compat", str(script)], capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.split("\n")[0] == "True (3, 3) tensor([1.])", done.stderr


def test_least_squares() -> None:
    A, B = mg.randn(2, 5, 3, dtype="float64"), mg.randn(2, 5, 1, dtype="float64")
    found = mg.linalg.lstsq(A, B)
    for k in range(2):
        expected = np.linalg.lstsq(A[k].numpy(), B[k].numpy(), rcond=None)
        for ours, theirs in zip(found, expected, strict=True):
            np.testing.assert_allclose(ours[k].numpy(), theirs, 1e-9)
    assert mg.linalg.lstsq(A.mT, mg.ones(2, 3, 1, dtype="float64")).residuals.shape == (0,)
    with pytest.raises(ValueError, match=r"linalg.lstsq: expected A .* .*a vector .unsqueeze.*got"):
        mg.linalg.lstsq(A, mg.ones(5))
    with pytest.raises(ValueError, match="linalg.lstsq: driver: expected"):
        mg.linalg.lstsq(A, B, driver="best")


def test_a_module_called_with_other_parameters() -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    own = dict(model.named_parameters())
    fast = {name: (p * 2).detach().requires_grad_() for name, p in own.items()}
    x = mg.randn(4, 2)
    out = func.functional_call(model, fast, (x,))
    grads = autograd.grad((out * out[0].detach()).sum(), list(fast.values()))
    assert all(p.grad is None for p in own.values()) and dict(model.named_parameters()) == own
    assert len(grads) == 4 and float(grads[0].abs().max()) > 0 and not mg.allclose(out, model(x))
    with pytest.raises(KeyError, match="functional_call: 2.weight: expected the names of Sequential's own"):
        func.functional_call(model, {"2.weight": x}, (x,))
    with pytest.raises(NotImplementedError, match="func.vmap: functions are not transformed here"):
        func.vmap(model)


def test_gradients_as_functions() -> None:
    def loss(weights: Any, x: Any) -> Any:
        return (weights["a"] * x).sum() + weights["b"][0].pow(2).sum()

    weights = {"a": mg.full((2,), 3.0), "b": (mg.full((1,), 5.0),)}
    grads, value = func.grad_and_value(loss)(weights, mg.ones(2))
    assert value.item() == 31 and grads["a"].tolist() == [1, 1] and grads["b"][0].tolist() == [10]
    assert func.grad(func.grad(lambda x: x**3))(mg.tensor(2.0)).item() == 12


def test_trees() -> None:
    tree = {"a": [1, (2, 3)], "b": ValuesIndices(4, None)}
    leaves, spec = _pytree.tree_flatten(tree)
    assert leaves == [1, 2, 3, 4, None] and _pytree.tree_unflatten(leaves, spec) == tree
    assert _pytree.tree_map(lambda x, y: (x, y), [1, (2,)], [3, (4,)]) == [(1, 3), ((2, 4),)]
    with pytest.raises(ValueError, match="tree_unflatten: expected 5 leaves, got 1"):
        _pytree.tree_unflatten([1], spec)


def test_parameters_take_attributes() -> None:
    p = nn.Parameter(mg.ones(2))
    p.decays = False
    again = copy.deepcopy(nn.ParameterList([p]))[0]
    assert again.decays is False and again is not p and isinstance(again, nn.Parameter)
    with pytest.raises(AttributeError):
        mg.ones(2).requires_gard = True


def test_one_process() -> None:
    assert not mg.distributed.is_available() and mg.distributed.get_world_size() == 1
    with pytest.raises(NotImplementedError, match="distributed.nn.all_reduce: training runs in one process"):
        mg.distributed.nn.all_reduce(mg.ones(1), op=mg.distributed.ReduceOp.SUM)
    with pytest.raises(NotImplementedError, match="model_zoo.load_url: .* is a pickle"):
        load_url("http://localhost/m.pth")


def test_what_is_left_of_a_sequential_is_numbered_anew() -> None:
    model = nn.Sequential(OrderedDict(a=nn.Linear(1, 1), b=nn.ReLU(), c=nn.Linear(1, 1)))
    del model[1]
    assert [*model.state_dict()] == ["0.weight", "0.bias", "1.weight", "1.bias"]
