"""Help teaches by example."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from forensics import __version__
from forensics.cli import app
from tests.cli.run import run
from tests.simulator import sample

COMMANDS = [command.callback.__name__ for command in app.registered_commands if command.callback]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_and_an_example_on_a_line_of_its_own(command: str) -> None:
    done = run(command, "--help")
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0].startswith(f"Usage: forensics {command} ")
    assert any(line.startswith(f"    forensics {command} ") for line in lines)


def test_every_option_is_explained() -> None:
    for command in COMMANDS:
        text = run(command, "--help").out
        options = text.partition("\nOptions:\n")[2].splitlines()
        for index, option in enumerate(options):
            if option.startswith("  --"):
                explained = option[34:].strip() or [*options, ""][index + 1].strip()
                assert explained, f"{command} {option}"


def test_the_program_tells_what_it_does() -> None:
    for arguments in ([], ["--help"]):
        done = run(*arguments)
        assert (done.code, done.err) == (0, "")
        assert "\n    forensics who " in done.out
        for command in COMMANDS:
            (line,) = (line for line in done.out.splitlines() if line.startswith(f"  {command} "))
            assert line.endswith(".") and not line.endswith("...")


def test_help_and_who_load_only_what_they_use(sample_case: Path) -> None:
    assert loaded_by("--help").isdisjoint({"duckdb", "pyarrow", "pandas", "boto3", "rich"})
    loaded = loaded_by("who", sample.DEEP_KEY, "--case", str(sample_case))
    assert "duckdb" in loaded
    assert loaded.isdisjoint({"pyarrow", "pandas", "boto3", "rich"})


def loaded_by(*arguments: str) -> set[str]:
    command = [sys.executable, "-X", "importtime", "-m", "forensics", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}


def test_version() -> None:
    assert run("--version").out == f"forensics {__version__}\n"
