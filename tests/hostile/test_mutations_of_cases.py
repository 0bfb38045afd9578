"""Mutated cases: each of 10,000 seeded mutations of a manifest and a case.json is refused, detected, or has no effect.

The custody log has the hash of both files. So a mutation with valid lines, such as another letter in a file name, is
refused when tables are built, and `verify` reports it.
"""

from __future__ import annotations

import re
import shutil
from collections import Counter
from pathlib import Path
from random import Random

import msgspec
import pytest

from forensics.case import Case
from forensics.errors import DamagedManifest, NotACase
from forensics.lake.layout import Layout, about
from forensics.lake.manifest import Manifest, read
from forensics.proof.case_check import check_manifest
from tests.attribution.records import Account, assume_role, call, write
from tests.cli.run import run

MUTATIONS = 10_000
OF_CASE_JSON = 1_000
ASKED_EVERY = 500
AWS = Account("111111111111")
ALICE, DEPLOY, KEY = AWS.user("alice"), AWS.role("deploy"), AWS.key("K")
ISSUED = assume_role(ALICE.signs(), DEPLOY, "build", 0, issues=KEY)
USED = call(DEPLOY.session("build", 0, KEY), 10)
_VARIABLE = re.compile(r"'.*?'|`\$.*?`|(?<=unknown field )`.*?`|\d+|lake/\S+|\. .*")


def mutated(text: bytes, chance: Random) -> bytes:
    """Return a file with one change: a flipped bit, a truncation, a copied or removed span, swapped lines, a number."""
    place = chance.randrange(len(text))
    end = min(len(text), place + chance.randrange(1, 80))
    kind = chance.randrange(6)
    if kind == 0:
        return text[:place] + bytes([text[place] ^ 1 << chance.randrange(8)]) + text[place + 1 :]
    if kind == 1:
        return text[:place]
    if kind == 2:
        return text[:place] + text[place:end] + text[place:]
    if kind == 3:
        return text[:place] + text[end:]
    if kind == 4:
        lines = text.splitlines(keepends=True)
        chance.shuffle(lines)
        return b"".join(lines) if len(lines) > 1 else text[::-1]
    number = str(chance.choice((-1, 0, 1, 1 << 31, 1 << 63, 1 << 80))).encode()
    found = list(re.finditer(rb"(?<=:)\d+(?=[,}])", text))
    one = chance.choice(found) if found else None
    return text[: one.start()] + number + text[one.end() :] if one else text + number


def reason_of(error: Exception, folder: Path) -> str:
    return _VARIABLE.sub("_", str(error).replace(str(folder), "").partition("is damaged: ")[2] or str(error))[:70]


def content(manifest: Manifest) -> bytes:
    return msgspec.json.encode([manifest.source_files, manifest.filters, manifest.lake_files, manifest.commit])


def verdict(folder: Path, name: str, before: bytes) -> str:
    """Return how a mutated file is refused or detected; an empty string if it is not."""
    layout = Layout(folder)
    try:
        if name == "case.json":
            now = msgspec.json.encode(about(layout))
        else:
            now = content(read(layout.manifest))
            check_manifest(layout)
    except (DamagedManifest, NotACase) as error:
        return reason_of(error, folder)
    return "the same content" if now == before else ""


@pytest.mark.full
def test_each_mutation_is_refused_or_changes_nothing(tmp_path: Path) -> None:
    with Case.create(tmp_path / "case") as case:
        case.ingest([write((ISSUED,), tmp_path / "first")])
        case.ingest([write((USED,), tmp_path / "second")])
    folder = tmp_path / "case"
    layout = Layout(folder)
    texts = {path.name: path.read_bytes() for path in (layout.manifest, layout.case_file)}
    before = {"manifest.jsonl": content(read(layout.manifest)), "case.json": msgspec.json.encode(about(layout))}
    found = Counter[str]()
    for seed in range(MUTATIONS):
        name = "case.json" if seed < OF_CASE_JSON else "manifest.jsonl"
        text = mutated(texts[name], Random(seed))
        (folder / name).write_bytes(text)
        reason = verdict(folder, name, before[name])
        if not reason or seed % ASKED_EVERY == 0:  # the custody log has the hash of the file
            done = run("verify", "--case", folder)
            assert text == texts[name] or done.code == 1, (seed, reason)
            assert name in done.out + done.err or text == texts[name], (seed, reason)
            assert "unexpected" not in done.err, (seed, done.err)
        found[f"{name}: {reason or 'named by verify'}"] += 1
        (folder / name).write_bytes(texts[name])
        shutil.rmtree(folder / "tmp", ignore_errors=True)
    assert found.total() == MUTATIONS
    for reason, count in found.most_common():
        print(f"{count:6,}  {reason}")
