"""autograd.functional against calculus, and against PyTorch where it is installed."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import functional as F
from minigrad.errors import GraphError, ShapeError

X = np.array([[0.3, -0.7, 1.1], [0.9, 0.2, -0.4]])
V = np.array([[1.0, 2.0, -1.0], [0.5, -0.5, 3.0]])


def cubes(x):
    return (x**3).sum()


def test_jacobian_of_an_elementwise_function_is_diagonal() -> None:
    x = mg.tensor(X)
    j = F.jacobian(lambda t: t**3, x)
    assert j.shape == (2, 3, 2, 3) and not j.requires_grad
    assert np.allclose(j.numpy().reshape(6, 6), np.diag(3 * X.ravel() ** 2))


def test_jacobian_over_several_inputs_and_outputs() -> None:
    a, b = mg.tensor([1.0, 2.0]), mg.tensor([3.0, 4.0])
    (aa, ab), (ba, bb) = F.jacobian(lambda u, v: (u * v, u.sum()), (a, b))
    assert aa.tolist() == [[3.0, 0.0], [0.0, 4.0]] and ab.tolist() == [[1.0, 0.0], [0.0, 2.0]]
    assert ba.tolist() == [1.0, 1.0] and bb.tolist() == [0.0, 0.0]


def test_hessian_hvp_and_vhp_agree() -> None:
    x, v = mg.tensor(X), mg.tensor(V)
    h = F.hessian(lambda t: cubes(t) + (t[0] * t[1]).sum() ** 2, x).numpy().reshape(6, 6)
    assert np.allclose(h, h.T)
    for product in (F.hvp, F.vhp):
        value, hv = product(lambda t: cubes(t) + (t[0] * t[1]).sum() ** 2, x, v)
        assert np.allclose(hv.numpy().ravel(), h @ V.ravel())
        assert value.shape == ()


def test_jvp_and_vjp_are_adjoint() -> None:
    x, v, u = mg.tensor(X), mg.tensor(V), mg.tensor(V[::-1].copy() + 1)
    f = lambda t: (t.exp() @ t.T).tanh()  # noqa: E731
    weights = mg.tensor(np.array([[1.0, -2.0], [0.5, 1.5]]))
    _, jv = F.jvp(f, x, v)
    _, vj = F.vjp(f, x, weights)
    assert np.isclose((jv * weights).sum().item(), (vj * v).sum().item())
    assert not np.isclose((jv * weights).sum().item(), (vj * u).sum().item())


def test_create_graph_goes_on_to_the_third_order() -> None:
    x = mg.tensor([2.0], dtype=mg.float64, requires_grad=True)
    h = F.hessian(lambda t: (t**4).sum(), x, create_graph=True)
    (third,) = mg.autograd.grad(h.sum(), x)
    assert h.item() == 48.0 and third.item() == 48.0


def test_zeros_or_an_error_where_nothing_depends() -> None:
    x, y = mg.tensor([1.0, 2.0]), mg.tensor([3.0])
    _, (gx, gy) = F.vjp(lambda a, b: (a * a).sum(), (x, y))
    assert gx.tolist() == [2.0, 4.0] and gy.tolist() == [0.0]
    with pytest.raises(GraphError, match=r"vjp: strict: the output does not depend on input 1 \(float32\[1\]\)"):
        F.vjp(lambda a, b: (a * a).sum(), (x, y), strict=True)


def test_bad_calls_say_what_was_expected() -> None:
    x = mg.tensor([1.0, 2.0])
    with pytest.raises(ShapeError, match=r"vjp: v: expected the shapes of the outputs, \[\(2,\)\], got \[\(3,\)\]"):
        F.vjp(lambda t: t * 2, x, mg.ones(3))
    with pytest.raises(ShapeError, match="jvp: v: may be left out only for one input of one element"):
        F.jvp(lambda t: t * 2, x)
    with pytest.raises(ShapeError, match="hessian: expected func to return a tensor of one element"):
        F.hessian(lambda t: t * 2, x)
    with pytest.raises(TypeError, match="jacobian: output 0: expected a Tensor, got float"):
        F.jacobian(lambda t: [1.0], x)


@pytest.mark.parametrize("name", ["jacobian", "hessian", "vjp", "jvp", "hvp", "vhp"])
def test_against_pytorch(name: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch is the oracle here")

    def run(lib, x, v):
        f = {"jacobian": lambda t: (t @ t.T).tanh(), "jvp": lambda t: t.exp() * t}.get(
            name, lambda t: (t.exp() * t).sum() * t.sum()
        )
        functional = lib.autograd.functional
        return (
            getattr(functional, name)(f, x)
            if name in ("jacobian", "hessian", "vjp")
            else getattr(functional, name)(f, x, v)
        )

    ours, theirs = run(mg, mg.tensor(X), mg.tensor(V)), run(torch, torch.tensor(X), torch.tensor(V))
    for a, b in zip(*(r if isinstance(r, tuple) else (r,) for r in (ours, theirs))):
        assert np.allclose(a.numpy(), b.numpy(), rtol=1e-12)
