"""`python -m minigrad.gradcheck --prove` runs the seeded bugs; `--teach` shows a slope's error against the step."""

import argparse
import sys


def main(arguments: list[str] | None = None) -> int:
    """The command line; 0 where all went well."""
    parser = argparse.ArgumentParser(prog="python -m minigrad.gradcheck", description=__doc__)
    parser.add_argument("--prove", action="store_true", help="run the checker on the library of seeded bugs")
    parser.add_argument("--seeds", type=int, default=20, help="how many seeds to prove it over (default 20)")
    parser.add_argument("--only", default="", help="only bugs with this in their family, kind or name")
    parser.add_argument("--no-torch", action="store_true", help="leave PyTorch's checker out of the comparison")
    parser.add_argument(
        "--teach", action="store_true", help="print the error of numerical gradients against the step h"
    )
    parser.add_argument("--figure", default="", metavar="PNG", help="with --teach: save the curves as a picture")
    options = parser.parse_args(arguments)
    if not (options.prove or options.teach):
        parser.error("expected --prove or --teach")
    if options.teach:
        _teach(options.figure)
    if options.prove:
        from minigrad.gradcheck.prove import prove

        return 0 if prove(options.seeds, options.only, not options.no_torch) else 1
    return 0


def _teach(figure: str) -> None:
    from minigrad.gradcheck.teach import error_curve
    from minigrad.ops.creation import tensor

    curve = error_curve(lambda x: (x.sin() * x.exp()).sum(), tensor([0.5, 1.0, 2.0], dtype="float64"))
    print("the relative error of the slope of sin(x) exp(x), by step and method\n")
    print(curve.table())
    if figure:
        curve.plot(figure)
        print(f"\nsaved {figure}")


if __name__ == "__main__":
    sys.exit(main())
