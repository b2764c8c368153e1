"""`python -m tests.benchmarks`: minigrad's time and memory beside eager PyTorch's; docs/speed.md says how it measures.

For each workload there is one process per framework. They take short turns, A B A B, and each turn gives the median
time of a step; a ratio is the median of the ratios within the turns.
"""

import argparse
import contextlib
import datetime
import importlib.util
import json
import math
import os
import platform
import sys
import time
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import numpy as np

from minigrad.engine.executions import is_enabled
from tests.benchmarks import WORKLOADS
from tests.benchmarks.worker import Worker

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
COLUMNS = {"minigrad": "minigrad", "torch": "PyTorch", "numpy": "NumPy", "jax": "JAX jit"}
TOLERANCE = 1e-4  # of the largest number compared
PAUSE = 0.05  # seconds before a turn, in which the threads of the one before stop spinning
BUSY = 0.15  # of the processors' time taken by others in a pause: PyTorch's threads, which spin, suffer most from them
SLOW_TURNS = 3


def measure(name: str, args: argparse.Namespace, workers: dict[str, Any]) -> dict[str, Any]:
    """A row: medians in seconds, peaks in bytes, the ratio; "differs" names those whose results are not the same."""
    work = WORKLOADS[name]
    names = [n for n in COLUMNS if n in work.builds and importlib.util.find_spec(n)]
    for n in names:
        workers.setdefault(n, Worker(n, args.threads, args.clock))
    results = {n: workers[n].call("build", name, args.small) for n in names}
    differs = differing(results)
    turns: dict[str, list[float]] = {n: [] for n in names}
    disturbed = 0
    for _ in range(min(args.turns, SLOW_TURNS) if work.slow else args.turns):
        for n in names:
            disturbed += not args.small and not quiet(args.patience)
            turns[n].append(workers[n].call("turn", args.seconds) / work.per)
    row = {
        "title": work.title,
        "goal": work.goal,
        "seconds": {n: median(turns[n]) for n in names},
        "peak_bytes": {n: workers[n].call("peak") for n in names},
        "differs": differs,
        "losses": {n: [float(np.mean(r)) for r in results[n]] for n in names},
        "turns": turns,
        "disturbed_turns": disturbed,
    }
    if work.against in names and not differs:
        ratios = [a / b for a, b in zip(turns["minigrad"], turns[work.against])]
        row |= {"against": work.against, "ratio": median(ratios), "quartiles": quartiles(ratios)}
    return row


def differing(results: dict[str, list[Any]]) -> list[str]:
    """Those frameworks whose results are not PyTorch's (or, where it is missing, NumPy's): a fast wrong answer."""
    expected = results[next(n for n in ("torch", "numpy", "minigrad") if n in results)]

    def equal(a: Any, b: Any) -> bool:
        return a.shape == b.shape and bool(abs(a - b).max() <= TOLERANCE * abs(b).max())

    return [n for n, found in results.items() if not all(map(equal, found, expected))]


def quiet(patience: float) -> bool:
    """Wait for a pause in which nobody else uses the processors, but not longer than that; did it come?"""
    end = time.monotonic() + patience
    while True:
        before = processors()
        time.sleep(PAUSE)
        idle, total = (b - a for a, b in zip(before, processors()))
        if not total or idle >= (1 - BUSY) * total:
            return True
        if time.monotonic() > end:
            return False


def processors() -> tuple[int, int]:
    """Their time so far, idle and in all, in ticks of 10 ms; zeros where there is no /proc."""
    stat = Path("/proc/stat")
    times = [int(x) for x in stat.read_text().split("\n", 1)[0].split()[1:9]] if stat.exists() else [0] * 8
    return times[3] + times[4], sum(times)


def quartiles(ratios: list[float]) -> list[float]:
    """The first and the third."""
    return quantiles(ratios, method="inclusive")[::2] if len(ratios) > 1 else ratios * 2


