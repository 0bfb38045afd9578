"""The README: its commands run as they stand, in order, and its example answer is the one that is given."""

from __future__ import annotations

import re
from pathlib import Path

from forensics.case import Case
from tests.markdown import examples, run_in_shell
from tests.simulator.sample import DEEP_KEY

README = Path(__file__).parent.parent / "README.md"
GOLDEN = Path(__file__).parent / "output" / "golden" / "sample_deep_80.txt"


def test_the_tour_runs_as_pasted(tmp_path: Path) -> None:
    commands = [command for example in examples(README) for command in example.commands]
    assert len(commands) >= 6
    for command in commands:
        done = run_in_shell(command, {"/tmp/acme": str(tmp_path / "acme")})
        assert done.returncode == 0, done.stderr
        assert done.stdout or any(option in command for option in (" -o ", " --database ")), command


def test_the_answer_it_shows_is_the_answer() -> None:
    assert GOLDEN.read_text().rstrip() in README.read_text()


def test_its_python_runs(tmp_path: Path, sample_case: Path) -> None:
    (block,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    names: dict[str, object] = {}
    exec(block.replace("/tmp/acme", str(sample_case)), names)
    assert Case.open(sample_case).who(DEEP_KEY).actor.name == "svc-deploy"
    assert "svc-deploy" in block
