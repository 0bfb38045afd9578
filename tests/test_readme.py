"""The README: its commands run as they stand, in order, and its example answer is the one that is given."""

from __future__ import annotations

from pathlib import Path

from tests.markdown import examples, run_in_shell

README = Path(__file__).parent.parent / "README.md"
GOLDEN = Path(__file__).parent / "output" / "golden" / "sample_deep_80.txt"


def test_the_tour_runs_as_pasted(tmp_path: Path) -> None:
    commands = [command for example in examples(README) for command in example.commands]
    assert len(commands) >= 5
    for command in commands:
        done = run_in_shell(command, {"/tmp/acme": str(tmp_path / "acme")})
        assert done.returncode == 0, done.stderr
        assert done.stdout or " -o " in command, command


def test_the_answer_it_shows_is_the_answer() -> None:
    assert GOLDEN.read_text().rstrip() in README.read_text()


def test_it_takes_five_minutes_to_read() -> None:
    assert len(README.read_text().splitlines()) <= 150
