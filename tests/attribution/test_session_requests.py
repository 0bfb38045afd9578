"""What a request asks for a session: tags and session policies are shown, and an omitted request is said."""

from __future__ import annotations

from pathlib import Path

from forensics.answers.who_answer import SessionPolicy, TagSource
from forensics.output.coverage_text import render_coverage
from forensics.output.info_text import render_info
from forensics.output.lines import lay_out
from forensics.output.who_text import render_who
from tests.attribution.records import Account, Json, assume_role, call
from tests.cases import case_of_records

AWS = Account("111111111111")
ALICE, DEPLOY = AWS.user("alice"), AWS.role("deploy")
KEY = AWS.key("K")
USE = call(DEPLOY.session("build", 0, KEY), 5)
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def issuance(**request: object) -> Json:
    record = assume_role(ALICE.signs(), DEPLOY, "build", 0, issues=KEY)
    return record | {"requestParameters": record["requestParameters"] | request}


def test_tags_and_policies_are_shown_with_their_source(tmp_path: Path) -> None:
    tags = [{"key": "team", "value": "red\u001b[31m"}, {"key": "cost", "value": "1"}]
    request = issuance(tags=tags, transitiveTagKeys=["team"], policyArns=[{"arn": READ_ONLY}], policy="{}")
    with case_of_records([request, USE], tmp_path) as case:
        answer = case.who(KEY)
        columns = case.sql("select session_tags, transitive_tag_keys from issuances").to_dict("records")
    assert [(tag.key, tag.source, tag.is_transitive) for tag in answer.claims.session_tags] == [
        ("cost", TagSource.REQUEST, False),
        ("team", TagSource.REQUEST, True),
    ]
    assert answer.claims.session_policy == SessionPolicy((READ_ONLY,), "{}", is_known=True)
    assert columns[0]["transitive_tag_keys"] == '["team"]'
    shown = lay_out(render_who(answer), 200)
    assert "session tag     cost=1  chosen by the caller" in shown and "\u001b" not in shown
    assert f"session policy  {READ_ONLY}" in shown


def test_an_omitted_request_is_flagged_counted_and_limits_the_answer(tmp_path: Path) -> None:
    """The response still holds the key, so the requester is proven; role and policies of the request are unknown."""
    omission = {"omitted": True, "originalSize": 123_456, "reason": "requestParameters too large"}
    record = assume_role(ALICE.signs(), DEPLOY, "build", 0, issues=KEY) | {"requestParameters": omission}
    named_so = call(ALICE.signs(), 9, requestParameters={"omitted": "true", "bucketName": "b"})
    with case_of_records([record, USE, named_so], tmp_path) as case:
        answer, info, coverage = case.who(KEY), case.info(), case.coverage()
        found = case.sql("select event_name, omitted_fields from events where omitted_fields is not null")
    assert (answer.actor.name, answer.grade) == ("alice", "proven")
    assert "omitted_request" in answer.flags and not answer.claims.session_policy.is_known
    assert "the requested role, tags and session policies are not known" in " ".join(
        lay_out(render_who(answer), 400).split()
    )
    assert found.to_dict("records") == [{"event_name": "AssumeRole", "omitted_fields": "requestParameters"}]
    assert info.omitted_fields == coverage.omitted_fields == {"requestParameters": 1}
    shown = "requestParameters of 1 event, by CloudTrail because of their size"
    assert shown in lay_out(render_info(info), 200) and shown in lay_out(render_coverage(coverage, 200), 200)
