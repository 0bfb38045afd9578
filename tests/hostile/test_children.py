"""Evidence folders with modules and programs: no process of the package imports or runs one."""

from __future__ import annotations

import bz2
import gzip
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from forensics.processes.runtime import find_program, start_python
from tests.conftest import SAMPLE_LOGS
from tests.formats.wrappings import REBUILT, WRAPPED
from tests.lake.cases import record
from tests.output.test_terminal import on_a_terminal
from tests.simulator.sample import DEEP_KEY

# above the size up to which one process reads all
MANY_BYTES = 13 << 20
WORKER, HASHER = "forensics.ingest.worker", "forensics.digests.hasher"
# modules that the interpreter searches for by itself
STARTUP = ("sitecustomize", "usercustomize", "__main__", "__init__")
PLANTED = """
import os
with open({ran!r}, "a") as file:
    file.write({name!r} + " in " + str(os.getpid()) + "\\n")
"""
# `forensics` as the console script runs it, on a machine with several processors; it logs the processes that it starts
COMMAND = """
import os, sys
os.cpu_count = lambda: 2
started = os.environ.pop("STARTED")
os.environ.update(eval(os.environ.pop("FOR_CHILDREN")))
def record(event, arguments):
    if event == "subprocess.Popen":
        with open(started, "a") as file:
            file.write(repr(arguments[1]) + "\\n")
sys.addaudithook(record)
from forensics.cli import main
main()
"""
# a child process that logs every module that it searches for, found or not
RECORDED = """
import atexit, sys
class Recorder:
    names = set()
    @classmethod
    def find_spec(cls, name, *_):
        cls.names.add(name.partition(".")[0])
sys.meta_path.insert(0, Recorder)
atexit.register(lambda: open({report!r}, "w").write(" ".join(Recorder.names)))
from {module} import main
main()
"""


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write logs in every supported format and compression, large enough for several processes."""
    folder = tmp_path_factory.mktemp("logs")
    for path in SAMPLE_LOGS.rglob("2026/10/04/*T0[0-6]*.json.gz"):
        shutil.copy(path, folder)
    for name, wrap in ({**WRAPPED, **REBUILT}).items():
        (folder / f"wrapped-{name}").write_bytes(wrap([record(1)]))
    content = json.dumps({"Records": [record(2)]}).encode()
    (folder / "a.json.gz").write_bytes(gzip.compress(content))
    (folder / "a.json.bz2").write_bytes(bz2.compress(content))
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        archive.writestr("a.json", content)
    with (folder / "zeros").open("wb") as zeros:
        zeros.truncate(MANY_BYTES)
    return folder


@pytest.fixture(scope="module")
def imports(logs: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Return the top-level modules that each kind of child process searches for, found or not."""
    report = tmp_path_factory.mktemp("imports") / "report"
    files = [{"path": str(path), "name": path.name, "size": 1} for path in sorted(logs.rglob("*")) if path.is_file()]
    looked_for = {}
    for module, batches in ((WORKER, [{}, files, []]), (HASHER, [files])):
        subprocess.run(
            [sys.executable, "-P", "-c", RECORDED.format(report=str(report), module=module), str(report.parent), "w"],
            input="".join(f"{json.dumps(batch)}\n" for batch in batches),
            capture_output=True,
            text=True,
            check=True,
        )
        looked_for[module] = set(report.read_text().split())
    return looked_for


@pytest.fixture(scope="module")
def evidence(
    logs: Path, imports: dict[str, set[str]], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path, set[str]]:
    """Return logs with a planted module for each name, the file that such a module writes to, and the names."""
    ran = tmp_path_factory.mktemp("ran") / "ran"
    folder = tmp_path_factory.mktemp("evidence")
    shutil.copytree(logs, folder / "logs")
    installed = {*sys.stdlib_module_names, *importlib.metadata.packages_distributions()}
    names = installed.union(STARTUP, *imports.values()) - {"forensics"}
    for name in names:
        (folder / f"{name}.py").write_text(PLANTED.format(ran=str(ran), name=name))
    for package in ("", "ingest", "ingest/worker", "digests", "digests/hasher"):
        (folder / "forensics" / package).mkdir()
        (folder / "forensics" / package / "__init__.py").write_text(PLANTED.format(ran=str(ran), name=package))
    return folder, ran, names | {"forensics"}


