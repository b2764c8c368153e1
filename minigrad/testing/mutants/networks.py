"""Normalisation, convolution, pooling, embedding, attention, dropout."""

from typing import Any

import numpy as np

from minigrad.testing.mutants.model import into, mutant, mutants, normal, row

F = "network layers"
WIDTH = 3


def _stats(x: Any, axis: Any) -> Any:
    m = x.mean(axis, keepdims=True)
    s = np.sqrt(((x - m) ** 2).mean(axis, keepdims=True) + 1e-5)
    return m, s


def _norm(axis: Any) -> Any:
    return lambda x: (x - _stats(x, axis)[0]) / _stats(x, axis)[1]


def _norm_back(axis: Any, mean: Any = True, var: Any = True) -> Any:
    def back(g: Any, y: Any, x: Any) -> Any:
        s = _stats(x, axis)[1]
        return (g - mean * g.mean(axis, keepdims=True) - var * y * (g * y).mean(axis, keepdims=True)) / s

    return back


def _rms(x: Any) -> Any:
    return x / np.sqrt((x * x).mean(1, keepdims=True) + 1e-5)


def _rms_back(g: Any, y: Any, x: Any, cross: Any = 1.0) -> Any:
    return (g - cross * y * (g * y).mean(1, keepdims=True)) / np.sqrt((x * x).mean(1, keepdims=True) + 1e-5)


def _conv(x: Any, w: Any) -> Any:
    """Each row correlated with w."""
    return np.stack([np.correlate(r, w, "valid") for r in x])


def _conv_x(g: Any, w: Any) -> Any:
    return np.stack([np.convolve(r, w, "full") for r in g])


def _conv_w(g: Any, x: Any) -> Any:
    return sum(np.correlate(r, k, "valid") for r, k in zip(x, g))


def _kernel(rng: Any, s: Any) -> Any:
    return rng.normal(size=WIDTH)


def _windows(x: Any) -> Any:
    """Overlapping windows of two along rows."""
    return np.stack([x[:, :-1], x[:, 1:]], -1)


def _pooled(g: Any, x: Any, add: Any) -> Any:
    at = _windows(x).argmax(-1) + np.arange(x.shape[1] - 1)
    return into(x, (np.arange(len(x))[:, None], at), g, add)


def _spread(g: Any, by: Any) -> Any:
    return (np.pad(g, ((0, 0), (0, 1))) + np.pad(g, ((0, 0), (1, 0)))) * by


def _mask(x: Any) -> Any:
    return (np.arange(x.size).reshape(x.shape) * 7 % 5 > 1) * 1.0


def _ids(table: Any) -> Any:
    return np.arange(2 * len(table)) * 3 % (len(table) - 1)


def _embedded(g: Any, table: Any, skip: Any = None) -> Any:
    out = into(table, _ids(table), g, add=True)
    if skip is not None:
        out[skip] = 0
    return out


def _attention(q: Any, k: Any) -> Any:
    z = q @ k.T / q.shape[1] ** 0.5
    z = np.exp(z - z.max(1, keepdims=True))
    return z / z.sum(1, keepdims=True)


def _attention_back(g: Any, y: Any, q: Any, k: Any, scale: Any = True) -> Any:
    d = y * (g - (g * y).sum(1, keepdims=True)) / (q.shape[1] ** 0.5 if scale else 1.0)
    return d @ k, d.T @ q


# fmt: off
mutants("layer_norm", F, normal, _norm(1), _norm_back(1),
    ("mean term lost", "missing term", _norm_back(1, mean=False)),
    ("variance term lost", "missing term", _norm_back(1, var=False)),
    ("both lost", "missing term", _norm_back(1, False, False)),
    ("1/std lost", "missing factor", lambda g, y, x: _norm_back(1)(g, y, x) * _stats(x, 1)[1]))
mutants("batch_norm", F, normal, _norm(0), _norm_back(0),
    ("statistics constant", "missing term", _norm_back(0, False, False)),
    ("over the other axis", "wrong axis",
        lambda g, y, x: (g - g.mean(1, keepdims=True) - y * (g * y).mean(0)) / _stats(x, 0)[1]))
mutant("norm's gain: input for normalised", F, "wrong operand", (normal, row), lambda x, w: _norm(1)(x) * w,
    lambda g, y, x, w: (_norm_back(1)(g * w, _norm(1)(x), x), (g * _norm(1)(x)).sum(0)),
    lambda g, y, x, w: (_norm_back(1)(g * w, _norm(1)(x), x), (g * x).sum(0)))
mutant("rms_norm: cross term halved", F, "missing factor", normal, _rms, _rms_back,
    lambda g, y, x: _rms_back(g, y, x, 0.5))
mutants("conv", F, (normal, _kernel), _conv, lambda g, y, x, w: (_conv_x(g, w), _conv_w(g, x)),
    ("kernel not flipped", "flipped", lambda g, y, x, w: (_conv_x(g, w[::-1]), _conv_w(g, x))),
    ("kernel's gradient shifted", "shifted", lambda g, y, x, w: (_conv_x(g, w), np.roll(_conv_w(g, x), 1))),
    ("last input lost", "off by one",
        lambda g, y, x, w: (np.pad(_conv_x(g, w)[:, :-1], ((0, 0), (0, 1))), _conv_w(g, x))),
    ("first image's kernel gradient", "axis not summed", lambda g, y, x, w: (_conv_x(g, w), _conv_w(g[:1], x[:1]))))
mutant("max_pool: overlaps overwritten", F, "duplicates", normal, lambda x: _windows(x).max(-1),
    lambda g, y, x: _pooled(g, x, True), lambda g, y, x: _pooled(g, x, False))
mutants("avg_pool", F, normal, lambda x: _windows(x).mean(-1), lambda g, y, x: _spread(g, 0.5),
    ("window's size lost", "missing factor", lambda g, y, x: _spread(g, 1.0)),
    ("half a window", "missing term", lambda g, y, x: np.pad(g * 0.5, ((0, 0), (0, 1)))))
mutants("embedding", F, normal, lambda w: w[_ids(w)], lambda g, y, w: _embedded(g, w),
    ("repeats overwritten", "duplicates", lambda g, y, w: g[: len(w)] * 0 + g[-len(w) :]),
    ("row 0 as padding", "row zero", lambda g, y, w: _embedded(g, w, 0)))
mutants("attention", F, (normal, normal), _attention, _attention_back,
    ("scale lost", "missing factor", lambda g, y, q, k: _attention_back(g, y, q, k, False)),
    ("keys' gradient from keys", "wrong operand",
        lambda g, y, q, k: (_attention_back(g, y, q, k)[0], _attention_back(g, y, k, k)[1])))
mutants("dropout", F, normal, lambda x: x * _mask(x) / 0.6, lambda g, y, x: g * _mask(x) / 0.6,
    ("scale lost", "missing factor", lambda g, y, x: g * _mask(x)),
    ("mask lost", "mask ignored", lambda g, y, x: g / 0.6))
