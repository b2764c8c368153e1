"""What was found, kept after each part, so that a run that is cut off goes on where it was."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Found:
    """What a part found: tables of text, failures in words, and the numbers themselves."""

    title: str
    tables: list[tuple[str, Sequence[str], list[Sequence[str]]]] = field(default_factory=list)  # caption, head, rows
    blocks: list[str] = field(default_factory=list)  # what a command printed
    failures: list[str] = field(default_factory=list)
    numbers: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def table(self, caption: str, head: Sequence[str], rows: list[Sequence[str]]) -> None:
        """Add a table."""
        self.tables.append((caption, head, rows))


class Report:
    """`gpu.json` and `gpu.md` in a folder."""

    def __init__(self, folder: Path, facts: dict[str, str]) -> None:
        self.json, self.page, self.facts = folder / "gpu.json", folder / "gpu.md", facts
        kept = json.loads(self.json.read_text(encoding="utf-8")) if self.json.is_file() else {}
        same = kept.get("facts", {}) | {"date": ""} == facts | {"date": ""}
        self.parts: dict[str, dict[str, Any]] = kept.get("parts", {}) if same else {}

    def keep(self, name: str, found: Found) -> None:
        """Write a part down."""
        self.parts[name] = asdict(found)
        self.json.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"facts": self.facts, "parts": self.parts}, indent=1, allow_nan=False) + "\n"
        self.json.write_text(text, encoding="utf-8")
        self.page.write_text(self._markdown(), encoding="utf-8")

    def failures(self) -> int:
        """How many there are, in all parts."""
        return sum(len(part["failures"]) for part in self.parts.values())

    def _markdown(self) -> str:
        pretended = self.facts["device"].startswith("the stand-in")
        lines = [f"# The proof on {self.facts['device']}", ""]
        if pretended:
            lines += ["No GPU was used: this shows that the command works. **No time in it means anything.**", ""]
        lines += [*_table(("", ""), [(k, v) for k, v in self.facts.items()]), ""]
        summary = [
            (name, f"{len(part['failures'])} failures" if part["failures"] else "passed", f"{part['seconds']:.0f} s")
            for name, part in self.parts.items()
        ]
        lines += [*_table(("part", "outcome", "took"), summary), ""]
        for name, part in self.parts.items():
            lines += [f"## {name}: {part['title']}", ""]
            for caption, head, rows in part["tables"]:
                where = f" ({self.facts['device']})" if pretended else ""
                lines += [f"{caption}{where}", "", *_table(head, rows), ""]
            lines += [f"- {note}" for note in part["notes"]] + [""] * bool(part["notes"])
            for block in (*part["blocks"], *part["failures"]):
                lines += ["```text", block.strip("\n"), "```", ""]
        return "\n".join(lines)


def _table(head: Sequence[str], rows: list[Any]) -> list[str]:
    def line(cells: Any) -> str:
        return "| " + " | ".join(str(c).replace("|", "\\|") for c in cells) + " |"

    return [line(head), line("---" for _ in head), *map(line, rows)]
