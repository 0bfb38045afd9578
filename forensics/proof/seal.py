"""Seal: signs the head of the custody log with the user's SSH key by `ssh-keygen -Y`, and checks such signatures.

The signed text is one line, `STATEMENT`. It names the case, so a signature is not valid for another case, and anyone
can check it with ssh-keygen alone. Signatures are stored in the case, in OpenSSH's format. A signature is valid only by
a public key in the allowed signers file of the person who checks it.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from forensics.answers.verify_answer import CheckedSeal, Custody, Integrity, Seal
from forensics.errors import CannotSeal
from forensics.files.regular_files import read_regular, write_private
from forensics.files.temporary_folder import TemporaryFolder
from forensics.processes.runtime import find_program

if TYPE_CHECKING:
    from forensics.lake.layout import Layout

NAMESPACE = "cloudtrail-forensics"
STATEMENT = "cloudtrail-forensics case {case_id} entries {number} head {head}\n"

_CASE_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NAME = re.compile(r"([1-9]\d{0,8})-[0-9a-f]{16}\.sig")
_SECONDS = 60
_MAX_SIGNERS, _MAX_SIGNATURE = 1 << 20, 64 << 10
_MAX_SEALS, _MAX_PRINCIPALS, _MAX_LISTED = 100, 20, 10_000


def check_key(key: Path) -> None:
    """Raise CannotSeal if the key or ssh-keygen is missing. Called before the signing is logged."""
    if not key.is_file():
        raise CannotSeal(
            f"there is no key {key}; name a private key, or a public key whose private key ssh-agent holds"
        )
    _ssh_keygen()


def sign(layout: Layout, case_id: str, log: Custody, key: Path) -> Seal:
    """Sign the head of a log, and store the signature in the case if the case is writable. Raises CannotSeal."""
    if log.problems:
        raise CannotSeal(f"the custody log was changed, so it is not signed: {log.problems[0].where}")
    if not log.entries:
        raise CannotSeal("the custody log has no entry to sign")
    entry = log.entries[-1]
    statement = _statement(case_id, entry.number, entry.sha256)
    can_prompt = sys.stdin.isatty()
    done = _run(["-Y", "sign", "-n", NAMESPACE, "-f", str(key.absolute())], statement, can_prompt=can_prompt)
    signature = done.stdout.decode("ascii", "replace")
    if done.returncode or not signature.startswith("-----BEGIN SSH SIGNATURE-----\n"):
        raise CannotSeal(f"ssh-keygen did not sign with {key}{_reason(done)}")
    file = _store(layout, entry.number, signature)
    return Seal(case_id, entry.number, entry.sha256, statement, NAMESPACE, signature, str(file) if file else None)


def checked(found: Integrity, layout: Layout, case_id: str, log: Custody, allowed_signers: Path) -> Integrity:
    """Return the check of a case with its newest valid signature by an allowed signer, or why there is none.

    Raises CannotSeal, OSError.
    """
    seal, why = _newest_valid(layout, case_id, log, read_regular(allowed_signers.resolve(), _MAX_SIGNERS))
    return replace(found, seal=seal, seal_problem=None if seal else why)


def _newest_valid(layout: Layout, case_id: str, log: Custody, signers: bytes) -> tuple[CheckedSeal | None, str]:
    entries = {entry.number: entry for entry in log.entries}
    why = "the case has none; `forensics custody --sign KEY` signs the head of its log"
    with TemporaryFolder() as folder:
        allowed, signature = Path(folder, "allowed_signers"), Path(folder, "signature")
        allowed.write_bytes(signers)
        for number, file in islice(_stored(layout), _MAX_SEALS):
            if number not in entries:
                why = f"{file.name} signs entry {number:,}, which is not in the log"
                continue
            try:
                signature.write_bytes(read_regular(file, _MAX_SIGNATURE))
            except OSError as error:
                why = f"{file.name} cannot be read ({error.strerror})"
                continue
            signer, why = _signer(allowed, signature, _statement(case_id, number, entries[number].sha256), file.name)
            if signer is not None:
                return _up_to(f"{layout.seals.name}/{file.name}", signer, number, log), ""
    return None, why


def _up_to(file: str, signer: str, number: int, log: Custody) -> CheckedSeal:
    """Return a valid signature with the number of later entries, and of those that added to the case."""
    later = [entry for entry in log.entries if entry.number > number]
    seen = {entry.state["manifest_bytes"] for entry in log.entries if entry.state and entry.number <= number}
    added = {entry.state["manifest_bytes"] for entry in later if entry.state} - seen
    return CheckedSeal(file, signer, number, len(later), len(added))


def _signer(allowed: Path, signature: Path, statement: str, name: str) -> tuple[str | None, str]:
    """Return the allowed signer of a statement, or None and the reason."""
    found = _run(["-Y", "find-principals", "-f", str(allowed), "-s", str(signature)], "")
    if found.returncode:
        return None, f"{name} is not from an allowed signer{_reason(found)}"
    for principal in found.stdout.decode("utf-8", "replace").splitlines()[:_MAX_PRINCIPALS]:
        given = ["-Y", "verify", "-f", str(allowed), "-I", principal, "-n", NAMESPACE, "-s", str(signature)]
        if _run(given, statement).returncode == 0:
            return principal, ""
    return None, f"{name} does not sign the entry of this log that it names"


def _stored(layout: Layout) -> Iterator[tuple[int, Path]]:
    """Yield the signatures in the case, the newest first; other files are skipped."""
    if not layout.seals.is_dir():
        return
    with os.scandir(layout.seals) as listed:
        names = [one.name for one in islice(listed, _MAX_LISTED) if one.is_file(follow_symlinks=False)]
    found = [(int(matched[1]), layout.seals / name) for name in names if (matched := _NAME.fullmatch(name))]
    yield from sorted(found, reverse=True)


def _store(layout: Layout, number: int, signature: str) -> Path | None:
    """Write a signature to the case and return its file; None if the case cannot be written."""
    name = f"{number}-{hashlib.sha256(signature.encode()).hexdigest()[:16]}.sig"
    try:
        layout.seals.mkdir(mode=0o700, exist_ok=True)
        write_private(layout.seals / name, signature)
    except OSError:
        return None
    return layout.seals / name


def _statement(case_id: str, number: int, head: str) -> str:
    if not _CASE_ID.fullmatch(case_id):
        raise CannotSeal("the case ID in case.json is invalid, so its log cannot be signed or checked")
    return STATEMENT.format(case_id=case_id, number=number, head=head)


def _run(arguments: Sequence[str], text: str, *, can_prompt: bool = False) -> subprocess.CompletedProcess[bytes]:
    """Run ssh-keygen. With `can_prompt`, it may prompt on the terminal and wait for a passphrase or a touch."""
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
    environment |= {name: os.environ[name] for name in ("SSH_AUTH_SOCK", "TERM") if name in os.environ}
    try:
        return subprocess.run(
            [_ssh_keygen(), *arguments],
            input=text.encode(),
            stdout=subprocess.PIPE,
            stderr=None if can_prompt else subprocess.PIPE,
            cwd="/",
            env=environment,
            timeout=None if can_prompt else _SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise CannotSeal(f"ssh-keygen timed out after {_SECONDS} seconds") from None
    except OSError as error:
        raise CannotSeal(f"ssh-keygen cannot be started: {error.strerror}") from None


def _ssh_keygen() -> str:
    if program := find_program("ssh-keygen"):
        return program
    raise CannotSeal("ssh-keygen is not installed; install OpenSSH 8.2 or later (package openssh-client)")


def _reason(done: subprocess.CompletedProcess[bytes]) -> str:
    lines = (done.stderr or b"").decode("utf-8", "replace").split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return f": {last[:200]}" if last else ""
