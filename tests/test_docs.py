"""The documentation is executed: the Python blocks of a page run in order, as one program; its links lead somewhere."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_python_blocks_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = page.read_text()
    blocks = list(BLOCK.finditer(text))
    if any("matplotlib" in b[1] for b in blocks):
        pytest.importorskip("matplotlib", reason="this page draws").use("Agg")
    if any("sklearn" in b[1] or "digits" in b[1] for b in blocks):
        pytest.importorskip("sklearn", reason="this page uses scikit-learn's digits")
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "__page__"}
    for block in blocks:
        line = text.count("\n", 0, block.start()) + 1
        # leading newlines, so that a traceback shows the page's own line numbers
        exec(compile("\n" * line + block[1], str(page), "exec"), namespace)
    assert len(blocks) == text.count("```python")


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    missing = [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert missing == []


def test_the_readmes_commands_are_one_each() -> None:
    text = (ROOT / "README.md").read_text()
    for section in ("## Run", "## Test"):
        body = text.split(section + "\n", 1)[1].split("\n## ", 1)[0]
        assert body.count("```") == 2, f"{section}: expected one fenced command"
