"""Mutations: any file has a final status, no record is lost silently, and every query still runs."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from forensics.case import Case
from forensics.formats.contents import FAULT
from tests.formats.test_contents import a_record
from tests.formats.wrappings import REBUILT, Json
from tests.ingest.mutations import FORMATS, MUTATIONS, PACKINGS, repeated_key, wrong_types

_RECORDS_OF_A_FILE = 3
_SECONDS_OF_A_FILE = 5
_REPEATING = """
select source_sha256
from event_copies
join events on events.event_key = event_copies.event_key
where flags like '%repeated_key%'
"""


def marked(number: int) -> list[Json]:
    """Return records with event IDs that no other file has."""
    return [
        a_record(number * 10 + place, eventID=f"id-{number:06}-{place}", requestID=None)
        for place in range(_RECORDS_OF_A_FILE)
    ]


def mutated(number: int, dice: random.Random) -> tuple[str, bytes]:
    """The format of a file, and its status."""
    records = marked(number)
    shape = dice.choice(list(FORMATS))
    kind = dice.random()
    if kind < 0.25 and shape not in REBUILT:
        records[dice.randrange(len(records))] = wrong_types(records[0], dice)
    try:
        data = FORMATS[shape](records)
    except (TypeError, ValueError, AttributeError):  # no product writes such a record
        data = FORMATS[shape](marked(number))
    if kind > 0.9:
        data = repeated_key(data, dice)
    inner = dice.random() < 0.7
    if inner:
        data = dice.choice(MUTATIONS)(data, dice)
    data = dice.choice(PACKINGS)(data)
    return shape, data if inner else dice.choice(MUTATIONS)(data, dice)


def check(numbers: range, folder: Path, seed: int) -> None:
    """Ingest mutated files, one for each number, and check what must be true of any case."""
    dice = random.Random(f"{seed} {numbers}")
    inputs: dict[str, tuple[str, bytes]] = {}
    (folder / "logs").mkdir(parents=True)
    for number in numbers:
        name = f"{number:06}"
        inputs[name] = mutated(number, dice)
        (folder / "logs" / name).write_bytes(inputs[name][1])
    begun = time.process_time()
    with Case.create(folder / "case") as case:
        case.ingest([folder / "logs"])
        assert time.process_time() - begun < _SECONDS_OF_A_FILE * len(numbers)
        files = {row["name"]: row for row in objects(case)}
        assert {name for name in files if "/" not in name} == set(inputs)
        assert not [file for file in files.values() if FAULT in (file["reason"] or "")]
        assert case.info().mismatch is None
        # a record with two IDs, which its flag reports
        repeating = {row[0] for row in case.sql_rows(_REPEATING).rows}
        stored = {row[0] for row in case.sql_rows("select event_id from events").rows}
        for name, (shape, data) in inputs.items():
            file = files[name]
            assert file["bytes"] == len(data) or file["status"] == "duplicate"
            told = [one for path, one in files.items() if path == name or path.startswith(f"{name}/")]
            says = any(says_so(one) or one["sha256"] in repeating for one in told)
            lost = [id_ for id_ in ids(int(name)) if id_ not in stored and stands_in(data, id_)]
            assert not lost or says or shape in REBUILT, (name, shape, lost, file)
        every_query_runs(case)


def ids(number: int) -> list[str]:
    return [record["eventID"] for record in marked(number)]


def says_so(file: dict[str, Any]) -> bool:
    return bool(file["status"] in ("failed", "skipped") or file["rejected"] or file["left_out"])


def stands_in(data: bytes, event_id: str) -> bool:
    """Return whether the bytes contain a record with this ID, as JSON or as JSON in a string."""
    return re.search(rb'[\\"]"?eventID\\*":\s*\\*"%b\\*"' % event_id.encode(), data) is not None


def objects(case: Case) -> Iterator[dict[str, Any]]:
    rows = case.files()
    return (dict(zip(rows.columns, row, strict=True)) for row in rows.rows)


def every_query_runs(case: Case) -> None:
    for table in [row[0] for row in case.sql_rows("select table_name from information_schema.tables").rows]:
        case.sql_rows(f"select * from {table}")
    case.sql_rows("select count(*) from events where json_valid(record)")
    for (key,) in case.sql_rows(
        "select distinct access_key_id from events where regexp_matches(access_key_id, '^ASIA[A-Z0-9]{16}$') limit 3"
    ).rows:
        case.who(key)
        case.key(key)
        case.tree(key)
    case.coverage()


def test_mutated_files(tmp_path: Path) -> None:
    check(range(150), tmp_path, seed=1)


@pytest.mark.full
@pytest.mark.parametrize("batch", range(40))
def test_twenty_thousand_mutated_files(batch: int, tmp_path: Path) -> None:
    check(range(batch * 500, batch * 500 + 500), tmp_path, 3)
