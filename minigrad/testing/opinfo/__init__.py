"""The sample table: one row an op, saying how to call it and what to expect of it.

Its names are exactly those of the registered primitives and of the public functions in `ops/`; a test holds the two
sets equal, so that no op ships unchecked. `python -m minigrad.ops` prints what the table and the registry know.
"""

from functools import cache
from importlib import import_module

from minigrad.ops import modules
from minigrad.testing.opinfo.rows import Draw, Row, Sample, bools, ints

__all__ = ["Draw", "Row", "Sample", "bools", "ints", "table"]

FAMILIES = (
    "elementwise",
    "special",
    "reduce",
    "order",
    "shape",
    "index",
    "places",
    "linalg",
    "layers",
    "fused",
    "loss",
)


@cache
def table() -> dict[str, Row]:
    """The rows by name."""
    modules()  # so that every primitive is registered
    rows: dict[str, Row] = {}
    for family in FAMILIES:
        for row in import_module(f"{__name__}.{family}").ROWS:
            if rows.setdefault(row.name, row) is not row:
                raise ValueError(f"samples: two rows are called {row.name!r}")
            row.family = row.family or family
    return rows