@contextlib.contextmanager
def closing(workers: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Ends the processes."""
    try:
        yield workers
    finally:
        for worker in workers.values():
            worker.close()
        workers.clear()


# --- what is printed -----------------------------------------------------------------------------------------------

HEAD = "| workload | " + " | ".join(COLUMNS.values()) + " | ratio | goal | peak, minigrad | peak, PyTorch |"


def line(name: str, row: dict[str, Any]) -> str:
    """A row of the table."""
    cells = [f"`{name}` {row['title']}", *(duration(row["seconds"].get(n)) for n in COLUMNS)]
    against = "" if row.get("against", "torch") == "torch" else f" ({COLUMNS[row['against']]})"
    ratio = "results differ: " + ", ".join(row["differs"]) if row["differs"] else "–"
    cells.append(f"{row['ratio']:.2f}{against}" if "ratio" in row else ratio)
    cells.append(f"{row['goal']:g}" if row["goal"] else "–")
    cells += [megabytes(row["peak_bytes"].get(n)) for n in ("minigrad", "torch")]
    return "| " + " | ".join(cells) + " |"


def duration(seconds: float | None) -> str:
    """Three digits and a unit."""
    if seconds is None:
        return "–"
    unit, size = next((u, s) for u, s in (("s", 1), ("ms", 1e-3), ("µs", 1e-6)) if seconds >= s or s == 1e-6)
    return f"{seconds / size:.3g} {unit}" if seconds < 1000 else f"{seconds:.0f} s"


def megabytes(size: float | None) -> str:
    """In megabytes, from a tenth on."""
    return "–" if size is None or math.isnan(size) or size < 1e5 else f"{size / 1e6:.3g} MB"


def machine(args: argparse.Namespace) -> dict[str, Any]:
    """What the numbers depend on."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [x.split(":")[1].strip() for x in lines if "model name" in x]
    blas: Any = np.show_config(mode="dicts")
    return {
        "date": datetime.date.today().isoformat(),
        "cpu": models[0] if models else platform.processor(),
        "cpus": os.cpu_count(),
        "threads": args.threads,
        "clock": args.clock,
        "turns": args.turns,
        "small": args.small,
        "loops": importlib.util.find_spec("numba") is not None and is_enabled("numba"),
        "system": platform.platform(),
        "blas": " ".join(str(blas["Build Dependencies"]["blas"].get(key)) for key in ("name", "version")),
        "versions": {"python": platform.python_version(), **{n: installed(n) for n in (*COLUMNS, "scipy", "numba")}},
    }


def installed(package: str) -> str | None:
    """Its version, if it is there."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def chosen(only: list[str] | None) -> list[str]:
    """The names asked for, and those of the groups asked for; without a choice all."""
    if unknown := [o for o in only or [] if not any(name.split(".")[0] == o or name == o for name in WORKLOADS)]:
        known = dict.fromkeys(name.split(".")[0] for name in WORKLOADS)
        raise SystemExit(f"--only: there is no {', '.join(unknown)}; there are {', '.join(known)}")
    return [name for name in WORKLOADS if not only or name in only or name.split(".")[0] in only]


def main(arguments: list[str] | None = None) -> int:
    """Parse, measure, print; 1 if a workload fails or gives other results than PyTorch."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="workloads, or groups: op, depth, width, batch")
    parser.add_argument("--turns", type=int, help="of each framework in each workload (default 9; 1 if --small)")
    parser.add_argument("--seconds", type=float, default=0.3, help="a turn takes (default 0.3)")
    parser.add_argument("--patience", type=float, default=2.0, help="seconds to wait for a quiet machine (default 2)")
    parser.add_argument("--threads", type=int, help="of BLAS and of PyTorch (default: the processors; 1 if --small)")
    parser.add_argument(
        "--clock",
        choices=("wall", "cpu"),
        default="wall",
        help="cpu: the process' own time; of use "
        "with --threads 1, where it leaves out what others take of a busy machine",
    )
    parser.add_argument("--small", action="store_true", help="too small to mean anything: does it run?")
    parser.add_argument("--json", metavar="PATH", type=Path, help="also write the numbers there")
    args = parser.parse_args(arguments)
    args.turns = args.turns or (1 if args.small else 9)
    args.threads = args.threads or (1 if args.small else os.cpu_count())
    args.seconds = 0.0 if args.small else args.seconds
    os.environ |= dict.fromkeys(THREADS, str(args.threads))
    names, failed, rows = chosen(args.only), False, {}
    print(f"{HEAD}\n{'|---' * HEAD.count(' | ')}|---|", flush=True)
    with closing({}) as workers:
        for name in names:
            with contextlib.nullcontext(workers) if args.small else closing({}) as own:
                try:
                    rows[name] = measure(name, args, own)
                except RuntimeError as error:
                    print(error, file=sys.stderr)
                    failed = True
                    continue
            print(line(name, rows[name]), flush=True)
    if args.json:
        args.json.write_text(json.dumps({**machine(args), "rows": rows}, indent=1))
    return int(failed or any(row["differs"] for row in rows.values()))


if __name__ == "__main__":
    sys.exit(main())
