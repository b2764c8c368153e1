"""PyTorch's own sample inputs as an outside judge: values, dtypes, shapes and gradients on calls that were not written
for minigrad. Needs torch, and expecttest, which torch's sample generators import."""

import re
from typing import Any

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, autograd

# the generator calls these by a wrapper with another order of arguments, gives a function of PyTorch's, draws random
# numbers, leaves signs open, or we refuse in words (to_sparse); lstsq gives rank and singular values with every driver;
# ctc_loss has a gradient of its own there (see its docstring)
OTHERWISE = {
    "where", "polygamma", "special.polygamma", "einsum", "zero_", "linalg.eigh", "nn.functional.ctc_loss",
    "nn.functional.rrelu", "nn.functional.triplet_margin_with_distance_loss",
    "linalg.svd", "linalg.pinv", "normal", "randn", "rand_like", "randn_like", "randint", "randint_like", "empty",
    "empty_like", "nn.functional.dropout", "nn.functional.dropout2d", "nn.functional.dropout3d",
    "nn.functional.alpha_dropout", "nn.functional.feature_alpha_dropout", "sgn", "multinomial", "bernoulli",
    "new_empty", "to_sparse", "linalg.lstsq",
}  # fmt: skip


def found(name: str) -> Any:
    """minigrad's function of that name, in PyTorch's place."""
    head, _, tail = name.rpartition(".")
    place = {
        "": minigrad,
        "linalg": minigrad.linalg,
        "special": minigrad.special,
        "nn.functional": minigrad.nn.functional,
    }.get(head)
    if tail in ("embedding", "embedding_bag"):  # the samples begin with the weight

        def swapped(weight: Any, input: Any, *args: Any, **options: Any) -> Any:
            return getattr(place, tail)(input, weight, *args, **options)

        return swapped
    function = getattr(place, tail, None) or (getattr(Tensor, tail, None) if not head else None)
    return function if callable(function) else None


def operations() -> list[Any]:
    pytest.importorskip("torch", reason="compares with PyTorch")
    pytest.importorskip("expecttest", reason="torch's sample generators import it")
    import torch
    from torch.testing._internal.common_methods_invocations import op_db

    return [
        op for op in op_db if torch.float64 in op.dtypes and op.name not in OTHERWISE and found(op.name) is not None
    ]


def lifted(x: Any, leaves: list[Any]) -> Any:
    """torch's argument as minigrad's; tensors that require grad are noted in pairs."""
    import torch

    if isinstance(x, torch.Tensor):
        t = minigrad.from_numpy(x.detach().numpy().copy())
        if x.requires_grad:
            leaves.append((t.requires_grad_(), x))
        return t
    if type(x) in (list, tuple):
        return type(x)(lifted(e, leaves) for e in x)
    return np.dtype(str(x).split(".")[1]) if isinstance(x, torch.dtype) else x


def flat(x: Any) -> list[Any]:
    return [e for y in x for e in flat(y)] if isinstance(x, (list, tuple)) else [x]


def compare(op: Any, sample: Any) -> bool:
    """Do values and gradients agree? False where PyTorch itself refuses the sample."""
    import torch

    try:
        theirs = flat(op(sample.input, *sample.args, **sample.kwargs))
    except Exception:
        return False
    leaves: list[Any] = []
    args = [lifted(x, leaves) for x in (sample.input, *sample.args)]
    ours = flat(found(op.name)(*args, **{k: lifted(v, leaves) for k, v in sample.kwargs.items()}))
    assert len(ours) == len(theirs)
    pairs = []
    for u, t in zip(ours, theirs):
        if not isinstance(t, torch.Tensor):
            assert u == t
            continue
        assert tuple(u.shape) == tuple(t.shape) and f"torch.{np.dtype(u._array.dtype).name}" == str(t.dtype)
        np.testing.assert_allclose(u.detach().numpy(), t.detach().numpy(), 1e-6, 1e-8)
        if t.requires_grad and t.dtype.is_floating_point:
            pairs.append((u, t, torch.rand_like(t)))
    if pairs and leaves:
        expected = torch.autograd.grad([t for _, t, _ in pairs], [x for _, x in leaves], [v for *_, v in pairs],
                                       allow_unused=True)  # fmt: skip
        mine = [(u, minigrad.from_numpy(v.numpy())) for u, _, v in pairs if u.requires_grad]
        grads = autograd.grad([u for u, _ in mine], [x for x, _ in leaves], [v for _, v in mine], allow_unused=True,
                              materialize_grads=True)  # fmt: skip
        for g, e in zip(grads, expected):
            np.testing.assert_allclose(g.numpy(), 0 * g.numpy() if e is None else e.numpy(), 1e-6, 1e-8)
    return True


# samples that are known to differ: a storage that the copy does not have, a size of 0 in a padded dimension, dropout,
# dimensions of size 1 that are broadcast against others, a batch of vectors without a channel dimension, a label for a
# number, bicubic sampling, weights that PyTorch takes in float32, and elements whose place in max_unpool a later one
# takes, whose gradient is 0
KNOWN = {"as_strided": 2, "nn.functional.pad": 3, "nn.functional.scaled_dot_product_attention": 12, "tensordot": 1,
         "nn.functional.batch_norm": 2, "nn.functional.multi_margin_loss": 2, "nn.functional.multilabel_margin_loss": 1,
         "nn.functional.grid_sample": 6, "cov": 3, "nn.functional.max_unpool1d": 12, "nn.functional.max_unpool2d": 14,
         "nn.functional.max_unpool3d": 17}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
def test_pytorch_s_own_samples() -> None:
    import itertools

    wrong: dict[str, int] = {}
    right = 0
    for op in operations():
        torch = pytest.importorskip("torch", reason="compares with PyTorch")
        samples = op.sample_inputs("cpu", torch.float64, requires_grad=op.supports_autograd)
        for sample in itertools.islice(samples, 25):
            try:
                right += compare(op, sample)
            except Exception:
                wrong[op.name] = wrong.get(op.name, 0) + 1
    unexpected = {name: n for name, n in wrong.items() if n > KNOWN.get(name, 0)}
    assert not unexpected and right > 2000


# a Python number beside a tensor is an operand everywhere here, also where PyTorch's functions want two tensors
LOOSER = {"narrow": 1}


@pytest.mark.filterwarnings("ignore")
def test_what_pytorch_refuses_is_refused_in_words() -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    pytest.importorskip("expecttest", reason="torch's sample generators import it")
    from torch.testing._internal.common_methods_invocations import op_db

    accepted: dict[str, int] = {}
    nameless: list[str] = []
    refused = 0
    for op in op_db:
        if op.error_inputs_func is None or found(op.name) is None:
            continue
        for case in op.error_inputs("cpu"):
            sample = case.sample_input
            try:
                args = [lifted(x, []) for x in (sample.input, *sample.args)]
                options = {k: lifted(v, []) for k, v in sample.kwargs.items()}
            except (TypeError, ValueError):  # a dtype or a number of dimensions that NumPy does not have
                continue
            number = any(isinstance(x, (int, float)) for x in args[:2]) and not case.error_regex
            try:
                found(op.name)(*args, **options)
                accepted[op.name] = accepted.get(op.name, 0) + (not number)
            except Exception as error:
                refused += 1
                if not re.match(r"[\w.]+(\(\))?(: | got | expected )", str(error)):
                    nameless.append(f"{op.name}: {type(error).__name__}: {error}")
    assert {name: n for name, n in accepted.items() if n > LOOSER.get(name, 0)} == {}
    assert refused > 350 and len(nameless) <= 15, nameless
    assert torch is not None
