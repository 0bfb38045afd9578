"""Re-sealed cases: their hashes are consistent; only a separately kept head or a signature shows the change."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from forensics.case import Case
from tests import ssh_keygen
from tests.attribution.records import Account, assume_role, call, write
from tests.cases import keep, restored
from tests.cli.run import run

AWS = Account("111111111111")
ALICE, MALLORY, DEPLOY, KEY = AWS.user("alice"), AWS.user("mallory"), AWS.role("deploy"), AWS.key("K")
USE = call(DEPLOY.session("build", 0, KEY), 10)
LOGS = (assume_role(ALICE.signs(), DEPLOY, "build", 0, issues=KEY), USE)
FORGED = (assume_role(MALLORY.signs(), DEPLOY, "build", 0, issues=KEY), USE)
MORE = (call(DEPLOY.session("build", 0, KEY), 20, event_name="GetObject"),)
CANNOT_SHOW = "anyone who can write the case can change it"

openssh = pytest.param("openssh", marks=pytest.mark.full)


@pytest.fixture(params=["stand-in", openssh])
def keygen(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Put an ssh-keygen on PATH: the test double, and OpenSSH's."""
    if request.param == "stand-in":
        monkeypatch.setenv("PATH", str(ssh_keygen.install(tmp_path / "bin")))
    else:
        assert shutil.which("ssh-keygen")
    return str(request.param)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a genuine case, and a case of falsified logs that is sealed with the genuine one's ID."""
    folder = tmp_path_factory.mktemp("seal") / "cases"
    folder.mkdir()
    with Case.create(folder / "case") as case:
        case.ingest([write(LOGS, folder / "logs")])
        case.who(KEY)
    with Case.create(folder / "forged") as case:
        case.ingest([write(FORGED, folder / "forged_logs")])
        case.who(KEY)
    reseal(folder / "case", folder / "forged")
    return keep(folder)


def reseal(case: Path, forged: Path) -> None:
    """Give a case the ID of another, and its custody log matching hashes."""
    shutil.copy(case / "case.json", forged / "case.json")
    case_sha256 = hashlib.sha256((forged / "case.json").read_bytes()).hexdigest()
    previous, lines = "0" * 64, []
    for line in (forged / "custody.jsonl").read_text().splitlines():
        entry = json.loads(line) | {"previous": previous}
        del entry["sha256"]
        if entry["state"]:
            entry["state"]["case_sha256"] = case_sha256
        body = json.dumps(entry, separators=(",", ":"))[:-1]
        previous = hashlib.sha256(body.encode()).hexdigest()
        lines.append(f'{body},"sha256":"{previous}"}}\n')
    (forged / "custody.jsonl").write_text("".join(lines))


@pytest.fixture
def folder(made: Path) -> Path:
    return restored(made)


@pytest.fixture
def key(folder: Path) -> Path:
    """Return the responder's key, with a file `allowed` for it."""
    public = ssh_keygen.new_key(folder / "key")
    (folder / "allowed").write_text(f"responder@example.org {public}\n")
    return folder / "key"


def seal(folder: Path, *more: object) -> dict[str, object]:
    done = run("custody", "--case", folder / "case", "--sign", folder / "key", "--format", "json", *more)
    assert (done.code, done.err) == (0, "")
    answer: dict[str, object] = json.loads(done.out)
    return answer


def verified(folder: Path, case: str = "case", *more: object) -> tuple[int, dict[str, object]]:
    """Return the exit code without the effect of missing digests, and the findings about the case."""
    given = ("--allowed-signers", folder / "allowed", "--format", "json", *more)
    done = run("verify", "--case", folder / case, *given)
    integrity: dict[str, object] = json.loads(done.out)["integrity"]
    if done.code:
        assert done.complaint
    return done.code, integrity


