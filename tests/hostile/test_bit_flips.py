"""Flipped bits in a case: a rebuild and `verify` detect all in the lake; none in the database changes an answer."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from forensics.case import Case
from forensics.errors import ForensicsError
from forensics.lake.manifest import read
from tests.attribution.records import Account, assume_role, call, write
from tests.cases import keep, record_as_built, restored
from tests.cli.run import run

FLIPS = 40
AWS = Account("111111111111")
ALICE, DEPLOY, KEY = AWS.user("alice"), AWS.role("deploy"), AWS.key("K")
ISSUED = assume_role(ALICE.signs(), DEPLOY, "build", 0, issues=KEY)
LOGS = (ISSUED, *(call(DEPLOY.session("build", 0, KEY), second) for second in range(5, 400, 5)))

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("flips")
    with Case.create(folder / "case") as case:
        case.ingest([write(LOGS[:40], folder / "first")])
        case.ingest([write(LOGS, folder / "second")])
    return keep(folder / "case")


@pytest.fixture
def folder(made: Path) -> Path:
    return restored(made)


def flip(path: Path, chance: Random) -> None:
    content = bytearray(path.read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)


@pytest.mark.parametrize("seed", range(FLIPS))
def test_a_bit_flipped_in_the_lake_is_found_by_a_rebuild_and_by_verify(folder: Path, seed: int) -> None:
    chance = Random(seed)
    where = chance.choice(sorted(read(folder / "manifest.jsonl").lake_files))
    flip(folder / where, chance)
    (folder / "case.duckdb").unlink()
    for command in (("who", KEY), ("info",)):
        done = run(*command, "--case", folder)
        assert (done.code, done.out) == (1, "")
        assert where in done.complaint
    done = run("verify", "--case", folder)
    assert done.code == 1
    assert where in done.out


@pytest.mark.parametrize("seed", range(FLIPS))
def test_a_bit_flipped_in_the_database_is_an_error_or_has_no_effect(folder: Path, seed: int) -> None:
    """The database is recorded as built by this user, so it is opened and only DuckDB's checksums detect the damage."""
    database = folder / "case.duckdb"
    built = database.stat().st_ino
    with Case.open(folder) as case:
        right = case.who(KEY), case.tree(KEY)
    assert database.stat().st_ino == built  # it was opened, not rebuilt
    flip(database, Random(seed))
    record_as_built(folder)
    try:
        with Case.open(folder) as case:
            found = case.who(KEY), case.tree(KEY)
    except ForensicsError as error:
        assert "\n" not in str(error)  # noqa: PT017 - an error is one of two right outcomes
    else:
        assert found == right
