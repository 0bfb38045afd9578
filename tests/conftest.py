"""What many tests share: a case of the sample logs, made once."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from forensics.case import Case

SAMPLE_LOGS = Path(__file__).parent.parent / "sample_logs"


@pytest.fixture(scope="session")
def sample_case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case of the sample logs; not to be changed. With several workers the first makes it."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    case, made = shared / "sample-case", shared / "sample-case.made"
    with (shared / "sample-case.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            with Case.create(case) as opened:
                opened.ingest([SAMPLE_LOGS])
            made.touch()
    return case