def test_a_resealed_case_is_unchanged_by_its_own_hashes_and_the_answer_says_what_that_cannot_show(folder: Path) -> None:
    assert "mallory" in run("who", KEY, "--case", folder / "forged").out
    done = run("verify", "--case", folder / "forged")
    assert (done.code, "unchanged since the last command" in done.out) == (0, True)
    assert done.out.count(CANNOT_SHOW) == 1
    assert (
        CANNOT_SHOW
        in json.loads(run("verify", "--case", folder / "forged", "--format", "json").out)["integrity"]["note"]
    )
    log = run("custody", "--case", folder / "forged")
    assert (log.code, log.out.count(CANNOT_SHOW)) == (0, 1)


def test_a_head_printed_by_report_bundle_or_custody_shows_a_resealed_case(folder: Path) -> None:
    case = folder / "case"
    report = run("report", KEY, "--case", case, "-o", folder / "report.html").err.split()[-1]
    bundle = json.loads(run("bundle", KEY, "--case", case, "-o", folder / "x.zip", "--format", "json").out)[
        "custody_head"
    ]
    packed = run("bundle", KEY, "--case", case, "-o", folder / "y.zip").out
    log = json.loads(run("custody", "--case", case, "--format", "json").out)["head"]
    assert f"log head    {json.loads((case / 'custody.jsonl').read_text().splitlines()[-2])['sha256']}" in packed
    for head in (report, bundle, log):
        assert run("verify", "--case", case, "--head", head).code == 0
        forged = run("verify", "--case", folder / "forged", "--head", head)
        assert (forged.code, head in forged.out) == (1, True)


@pytest.mark.parametrize("head", ["", "0" * 63, "0" * 65, "G" * 64, "-", "0" * 63 + "\n"])
def test_a_head_of_no_form_is_a_usage_error(folder: Path, head: str) -> None:
    done = run("verify", "--case", folder / "case", "--head", head)
    assert (done.code, "--head" in done.complaint) == (2, True)


def test_a_signature_covers_the_log_up_to_its_entry(folder: Path, key: Path, keygen: str) -> None:
    made = seal(folder)
    assert made["statement"] == f"cloudtrail-forensics case {made['case_id']} entries 3 head {made['head']}\n"
    kept = Path(str(made["file"]))
    assert (kept.read_text(), stat.S_IMODE(kept.stat().st_mode)) == (made["signature"], 0o600)
    code, found = verified(folder)
    assert (code, found["problems"]) == (0, [])
    assert isinstance(found["seal"], dict)
    assert found["seal"] | {"later_entries": 0} == {
        "file": f"seals/{kept.name}",
        "signer": "responder@example.org",
        "number": 3,
        "later_entries": 0,
        "later_changes": 0,
    }
    with Case.open(folder / "case") as case:
        case.ingest([write(MORE, folder / "more")])
    _, found = verified(folder)
    assert isinstance(found["seal"], dict)
    later = len(Case.open(folder / "case").custody().entries) - 3
    assert (found["seal"]["number"], found["seal"]["later_changes"]) == (3, 1)
    text = run("verify", "--case", folder / "case", "--allowed-signers", folder / "allowed").out
    assert "valid up to entry 3, signed by responder@example.org" in text
    assert f"{later} later entries, 1 of them added to the case" in text
    again = seal(folder)["number"]
    _, found = verified(folder)
    assert isinstance(found["seal"], dict) and found["seal"]["number"] == again == later + 5


def test_the_command_that_is_printed_checks_the_signature_without_this_program(
    folder: Path, key: Path, keygen: str
) -> None:
    done = run("custody", "--case", folder / "case", "--sign", key, "-o", folder / "SIG.sig")
    assert done.code == 0
    lines = done.out.splitlines()
    start = next(number for number, line in enumerate(lines) if line.strip().startswith("echo "))
    end = next(number for number, line in enumerate(lines) if "ssh-keygen -Y verify" in line)
    assert max(map(len, lines[start : end + 1])) <= 80  # a wrapped line could not be pasted
    command = (
        "\n".join(lines[start : end + 1])
        .replace("-f FILE", "-f allowed")
        .replace("-I NAME", "-I responder@example.org")
    )
    subprocess.run(["/bin/sh", "-c", command], cwd=folder, check=True, capture_output=True)
    changed = command.replace("entries 3", "entries 2")
    assert changed != command
    assert subprocess.run(["/bin/sh", "-c", changed], cwd=folder, check=False, capture_output=True).returncode


