"""The saved queries: each runs on the sample as it ships, and finds the sample's incident."""

from __future__ import annotations

from pathlib import Path

import pytest

from forensics.case import Case
from tests.simulator import sample

QUERIES = Path(__file__).parent.parent / "queries"


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    case = Case.create(tmp_path_factory.mktemp("queries") / "case")
    case.ingest([QUERIES.parent / "sample_logs"])
    return case


@pytest.mark.parametrize("path", sorted(QUERIES.glob("*.sql")), ids=lambda path: path.stem)
def test_the_header_names_the_columns_that_come_back(case: Case, path: Path) -> None:
    header = dict(line[3:].split(": ", 1) for line in path.read_text().splitlines() if line.startswith("-- "))
    rows = case.sql_rows(path.read_text())
    assert header["title"] and header["question"]
    assert list(rows.columns) == header["columns"].split(", ")
    assert rows.rows


def _find(case: Case, name: str, **wanted: object) -> bool:
    rows = case.sql_rows((QUERIES / f"{name}.sql").read_text())
    found = (dict(zip(rows.columns, row, strict=True)) for row in rows.rows)
    return any(wanted.items() <= row.items() for row in found)


def test_they_find_the_incident(case: Case) -> None:
    assert _find(case, "denied_calls", access_key_id=sample.LEAKED_KEY, actor_name="svc-deploy")
    assert _find(
        case, "created_credentials", access_key_id=sample.PERSISTENCE_KEY, created_by_origin_key=sample.LEAKED_KEY
    )
    assert _find(case, "source_identity_conflicts", access_key_id=sample.DEEP_KEY, actor_name="svc-deploy")
    assert not _find(case, "source_identity_conflicts", access_key_id=sample.HONEST_KEY)
