"""The guides: their commands run as they stand, and show what the guides show."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import CHECKOUT, DOCS
from tests.markdown import Example, blocks, missing_lines, pasted

PAGES = sorted(DOCS.glob("*.md"))
GUIDES = {"leaked-key.md", "organization.md", "evidence.md", "sql.md", "formats.md"}


@pytest.fixture
def acme(sample_case: Path, tmp_path: Path) -> Path:
    """The case `/tmp/acme`: a link, so that what a command writes beside it goes to a folder of the test."""
    case = tmp_path / "acme"
    case.symlink_to(sample_case)
    return case


@pytest.mark.parametrize("page", [page for page in PAGES if list(blocks(page))], ids=lambda page: page.name)
def test_the_commands_of_a_guide_run(page: Path, acme: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CHECKOUT)
    for block in blocks(page):
        check(block, acme)


def check(block: Example, acme: Path) -> None:
    output = ""
    for command in block.commands:
        assert command.startswith("forensics "), f"{block}: a test runs `forensics` commands only"
        done = pasted(command, {"/tmp/acme": str(acme)})
        assert done.code == 0, f"{block}: {command}: {done.err}"
        assert done.out or any(option in command for option in (" -o ", " --database ")), f"{block}: {command}"
        output += done.out
    assert missing_lines(block.shown, output) == [], block


def test_the_guides_have_commands() -> None:
    assert {page.name for page in PAGES if list(blocks(page))} >= GUIDES


def test_the_python_of_the_notebook_guide_runs(acme: Path) -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```", (DOCS / "notebooks.md").read_text(), re.MULTILINE | re.DOTALL)
    names: dict[str, object] = {}
    exec(code.replace("/tmp/acme", str(acme)), names)
    assert eval("case.who('ASIAZNW342S3J6ZQNFX7').actor.name", names) == "svc-deploy"
