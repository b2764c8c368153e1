"""One framework in a process of its own, which measures when it is asked to."""

import gc
import importlib
import multiprocessing
import time
import traceback
from importlib.util import find_spec
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from tests.benchmarks import WORKLOADS
from tests.benchmarks.workload import Seconds, Step

SAMPLE = 0.002  # seconds: what is faster is timed several at a time
STATUS = Path("/proc/self/status")


class Worker:
    """The parent's end. `call("turn", 0.3)` runs `Runner.turn(0.3)` there, and raises what it raised."""

    def __init__(self, *args: Any) -> None:
        start = multiprocessing.get_context("spawn")
        self.args = args
        self.pipe, other = start.Pipe()
        self.process = start.Process(target=serve, args=(other, *args))
        self.process.start()
        other.close()

    def call(self, method: str, *args: Any) -> Any:
        self.pipe.send((method, args))
        try:
            error, result = self.pipe.recv()
        except EOFError:
            raise RuntimeError(f"the process of {self.args[0]} ended in {method}{args}") from None
        if error:
            raise RuntimeError(f"{self.args[0]}: {method}{args}\n{error}")
        return result

    def close(self) -> None:
        self.pipe.close()
        self.process.join()


def serve(pipe: Connection, *args_of_runner: Any) -> None:
    """Do what the parent asks for until it closes its end."""
    runner = None
    while True:
        try:
            method, args = pipe.recv()
        except EOFError:
            return
        try:
            runner = runner or Runner(*args_of_runner)
            pipe.send((None, getattr(runner, method)(*args)))
        except Exception:
            pipe.send((traceback.format_exc(), None))


class Runner:
    """The process' end: a framework, and the workload it is at."""

    def __init__(self, framework: str, threads: int, clock: str) -> None:
        self.framework, self.lib = framework, importlib.import_module(framework)
        if framework in ("torch", "minigrad"):
            self.lib.set_num_threads(threads)
        if framework == "minigrad" and find_spec("numba"):  # code comes before the memory is looked at
            importlib.import_module("minigrad.executors.numba.__main__").compile_all()
        if framework == "minigrad" and (onednn := getattr(self.lib, "__config__", None)) and onednn.has_onednn():
            importlib.import_module("minigrad.executors.onednn.binding")
        self.clock = time.process_time if clock == "cpu" else time.perf_counter
        self.step: Step = lambda: None
        self.number, self.base = 1, 0.0
        self.first: float | None = None  # what the first step of a slow workload took: it counts as a turn

    def build(self, name: str, small: bool) -> list[Any]:
        """Make the workload ready, and return the results of its first steps."""
        self.step = lambda: None  # lets go of the workload before
        build, slow = WORKLOADS[name].builds[self.framework], WORKLOADS[name].slow
        if not small:
            build(self.lib, True)()  # code is loaded and threads are started before the memory is looked at
            gc.collect()
        self.base = resident("VmRSS")
        self.step = build(self.lib, small)
        forget_peak()
        self.number, self.first = 1, None
        start, result = self.clock(), self.step()
        seconds, results = self.passed(start, result), [value(result)]
        if slow:
            self.first = seconds
            return results
        results += [value(self.step()) for _ in range(2)]
        if not small:
            self.number = max(1, int(SAMPLE / self.sample()))
        return results

    def turn(self, seconds: float) -> float:
        """The median time of a step, in seconds, over about so many seconds."""
        if self.first is not None:
            first, self.first = self.first, None
            return first
        samples, end = [], time.perf_counter() + seconds
        while not samples or time.perf_counter() < end:
            samples.append(self.sample())
        return median(samples)

    def sample(self) -> float:
        """The time of a step, of several if they are short."""
        start = self.clock()
        for _ in range(self.number):
            result = self.step()
        return self.passed(start, result) / self.number

    def passed(self, start: float, result: Any) -> float:
        """The time since, or that which the step itself took."""
        return float(result) if isinstance(result, Seconds) else self.clock() - start

    def peak(self) -> float:
        """The most memory, in bytes, that the workload took at any time beside what was there before it."""
        return max(resident("VmHWM") - self.base, 0.0)


def value(result: Any) -> Any:
    """What a step returned as an array of float64, to be compared."""
    if isinstance(result, Seconds):
        return np.zeros(())
    return np.array(result.detach().numpy() if hasattr(result, "detach") else result, dtype="float64")


def resident(which: str) -> float:
    """This process' memory now (VmRSS) or at most so far (VmHWM), in bytes; nan where there is no /proc."""
    if not STATUS.exists():
        return float("nan")
    return next(float(line.split()[1]) for line in STATUS.read_text().splitlines() if line.startswith(which)) * 1024


def forget_peak() -> None:
    """Let VmHWM begin anew."""
    if STATUS.exists():
        STATUS.with_name("clear_refs").write_text("5")
