"""A thousand steps, which must not take more and more; and asking for more than there is."""

from typing import Any

from tqdm import tqdm

import minigrad as mg
from minigrad import nn
from tests.executors.test_cuda_counts import STEPS
from tests.gpu.counts import step_of
from tests.gpu.place import Place
from tests.gpu.report import Found

F: Any = nn.functional


def run(place: Place) -> Found:
    """Both."""
    found = Found("memory over 1,000 steps, and where there is none left")
    _steps(found, 20 if place.small else 1000)
    _too_much(found, place)
    return found


def _steps(found: Found, count: int) -> None:
    rows = []
    for what in tqdm(STEPS, desc="memory", leave=False):
        step, used = step_of(what), []
        for i in range(count):
            step()
            if i in (count // 10, count - 1):
                mg.cuda.synchronize()
                used.append(mg.cuda.memory_allocated())
        rows.append((what, f"{used[0]:,}", f"{used[1]:,}", f"{mg.cuda.memory_reserved():,}"))
        if used[1] > used[0]:
            found.failures.append(f"{what}: {used[1] - used[0]:,} bytes more after {count:,} steps than after a tenth")
        del step
    found.table(
        "Bytes in use", ("training", "after a tenth of the steps", f"after {count:,}", "held by the pool"), rows
    )


def _too_much(found: Found, place: Place) -> None:
    pool = place.cupy.get_default_memory_pool()
    x = mg.ones(1000, device="cuda")
    if place.pretended:
        pool.set_limit(size=pool.used_bytes() + 2**20)
    total = 2**22 if place.pretended else mg.cuda.mem_get_info()[1]
    said = ""
    try:
        mg.zeros(total // 4 + 1, 2, device="cuda")
        found.failures.append("more than there is was given, and no error raised")
    except mg.OutOfMemoryError as error:
        said = str(error)
    finally:
        pool.set_limit(size=0)
    if said and not ("asked for" in said and "arrays hold" in said):
        found.failures.append(f"the error does not say how much was asked and held: {said}")
    if (x + 1).sum().item() != 2000:
        found.failures.append("after the error a sum is wrong")
    found.table("Asking for twice what there is", ("error", "work goes on"), [(said, "yes")])
