"""What many tests share: a case of the sample logs, made once."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from forensics.case import Case

if TYPE_CHECKING:
    from tests.s3_server import S3Server

# an environment for boto3 in which nobody's credentials are, and none of this machine's
NOBODY = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
}

# on a busy machine the time that an example takes says nothing about the code
settings.register_profile("busy machine", suppress_health_check=[HealthCheck.too_slow], deadline=None)
settings.load_profile("busy machine")

SAMPLE_LOGS = Path(__file__).parent.parent / "sample_logs"


# the state and cache of the user who runs the tests are left alone, by every worker and every command that they start
_XDG = ("XDG_STATE_HOME", "XDG_CACHE_HOME")
_home = pytest.StashKey[str]()


def pytest_configure(config: pytest.Config) -> None:
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # in a background job, whose children would ignore it as well
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if "PYTEST_XDIST_WORKER" not in os.environ:  # a worker shares the folders of the session that started it
        config.stash[_home] = tempfile.mkdtemp(prefix="forensics-tests-")
        os.environ.update({name: str(Path(config.stash[_home], name)) for name in _XDG})


def pytest_unconfigure(config: pytest.Config) -> None:
    if _home in config.stash:
        shutil.rmtree(config.stash[_home], ignore_errors=True)


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials of AWS that belong to nobody, and none of this machine's."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    for name, value in NOBODY.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def running_server() -> Iterator[S3Server]:
    from tests.s3_server import s3_server

    with s3_server() as running:
        yield running


@pytest.fixture
def server(nobody: None, running_server: S3Server) -> S3Server:
    """A server that speaks S3, with an empty bucket."""
    running_server.reset()
    return running_server


def made_once(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """Return a folder that is filled once per run: one worker fills it, the others wait. Tests must not change it."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, made = shared / name, shared / f"{name}.made"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            make(folder)
            made.touch()
    return folder


def _ingest_sample_logs(folder: Path) -> None:
    with Case.create(folder) as case:
        case.ingest([SAMPLE_LOGS])


@pytest.fixture(scope="session")
def sample_case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case of the sample logs. Tests must not change it."""
    return made_once(tmp_path_factory, "sample-case", _ingest_sample_logs)
