"""Distributions that few scripts use."""

import numpy as np
import pytest

import minigrad as mg


def test_kumaraswamy() -> None:
    torch = pytest.importorskip("torch", reason="compares with PyTorch")
    a, b, x = (np.array(v) for v in ([0.5, 2.0, 3.0], [1.5, 0.7, 4.0], [0.2, 0.5, 0.9]))
    ours = mg.distributions.Kumaraswamy(mg.tensor(a), mg.tensor(b))
    theirs = torch.distributions.Kumaraswamy(torch.tensor(a), torch.tensor(b))
    for name in ("mean", "variance"):
        np.testing.assert_allclose(getattr(ours, name).numpy(), getattr(theirs, name).numpy(), 1e-9)
    for name in ("log_prob", "cdf", "icdf"):
        np.testing.assert_allclose(
            getattr(ours, name)(mg.tensor(x)).numpy(), getattr(theirs, name)(torch.tensor(x)), 1e-9
        )
    np.testing.assert_allclose(ours.entropy().numpy(), theirs.entropy().numpy(), 1e-9)
    np.testing.assert_allclose(ours.sample((20000,)).mean(0).numpy(), ours.mean.numpy(), atol=0.02)
