"""Cases that earlier versions created: a case opens and answers as it did, or one line says what to do."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from forensics.case import Case
from tests.lake.cases import put, record

# three log files of sample_logs, which prove who requested a key over three hops; ingested by version 0.1.0
FORMAT_5 = Path(__file__).with_name("case_of_format_5.tar.xz")


@pytest.fixture
def case_of_format_5(tmp_path: Path) -> Path:
    with tarfile.open(FORMAT_5) as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path / "case"


def test_a_case_of_format_5_answers_as_it_did(case_of_format_5: Path) -> None:
    with Case.open(case_of_format_5) as case:
        answer = case.who("ASIAZNW342S3J6ZQNFX7")
    assert answer.actor is not None
    assert (answer.actor.name, answer.grade, len(answer.chain)) == ("svc-deploy", "proven", 4)


def test_a_case_of_format_5_takes_further_logs(case_of_format_5: Path) -> None:
    with Case.open(case_of_format_5) as case:
        before = case.info().events
        case.ingest([put(case_of_format_5.parent / "more.json", record(1), record(2))])
        assert case.info().events == before + 2
