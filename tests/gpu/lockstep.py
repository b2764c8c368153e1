"""Every operation and every layer on both devices, from the same inputs: values and gradients, by dtype."""

import copy
import warnings
from typing import Any

import numpy as np
from tqdm import tqdm

import minigrad as mg
from minigrad import nn
from minigrad.backend import to_numpy
from minigrad.engine.primitive import wrap
from minigrad.testing.opinfo import op_db
from minigrad.testing.opinfo.call import Call, cotangents, floating, gradients
from tests.gpu.place import Place
from tests.gpu.report import Found
from tests.layers import LAYERS, drawn, flat, made_by

NEAR = {"float16": 2e-2, "float32": 2e-4, "float64": 1e-9}  # of the largest magnitude in a result
NOT_UNIQUE = {"eigh", "qr", "svd", "linalg.eigh", "linalg.qr", "linalg.svd"}  # signs and order are the library's own


def far(here: Any, there: Any) -> float:
    """The largest difference, as a share of the largest magnitude; inf for another shape, dtype, or nan."""
    a, b = (to_numpy(getattr(x, "_array", x)) for x in (here, there))
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape or a.dtype != b.dtype:
        return float("inf")
    if a.dtype.kind not in "fc":
        return 0.0 if (a == b).all() else float("inf")
    with np.errstate(all="ignore"):
        same = (a == b) | ((a != a) & (b != b))
        reach = float(np.abs(a[np.isfinite(a)], dtype="float64").max(initial=0)) or 1.0
        gaps = np.where(same, 0.0, np.abs(a.astype("float64") - b.astype("float64")) / reach) if a.dtype.kind == "f" \
            else np.where(same, 0.0, np.abs(a - b) / reach)  # fmt: skip
    return float(np.where(np.isnan(gaps), np.inf, gaps).max(initial=0.0))


def of_op(row: Any, sample: Any, dtype: str, place: Place) -> float:
    """How far an operation's results and gradients are apart."""
    call = Call(row, sample, dtype)
    ours, leaves = call.run()
    theirs, twins = call.run(place=place.cupy.array)
    pairs = [(a, b) for a, b in zip(ours, theirs, strict=True) if isinstance(a, mg.Tensor)]
    if row.order and row.name not in NOT_UNIQUE:
        vs = cotangents(floating(ours))
        found = gradients(floating(theirs), twins, [wrap(place.cupy.array(v)) for v in vs], create=False)
        pairs += zip(gradients(floating(ours), leaves, vs, create=False), found, strict=True)
    return max((far(a, b) for a, b in pairs), default=0.0) if row.name not in NOT_UNIQUE else 0.0


def of_layer(made: str, shapes: Any, dtype: str) -> float:
    """How far a layer's outputs, gradients and buffers are apart, in training and after."""
    here: Any = made_by(nn, made).to(dtype)
    there = copy.deepcopy(here).to("cuda")
    worst = 0.0
    for training in (True, False):
        pairs: list[Any] = []
        for net, device in ((here, "cpu"), (there, "cuda")):
            net.train(training).zero_grad()
            arrays = [a.astype(dtype) if a.dtype.kind == "f" else a for a in drawn(shapes, 0)]
            xs = [mg.tensor(a, device=device, requires_grad=a.dtype.kind == "f") for a in arrays]
            mg.manual_seed(0)
            outs = flat(net(*([x * 1 for x in xs] if "inplace" in repr(net) else xs)))
            if any(o.requires_grad for o in outs):
                sum((o.cos() * o).sum() for o in outs if o.requires_grad).backward()
            pairs.append([*outs, *(t.grad for t in (*xs, *net.parameters()) if t.grad is not None), *net.buffers()])
        worst = max([worst, *(far(a.detach(), b.detach()) for a, b in zip(*pairs, strict=True))])
    return worst


def run(place: Place) -> Found:
    """All of them, or in small one in twenty."""
    found = Found("every operation and layer on both devices")
    step = 20 if place.small else 1
    ops = [(f"{r.name}-{s.name}", lambda d, r=r, s=s: of_op(r, s, d, place), [d for d in NEAR if d in r.dtypes])
           for r in op_db.values() for s in r.samples][::step]  # fmt: skip
    layers = [(name, lambda d, n=name, s=shapes: of_layer(n, s, d), list(NEAR)) for name, shapes in LAYERS][::step]
    worst: dict[str, list[tuple[float, str]]] = {dtype: [] for dtype in NEAR}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, compare, dtypes in tqdm([*ops, *layers], desc="lockstep", leave=False):
            for dtype in dtypes:
                try:
                    gap = compare(dtype)
                except Exception as error:
                    found.failures.append(f"{name}, {dtype}: {type(error).__name__}: {error}")
                    continue
                worst[dtype].append((gap, name))
                if not gap <= NEAR[dtype]:
                    found.failures.append(f"{name}, {dtype}: differs by {gap:.1e} of the largest magnitude")
    rows = []
    for dtype, gaps in worst.items():
        gaps.sort(reverse=True)
        shown = "; ".join(f"{name} {gap:.1e}" for gap, name in gaps[:5])
        rows.append((dtype, str(len(gaps)), f"{NEAR[dtype]:.0e}", shown))
    found.table("Differences as shares of the largest magnitude", ("dtype", "compared", "allowed", "furthest"), rows)
    return found
