"""`python -m minigrad.gradcheck --prove` runs the checker on mutants (wrong gradients), `--registry` on every operation
of minigrad; `--teach` shows how the error of a numerical gradient depends on the step."""

import argparse
import sys
import time

from minigrad.gradcheck import error_curve
from minigrad.ops.array.creation import tensor
from minigrad.testing.mutation_score import mutation_score
from minigrad.testing.op_coverage import NothingToCheck, cases, check_registry, missing


def main(arguments: list[str] | None = None) -> int:
    """The command line; 0 where all went well."""
    parser = argparse.ArgumentParser(prog="python -m minigrad.gradcheck", description=__doc__)
    parser.add_argument("--prove", action="store_true", help="run the checker on the library of mutants")
    parser.add_argument("--seeds", type=int, default=20, help="with --prove: how many seeds (default 20)")
    parser.add_argument(
        "--only", default="", help="only mutants with this in their family, kind or name; or operations"
    )
    parser.add_argument("--no-torch", action="store_true", help="leave PyTorch's checker out of the comparison")
    parser.add_argument("--registry", action="store_true", help="check all of minigrad's operations, in fast mode")
    parser.add_argument("--full", action="store_true", help="with --registry: in full mode")
    parser.add_argument("--order", type=int, choices=(1, 2), default=1, help="with --registry: 2 for the second too")
    parser.add_argument("--processes", type=int, help="how many (default: one for each CPU)")
    parser.add_argument("--teach", action="store_true", help="print the error of numerical gradients against the step")
    parser.add_argument("--figure", default="", metavar="PNG", help="with --teach: save the curves as an image")
    options = parser.parse_args(arguments)
    if not (options.prove or options.teach or options.registry):
        parser.error("expected --prove, --registry or --teach")
    if options.teach:
        _error_curve(options.figure)
    try:
        if options.prove and not mutation_score(
            options.seeds, options.only, not options.no_torch, processes=options.processes
        ):
            return 1
        return _registry(options) if options.registry else 0
    except NothingToCheck as wrong:
        parser.error(f"--only: {wrong}")


def _registry(options: argparse.Namespace) -> int:
    start = time.perf_counter()
    verdicts = check_registry(cases(options.only, options.order), not options.full, 0, options.processes)
    wrong = missing(verdicts)
    print("\n\n".join(wrong))
    print(
        f"{len({v.name for v in verdicts})} operations on {len(verdicts)} samples and orders in "
        f"{time.perf_counter() - start:.1f} s: {'not all' if wrong else 'all'} passed"
    )
    return 1 if wrong else 0


def _error_curve(figure: str) -> None:
    curve = error_curve(lambda x: (x.sin() * x.exp()).sum(), tensor([0.5, 1.0, 2.0], dtype="float64"))
    print("the relative error of the gradient of sin(x) exp(x), by step and method\n")
    print(curve.table())
    if figure:
        curve.plot(figure)
        print(f"\nsaved {figure}")


if __name__ == "__main__":
    sys.exit(main())
