"""The documentation is executed: the Python blocks of a page run in order, as one program; its links lead somewhere;
its generated tables are up to date."""

import re
import traceback
from pathlib import Path

import pytest

from minigrad.testing.opinfo.__main__ import tables

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]*))?\)")

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())


def run_blocks(page: Path) -> int:
    """Execute a page's blocks in one namespace, and count them. Tracebacks show the page and its own line numbers."""
    text = page.read_text()
    namespace: dict[str, object] = {"__name__": "__page__"}
    blocks = list(BLOCK.finditer(text))
    for block in blocks:
        above = text.count("\n", 0, block.start(1))
        exec(compile("\n" * above + block[1], str(page), "exec"), namespace)
    return len(blocks)


@every_page
def test_python_blocks_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = page.read_text()
    if "matplotlib" in text:
        pytest.importorskip("matplotlib", reason="this page draws").use("Agg")
    if "digits()" in text:
        pytest.importorskip("sklearn", reason="this page uses scikit-learn's digits")
    monkeypatch.chdir(tmp_path)
    assert run_blocks(page) == text.count("```python"), "a block that is indented or not closed"


def test_a_failing_block_is_found_by_page_and_line(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A page\n\n```python\nx = 1\n```\n\nText.\n\n```python\nx += 1\nassert x == 3\n```\n")
    with pytest.raises(AssertionError) as failure:
        run_blocks(page)
    last = traceback.extract_tb(failure.tb)[-1]
    assert (last.filename, last.lineno, last.line) == (str(page), 11, "assert x == 3")


def anchors(page: Path) -> set[str]:
    """The names by which a page's headings can be linked to."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@every_page
def test_links_lead_somewhere(page: Path) -> None:
    missing = []
    for path, anchor in LINK.findall(page.read_text()):
        target = page.parent / path if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            missing.append(f"{path}#{anchor}")
    assert missing == []


def test_the_readmes_commands_are_one_each() -> None:
    text = (ROOT / "README.md").read_text()
    for section in ("## Run", "## Test"):
        body = text.split(section + "\n", 1)[1].split("\n## ", 1)[0]
        assert body.count("```") == 2, f"{section}: expected one fenced command"


def test_the_readme_names_every_folder_of_the_package() -> None:
    folders = {p.name for p in (ROOT / "minigrad").iterdir() if (p / "__init__.py").exists()}
    named = set(re.findall(r"^  (\w+)/ ", (ROOT / "README.md").read_text(), re.MULTILINE))
    assert named == folders


def test_the_tables_of_conventions_are_up_to_date() -> None:
    page = (ROOT / "docs" / "subgradients.md").read_text()
    assert tables() in page, "run `python -m minigrad.testing.opinfo --write docs/subgradients.md`"
