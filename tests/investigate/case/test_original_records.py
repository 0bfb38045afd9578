"""Records come back as they were delivered, with where they lie; secrets only if asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from forensics.answers.canonical import answer_sha256
from forensics.case import Case
from tests.cli.run import run

TOKEN = "IQoJb3JpZ2luX2VjEXAMPLETOKEN" * 12
RECORD = (
    '{"eventVersion": "1.08",  "eventID":"11111111-2222-3333-4444-555555555555","eventTime":"2026-10-01T12:00:00Z",'
    '"eventSource":"sts.amazonaws.com","eventName":"GetSessionToken","awsRegion":"us-east-1",'
    '"recipientAccountId":"111111111111","userIdentity":{"type":"IAMUser","principalId":"AIDAIIIIIIIIIIIIIIIII",'
    '"arn":"arn:aws:iam::111111111111:user/alice","accountId":"111111111111","accessKeyId":"AKIAIIIIIIIIIIIIIIII",'
    f'"userName":"alice"}},"responseElements":{{"credentials":{{"sessionToken":"{TOKEN}"}}}}}}'
)
EVENT = "11111111-2222-3333-4444-555555555555"


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tmp_path = tmp_path_factory.mktemp("extract")
    for number, name in enumerate(("a.json", "b.json")):
        other = RECORD.replace(EVENT, f"00000000-0000-0000-0000-00000000000{number}")
        (tmp_path / "logs").mkdir(exist_ok=True)
        (tmp_path / "logs" / name).write_text('{"Records": [' + ",".join([other] * number + [RECORD]) + "]}")
    with Case.create(tmp_path / "case") as made:
        made.ingest([tmp_path / "logs"])
    return tmp_path / "case"


def test_a_record_is_given_byte_for_byte_if_its_secrets_are_asked_for(case: Path) -> None:
    done = run("extract", EVENT, "--case", case, "--with-secrets", "--format", "raw")
    assert (done.code, done.out) == (0, RECORD + "\n")


def test_secrets_are_masked_by_the_hash_of_their_value(case: Path) -> None:
    for form in ("raw", "json", "table"):
        done = run("extract", EVENT, "--case", case, "--format", form)
        assert TOKEN not in done.out
        assert "MASKED sha256:" in done.out


def test_every_copy_is_told_with_its_place(case: Path) -> None:
    with Case.open(case) as opened:
        (original,) = opened.extract([EVENT]).originals
        assert [(copy.source_file, copy.position) for copy in original.copies] == [("a.json", 0), ("b.json", 1)]
        assert {copy.digest_status for copy in original.copies} == {None}
        assert (original.is_masked, original.is_exact) == (True, True)
        assert not opened.extract([EVENT], with_secrets=True).originals[0].is_masked


def test_an_event_that_is_not_there_is_named_after_those_that_are(case: Path) -> None:
    missing = "99999999-0000-0000-0000-000000000000"
    done = run("extract", missing, EVENT.upper(), "--case", case, "--format", "json")
    assert done.code == 1
    assert missing in done.complaint
    assert [one["event_id"] for one in json.loads(done.out)["originals"]] == [EVENT]
    assert run("extract", "AKIAIIIIIIIIIIIIIIII", "--case", case).code == 2


def test_the_log_tells_who_saw_secrets_and_holds_none(case: Path) -> None:
    with Case.open(case) as opened:
        answer = opened.extract([EVENT], with_secrets=True)
        entry = opened.custody().entries[-1]
    assert entry.parameters == {"event_ids": [EVENT], "with_secrets": True}
    assert entry.answer_sha256 == answer_sha256(answer)
    assert TOKEN[:40] not in (case / "custody.jsonl").read_text()


def test_copies_that_say_something_else_are_given_as_well_and_no_file_is_said_to_hold_what_it_may_not(
    tmp_path: Path,
) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    other = RECORD.replace(':user/alice"', ':user/mallory"')
    (logs / "a.json").write_text('{"Records": [' + RECORD + "]}")
    (logs / "b.json").write_text('{"Records": [' + other + "]}")
    case = tmp_path / "case"
    with Case.create(case) as made:
        made.ingest([logs])
        (original,) = made.extract([EVENT], with_secrets=True).originals
        (masked,) = made.extract([EVENT]).originals
    (conflict,) = original.conflicts
    assert {original.record, conflict.record} == {RECORD, other}
    assert (conflict.delivery, conflict.differs_in) == ("native", "userIdentity")
    assert TOKEN not in masked.record + masked.conflicts[0].record
    stored = "a.json" if original.record == RECORD else "b.json"
    assert {copy.source_file: copy.may_differ for copy in original.copies} == {
        "a.json": stored != "a.json",
        "b.json": stored != "b.json",
    }
    done = run("extract", EVENT, "--case", case)
    assert "a copy (native) differs in userIdentity" in " ".join(done.out.split())
    assert "this record or a differing copy" in " ".join(done.out.split())
