"""`python -m minigrad.compat script.py [args]`: run a PyTorch script on minigrad. `--diff` (before the script): run it
under both, and compare the numbers they print."""

import argparse
import builtins
import io
import os
import re
import subprocess
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

from minigrad import compat

NUMBER = re.compile(r"[-+]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?")


def main(arguments: list[str] | None = None) -> int:
    """The command line; 0 where all went well."""
    parser = argparse.ArgumentParser(prog="python -m minigrad.compat", description=__doc__)
    parser.add_argument("--diff", action="store_true", help="run it under PyTorch too, and compare what they print")
    parser.add_argument("script", type=Path)
    parser.add_argument("args", nargs=argparse.REMAINDER, help="the script's own")
    options = parser.parse_args(arguments)
    if not options.script.is_file():
        parser.error(f"script: there is no file {options.script}")
    if options.diff:
        return _diff(options.script, options.args)
    compat.install()
    sys.argv = [str(options.script), *options.args]
    sys.path.insert(0, str(options.script.resolve().parent))
    _run(options.script)
    return 0


def _run(script: Path) -> None:
    """Run the script as the main module, which its worker processes import as `worker_main.py` does."""
    main = ModuleType("__main__")
    main.__file__, main.__spec__ = str(script), ModuleSpec("minigrad.compat.worker_main", None)
    main.__dict__["__builtins__"] = builtins
    os.environ[compat.SCRIPT] = str(script.resolve())
    sys.modules["__main__"] = sys.modules["__mp_main__"] = main  # what workers send back is of the latter
    with io.open_code(str(script.resolve())) as file:
        code = compile(file.read(), str(script), "exec")
    exec(code, main.__dict__)


def _diff(script: Path, args: list[str]) -> int:
    """Print the numbers of both runs side by side, line by line; 1 if one of them failed."""
    commands = {
        "minigrad": [sys.executable, "-m", "minigrad.compat", str(script), *args],
        "PyTorch": [sys.executable, str(script), *args],
    }
    outputs = {}
    for name, command in commands.items():
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            print(f"{name}: exit status {done.returncode}\n{done.stderr}", file=sys.stderr)
            return 1
        outputs[name] = done.stdout.splitlines()
    ours, theirs = outputs.values()
    largest = 0.0
    for a, b in zip(ours, theirs):
        x, y = ([float(n) for n in NUMBER.findall(line)] for line in (a, b))
        gap = max((abs(p - q) / max(abs(p), abs(q), 1e-12) for p, q in zip(x, y)), default=0.0)
        largest = max(largest, gap)
        print(f"{gap:8.1e}  minigrad: {a}\n{'':8}  PyTorch:  {b}" if a != b else f"{'same':>8}  {a}")
    print(f"\n{len(ours)} and {len(theirs)} lines; numbers differ by at most {largest:.2g} of their size")
    print("(random numbers are drawn otherwise here: compare where both end, or what uses none)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
