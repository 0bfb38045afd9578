"""The pages' commands run, and what they say of their output is in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import SAMPLE_LOGS
from tests.markdown import Example, examples, missing_facts, run_in_shell


@pytest.mark.parametrize("example", list(examples(SAMPLE_LOGS / "README.md")), ids=str)
def test_the_story_of_the_sample_is_true(example: Example, sample_case: Path, tmp_path: Path) -> None:
    output = ""
    for command in example.commands:
        assert "--logs sample_logs" in command
        done = run_in_shell(command, {"--logs sample_logs": f"--case '{sample_case}'", " -o ": f" -o {tmp_path}/"})
        assert done.returncode == 0, done.stderr
        output += done.stdout
    output += "".join(file.read_text(encoding="utf-8") for file in tmp_path.iterdir())
    assert missing_facts(example.answer, output) == []
