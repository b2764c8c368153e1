"""What a training step asks of the GPU: no wait, and how many kernels."""

from typing import Any

import minigrad as mg
from minigrad import nn
from tests.executors.test_cuda_counts import RNG, STEPS
from tests.gpu.place import Place, gpu_pytorch
from tests.gpu.report import Found

F: Any = nn.functional


def step_of(what: str) -> Any:
    """A training step of one of the models that CI counts."""
    make, optimize, data, shape, _ = STEPS[what]
    model = make().cuda()
    optimizer = optimize(model.parameters())
    x, y = mg.tensor(data, device="cuda"), mg.tensor(RNG.integers(0, 10, shape), device="cuda")

    def step() -> Any:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x).reshape(-1, 10), y.reshape(-1))
        loss.backward()
        optimizer.step()
        return loss

    return step


def launches(step: Any, place: Place) -> str:
    """The kernels that a step starts: counted by the stand-in, or on the device by PyTorch's profiler, which sees those
    of the whole process; "not counted" without either."""
    if place.pretended:
        before = place.cupy.launches
        step()
        return str(place.cupy.launches - before)
    torch = gpu_pytorch()
    if torch is None:
        return "not counted (PyTorch's profiler is needed for it)"
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as seen:
        step()
        mg.cuda.synchronize()
    cuda = torch.autograd.DeviceType.CUDA
    return str(sum(e.device_type == cuda and not e.name.startswith("Mem") for e in seen.events()))


def run(place: Place) -> Found:
    """Every model's step, after two that warm up."""
    found, rows = Found("waits and kernels in a training step"), []
    for what, (*_, bound) in STEPS.items():
        step = step_of(what)
        losses = [step() for _ in range(2)]
        waits = "none"
        try:
            with place.no_waits():
                losses.append(step())
        except Exception as error:
            waits = f"{type(error).__name__}: {error}"
            found.failures.append(f"{what}: a step waits for the GPU: {waits}")
        if not losses[-1].item() < losses[0].item():
            found.failures.append(f"{what}: the loss does not fall: {[float(loss) for loss in losses]}")
        rows.append((what, waits, launches(step, place), str(bound)))
    found.table("A step, warm", ("training", "waits", "kernels", "at most, on the stand-in"), rows)
    return found
