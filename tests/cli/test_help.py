"""Help teaches by example."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from forensics import __version__
from tests.cli.commands import all_commands
from tests.cli.run import run
from tests.markdown import CHECKOUT
from tests.simulator import sample

COMMANDS = [command.name for command in all_commands()]
README = CHECKOUT / "README.md"
# what they read or write is made by their own tests and the tour of the README
MAKES_ITS_OWN = {"ingest", "sample", "verify", "bundle", "snapshot"}


def examples_of(command: str) -> list[str]:
    """The lines of a command's help that can be pasted."""
    lines = run(*command.split(), "--help").out.splitlines()
    assert lines[0].startswith(f"Usage: forensics {command} ")
    return [line.strip() for line in lines if line.startswith(f"    forensics {command}")]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_teaches_by_an_example(command: str) -> None:
    assert examples_of(command)


def test_help_has_a_short_option() -> None:
    for command in ([], ["who"], ["query"], ["query", "run"]):
        short, long = run(*command, "-h"), run(*command, "--help")
        assert (short.code, short.out) == (0, long.out)


@pytest.mark.parametrize("command", [command for command in COMMANDS if command not in MAKES_ITS_OWN])
def test_the_examples_work(command: str, sample_case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, example in enumerate(examples_of(command)):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "my-case").symlink_to(sample_case)
        (folder / "keys.txt").write_text(sample.DEEP_KEY)
        (folder / "query.sql").write_text("select 1")
        monkeypatch.chdir(folder)
        line = example.replace("--logs sample_logs", "--case my-case")
        line = re.sub(r" --sign \S+ -o \S+| --(geo|sign|allowed-signers) \S+", "", line)  # files of the user
        code, complaint = paste(line)
        assert code == 0, f"{example}: {complaint}"


def paste(line: str) -> tuple[int, str]:
    """Run a line here, or where it redirects in a shell. Its exit code, and what it complained of."""
    if not set("<>&|") & set(line):
        done = run(*shlex.split(line)[1:])
        return done.code, done.err
    shim = f'forensics() {{ {shlex.quote(sys.executable)} -m forensics "$@"; }}; duckdb() {{ :; }}\n'
    shell = subprocess.run(["bash", "-c", shim + line], capture_output=True, text=True, check=False)
    return shell.returncode, shell.stderr


def test_the_readme_names_every_command() -> None:
    text = README.read_text()
    assert [command for command in COMMANDS if f"forensics {command}" not in text] == []


def test_every_option_is_explained() -> None:
    for command in COMMANDS:
        text = run(*command.split(), "--help").out
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
        for command in {command.split()[0] for command in COMMANDS}:
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
