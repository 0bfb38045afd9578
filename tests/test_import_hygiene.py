"""Rooms import only what lies below them, and a command loads only what it uses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

from tests.simulator.sample import DEEP_KEY

CHECKOUT = Path(__file__).parent.parent

COMMAND = "from forensics.cli import main; main()"
WORKER = "from forensics.ingest.worker import main; main()"
EVERY_MODULE_OF_THE_SIMULATOR = """
import importlib, pkgutil, tests.simulator
for module in pkgutil.iter_modules(tests.simulator.__path__):
    importlib.import_module(f"tests.simulator.{module.name}")
"""


@pytest.fixture(scope="module")
def sample_case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    case = tmp_path_factory.mktemp("hygiene") / "case"
    ingested = run(COMMAND, "ingest", str(CHECKOUT / "sample_logs"), "--case", str(case))
    assert ingested.returncode == 0, ingested.stderr
    return case


def test_the_rooms_keep_their_arrows() -> None:
    assert lint_imports(str(CHECKOUT / "pyproject.toml"), no_cache=True) == EXIT_STATUS_SUCCESS


def test_the_command_line_itself_loads_nothing_heavy(tmp_path: Path) -> None:
    loaded = packages_loaded_by("import forensics.cli", report=tmp_path / "loaded")
    assert "forensics" in loaded
    assert loaded.isdisjoint({"boto3", "duckdb", "pandas", "pyarrow"})


def test_help_loads_nothing_heavy(tmp_path: Path) -> None:
    loaded = packages_loaded_by(COMMAND, "--help", report=tmp_path / "loaded")
    assert loaded.isdisjoint({"boto3", "duckdb", "pandas", "pyarrow"})


def test_who_loads_neither_pandas_nor_boto3_nor_pydantic(sample_case: Path, tmp_path: Path) -> None:
    loaded = packages_loaded_by(COMMAND, "who", DEEP_KEY, "--case", str(sample_case), report=tmp_path / "loaded")
    assert "duckdb" in loaded
    assert loaded.isdisjoint({"boto3", "pandas", "pydantic"})


def test_ingest_and_its_workers_load_no_pandas(tmp_path: Path) -> None:
    case, report = tmp_path / "case", tmp_path / "loaded"
    ingest = packages_loaded_by(COMMAND, "ingest", str(CHECKOUT / "sample_logs"), "--case", str(case), report=report)
    file = str(next(CHECKOUT.glob("sample_logs/**/*.json.gz")))
    lines = [{}, [{"path": file, "name": file}], []]
    worker = packages_loaded_by(
        WORKER, str(case), "worker", report=report, lines="".join(f"{json.dumps(line)}\n" for line in lines)
    )
    for loaded in (ingest, worker):
        assert "pyarrow" in loaded
        assert "pandas" not in loaded


def test_the_simulator_shares_no_code_with_what_it_tests(tmp_path: Path) -> None:
    loaded = packages_loaded_by(EVERY_MODULE_OF_THE_SIMULATOR, report=tmp_path / "loaded")
    assert "tests" in loaded
    assert "forensics" not in loaded


def packages_loaded_by(code: str, *arguments: str, report: Path, lines: str = "") -> set[str]:
    """The top-level packages in memory when an interpreter that ran `code` ends, with `lines` on standard input."""
    loaded = "' '.join(name for name, module in sys.modules.items() if module)"
    on_exit = f"import atexit, sys; atexit.register(lambda: open({str(report)!r}, 'w').write({loaded}))"
    done = run(f"{on_exit}\n{code}", *arguments, lines=lines)
    assert done.returncode == 0, done.stdout + done.stderr
    return {module.partition(".")[0] for module in report.read_text(encoding="utf-8").split()}


def run(code: str, *arguments: str, lines: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=CHECKOUT,
        input=lines,
        capture_output=True,
        text=True,
        check=False,
    )
