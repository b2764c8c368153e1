"""`python -m tests.gpu`: prove minigrad on the GPU that is here, and write docs/gpu/gpu.md and gpu.json.

A part that is in the report already, for this commit and device, is not run again unless --again; each takes less than
eight minutes, so that it fits where a GPU is at hand for minutes only. Exit status: 1 if something failed, 2 without a
GPU.
"""

import argparse
import sys
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path

from minigrad.errors import DeviceError
from tests.gpu import counts, lockstep, memory, sparsity, speed, suite
from tests.gpu.place import ROOT, Place
from tests.gpu.report import Found, Report

PARTS: dict[str, Callable[[Place], Found]] = {
    "lockstep": lockstep.run,
    "counts": counts.run,
    "memory": memory.run,
    "speed": speed.run,
    "sparsity": sparsity.run,
    **{name: partial(suite.run, part=name) for name in suite.FILES},
}


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.gpu", description=__doc__.partition("\n\n")[0])
    parser.add_argument("--part", action="append", choices=tuple(PARTS), help="only this one; may be said again")
    parser.add_argument("--again", action="store_true", help="run parts that are in the report already, too")
    parser.add_argument("--out", type=Path, help="the report's folder; docs/gpu if none is named")
    parser.add_argument("--standin", action="store_true", help="on the stand-in for CuPy: to see that this works")
    parser.add_argument("--small", action="store_true", help="at a size at which only that can be seen")
    options = parser.parse_args(arguments)
    if options.standin and not options.out:
        parser.error("--standin: name a folder with --out: docs/gpu is for what a GPU did")
    try:
        place = Place(options.standin, options.small)
    except DeviceError as error:
        print(f"python -m tests.gpu: {error}", file=sys.stderr)
        return 2
    report = Report(options.out or ROOT / "docs" / "gpu", place.facts())
    for name in options.part or PARTS:
        if name in report.parts and not options.again:
            print(f"{name}: in the report already (--again runs it once more)")
            continue
        start = time.perf_counter()
        try:
            found = PARTS[name](place)
        except Exception:
            found = Found("ended by an error", failures=[traceback.format_exc()])
        found.seconds = time.perf_counter() - start
        report.keep(name, found)
        print(f"{name}: {len(found.failures)} failures in {found.seconds:.0f} s")
    print(f"{report.page}: {report.failures()} failures")
    return 1 if report.failures() else 0


if __name__ == "__main__":
    sys.exit(main())