def test_a_resealed_case_has_no_valid_signature(folder: Path, key: Path, keygen: str) -> None:
    seal(folder)
    shutil.copytree(folder / "case" / "seals", folder / "forged" / "seals")
    run("who", KEY, "--case", folder / "forged")
    code, found = verified(folder, "forged")
    assert (code, found["seal"]) == (1, None)
    assert "does not sign the entry" in str(found["seal_problem"])


def forged_key(folder: Path) -> None:
    """Return a signature of the correct head by another key."""
    (folder / "key").rename(folder / "mine")
    ssh_keygen.new_key(folder / "key")
    shutil.rmtree(folder / "case" / "seals")
    seal(folder)


def renamed(folder: Path) -> None:
    (kept,) = (folder / "case" / "seals").iterdir()
    kept.rename(kept.with_name("1" + kept.name[1:]))


def of_no_entry(folder: Path) -> None:
    (kept,) = (folder / "case" / "seals").iterdir()
    kept.rename(kept.with_name("99" + kept.name[1:]))


def replaced(content: bytes) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (kept,) = (folder / "case" / "seals").iterdir()
        kept.write_bytes(content)

    return change


def as_fifo(folder: Path) -> None:
    (kept,) = (folder / "case" / "seals").iterdir()
    kept.unlink()
    os.mkfifo(kept)


def as_link(folder: Path) -> None:
    (kept,) = (folder / "case" / "seals").iterdir()
    kept.rename(folder / "elsewhere.sig")
    kept.symlink_to(folder / "elsewhere.sig")


def folder_as_link(folder: Path) -> None:
    (folder / "case" / "seals").rename(folder / "elsewhere")
    (folder / "case" / "seals").symlink_to(folder / "elsewhere")


def cut_off(folder: Path) -> None:
    log = folder / "case" / "custody.jsonl"
    log.write_text("".join(log.read_text().splitlines(keepends=True)[:1]))


def another_case(folder: Path) -> None:
    about = folder / "case" / "case.json"
    content = json.loads(about.read_text())
    content["case_id"] = "00000000-0000-4000-8000-000000000000"
    about.write_text(json.dumps(content))


INVALID: dict[str, Callable[[Path], None]] = {
    "another_key": forged_key,
    "another_entry": renamed,
    "no_such_entry": of_no_entry,
    "another_case": another_case,
    "cut_off_log": cut_off,
    "empty": replaced(b""),
    "text": replaced(b"-----BEGIN SSH SIGNATURE-----\nx\n-----END SSH SIGNATURE-----\n"),
    "large": replaced(b"A" * (1 << 20)),
    "gone": lambda folder: shutil.rmtree(folder / "case" / "seals"),
}


@pytest.mark.parametrize("name", INVALID)
def test_no_other_signature_counts(folder: Path, key: Path, keygen: str, name: str) -> None:
    seal(folder)
    INVALID[name](folder)
    code, found = verified(folder)
    assert (code, found["seal"]) == (1, None)
    assert found["seal_problem"]


@pytest.mark.parametrize("kind", ["none", "folder", "fifo", "large", "empty", "binary", "comments"])
def test_a_hostile_file_of_signers_makes_nothing_valid(folder: Path, key: Path, keygen: str, kind: str) -> None:
    seal(folder)
    allowed = folder / "allowed"
    allowed.unlink()
    if kind == "folder":
        allowed.mkdir()
    elif kind == "fifo":
        os.mkfifo(allowed)
    elif kind != "none":
        contents = {"large": b"x\n" * (1 << 20), "empty": b"", "binary": bytes(range(10, 128)) * 100}
        allowed.write_bytes(contents.get(kind, b"# nobody\n"))
    done = run("verify", "--case", folder / "case", "--allowed-signers", allowed)
    assert done.code == 1
    assert done.complaint