@pytest.mark.parametrize("child", [WORKER, HASHER])
def test_a_module_is_planted_for_every_import_of_a_child(
    evidence: tuple[Path, Path, set[str]], imports: dict[str, set[str]], child: str
) -> None:
    _, _, planted = evidence
    assert {"msgspec", "isal", "forensics"} <= imports[child]
    assert imports[child] <= planted


@pytest.mark.parametrize("variables", [{}, {"PYTHONPATH": ":", "PYTHONUSERBASE": "."}])
@pytest.mark.parametrize(
    ("child", "arguments"),
    [
        (WORKER, ("ingest", "logs", "--case", "{case}")),
        (WORKER, ("who", DEEP_KEY, "--logs", "logs")),
        (HASHER, ("verify", "logs")),
    ],
)
def test_no_planted_module_runs(
    evidence: tuple[Path, Path, set[str]],
    tmp_path: Path,
    child: str,
    arguments: tuple[str, ...],
    variables: dict[str, str],
) -> None:
    folder, ran, _ = evidence
    started = tmp_path / "started"
    done = subprocess.run(
        [sys.executable, "-P", "-c", COMMAND, *(text.format(case=tmp_path / "case") for text in arguments)],
        cwd=folder,
        env={**without_python(), "STARTED": str(started), "FOR_CHILDREN": repr(variables)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not ran.exists(), ran.read_text()
    assert "Traceback" not in done.stderr
    assert child in started.read_text()
    assert done.stdout


def without_python() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def test_a_child_runs_the_package_of_its_parent_installed_or_not(tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere" / "forensics"
    shutil.copytree(Path(__file__).parents[2] / "forensics", copy)
    (copy / "digests" / "hasher.py").write_text("def main(): print(__file__)\n")
    script = (
        "from forensics.processes.runtime import start_python;"
        " print(start_python('forensics.digests.hasher').communicate())"
    )
    environment = {**without_python(), "PYTHONPATH": str(copy.parent)}
    done = subprocess.run(
        [sys.executable, "-P", "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert str(copy / "digests" / "hasher.py") in done.stdout


def test_a_child_reads_file_names_in_the_encoding_of_its_parent() -> None:
    with start_python(HASHER) as process:
        assert isinstance(process.args, list)
        assert f"-Xutf8={sys.flags.utf8_mode}" in process.args
        process.communicate(b"")
    assert process.returncode == 0


@pytest.mark.parametrize("path", ["{cwd}", ":{bin}", ".:{bin}", "{bin}:", "bin:{bin}", "{here}:{bin}"])
def test_a_program_is_never_taken_from_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    installed = tmp_path / "installed"
    for folder in (tmp_path, tmp_path / "bin"):
        program(folder / "planted")
    program(installed / "less")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", path.format(cwd="", bin=installed, here=tmp_path))
    assert find_program("planted") is None
    assert find_program("bin/planted") is None
    assert find_program("less") == (str(installed / "less") if "{bin}" in path else None)
    assert find_program(str(installed / "less")) == str(installed / "less")


def test_a_planted_pager_does_not_run(sample_case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "planted-pager")
    monkeypatch.chdir(tmp_path)
    shown = on_a_terminal(
        "tree", DEEP_KEY, "--case", str(sample_case), PAGER="planted-pager", PATH=f":{os.environ['PATH']}"
    )
    assert not (tmp_path / "ran").exists()
    assert DEEP_KEY in shown


def program(path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\necho ran >> {path.parent / 'ran'}\n")
    path.chmod(0o755)
