"""`python -m minigrad.testing.opinfo` prints the conventions at kinks, ties and edges; `--write
docs/subgradients.md` puts the tables into that page."""

import argparse
from pathlib import Path
from typing import Any

from minigrad.testing.opinfo.conventions import GROUPS, Convention

START, END = "<!-- tables: python -m minigrad.testing.opinfo -->\n", "<!-- end of the tables -->"
COLUMNS = ("case", "value", "gradient", "PyTorch's gradient")


def number(value: Any) -> str:
    """3.0 as 3, and lists of such."""
    return f"[{', '.join(map(number, value))}]" if isinstance(value, list) else f"{value:g}"


def cells(c: Convention) -> tuple[str, ...]:
    """One line of a table; with several inputs, a gradient for each."""
    gradients, pytorch = ("; ".join(map(number, found)) for found in (c.gradients, c.pytorch or ()))
    return c.case, "" if c.value is None else number(c.value), gradients, pytorch or "same"


def tables() -> str:
    """All conventions in Markdown, a section a group."""
    sections = []
    for title, group in GROUPS.items():
        lines = [COLUMNS, ("---",) * len(COLUMNS), *map(cells, group)]
        sections.append(f"## {title}\n\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines))
    return "\n".join(sections)


def rewritten(page: str) -> str:
    """The page with its tables up to date."""
    before, rest = page.split(START)
    return f"{before}{START}\n{tables()}\n{END}{rest.split(END)[1]}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m minigrad.testing.opinfo", description=__doc__)
    parser.add_argument("--write", type=Path, metavar="FILE", help="bring the tables of this page up to date")
    page = parser.parse_args().write
    if page is None:
        print(tables())
    else:
        page.write_text(rewritten(page.read_text()))


if __name__ == "__main__":
    main()