def test_a_program_in_the_working_directory_is_not_started(
    folder: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = folder / "here"
    here.mkdir()
    planted = here / "ssh-keygen"
    planted.write_text(f"#!/bin/sh\ntouch {folder}/started\n")
    planted.chmod(0o755)
    monkeypatch.chdir(here)
    for path in (".", "", f".:{here}", "../here", f"{here}/"):
        monkeypatch.setenv("PATH", path)
        done = run("custody", "--case", folder / "case", "--sign", key)
        assert (done.code, "ssh-keygen is not installed" in done.complaint) == (1, True)
    assert not (folder / "started").exists()
    assert not (folder / "case" / "seals").exists()


def test_a_key_whose_name_begins_with_a_dash(folder: Path, keygen: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    public = ssh_keygen.new_key(folder / "-Ykey")
    (folder / "-allowed").write_text(f"responder {public}\n")
    assert run("custody", "--case", "case", "--sign=-Ykey").code == 0
    assert run("verify", "--case", "case", "--allowed-signers=-allowed").code == 0


@pytest.mark.parametrize("kind", ["none", "folder", "text"])
def test_what_is_not_a_key_signs_nothing(folder: Path, keygen: str, kind: str) -> None:
    path = folder / "nokey"
    if kind == "folder":
        path.mkdir()
    elif kind == "text":
        path.write_text("not a key")
        path.chmod(0o600)
    done = run("custody", "--case", folder / "case", "--sign", path)
    assert done.code == 1
    assert "nokey" in done.complaint
    assert not (folder / "case" / "seals").exists()


def test_a_log_that_was_changed_is_not_signed(folder: Path, key: Path, keygen: str) -> None:
    log = folder / "case" / "custody.jsonl"
    log.write_text(log.read_text().replace('"command":"who"', '"command":"key"'))
    done = run("custody", "--case", folder / "case", "--sign", key)
    assert (done.code, "so it is not signed" in done.complaint) == (1, True)


@pytest.mark.parametrize("change", [as_fifo, as_link, folder_as_link])
def test_a_case_with_a_link_or_fifo_among_its_signatures_is_refused(
    folder: Path, key: Path, keygen: str, change: Callable[[Path], None]
) -> None:
    seal(folder)
    change(folder)
    before = sorted(folder.rglob("*"))
    signing = run("custody", "--case", folder / "case", "--sign", key)
    checking = run("verify", "--case", folder / "case", "--allowed-signers", folder / "allowed")
    for done in (signing, checking):
        assert (done.code, "which forensics never writes" in done.complaint) == (1, True)
    assert sorted(folder.rglob("*")) == before


def test_the_environment_of_the_case_does_not_reach_ssh_keygen(
    folder: Path, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "ssh-keygen").write_text(
        f"#!/bin/sh\n/usr/bin/env > {tmp_path}/environment\n/bin/pwd >> {tmp_path}/cwd\n"
    )
    (programs / "ssh-keygen").chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("SSH_AUTH_SOCK", "/tmp/agent")
    for name in ("LD_PRELOAD_X", "PYTHONPATH", "SSH_ASKPASS", "HOME"):
        monkeypatch.setenv(name, "/evidence")
    assert run("custody", "--case", folder / "case", "--sign", key).code == 1
    given = (tmp_path / "environment").read_text()
    assert "SSH_AUTH_SOCK=/tmp/agent" in given
    assert "/evidence" not in given
    assert (tmp_path / "cwd").read_text() == "/\n"


@pytest.mark.full
def test_a_key_in_the_agent_signs_by_its_public_file(folder: Path, key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    socket = folder / "agent"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", socket], stdout=subprocess.DEVNULL)
    try:
        while not socket.exists():
            assert agent.poll() is None
        monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
        subprocess.run(["ssh-add", "-q", key], check=True)
        key.unlink()
        assert run("custody", "--case", folder / "case", "--sign", f"{key}.pub").code == 0
        assert verified(folder)[0] == 0
    finally:
        agent.terminate()
        agent.wait()
