"""`python tests/benchmarks/overhead.py`: what an operation costs beside its arithmetic, and a step of the lecture's
classifier; the part of `python -m tests.benchmarks` that is run most often, with the same options."""

import sys
from pathlib import Path

ROOT = str(Path(__file__).parents[2])

if __name__ == "__main__":
    sys.path[0] = ROOT
    from tests.benchmarks.__main__ import main

    sys.exit(main(["--only", "op", "overhead", "linear", *sys.argv[1:]]))
