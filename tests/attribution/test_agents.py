"""An agent's calls by the request IDs that its tool call names, where their records do not name the sign-in session."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.attribution.records import SIGN_IN, Account, call
from tests.cases import case_of_records

AWS = Account("111111111111")
ALICE, MALLORY = AWS.user("alice"), AWS.user("mallory")
SESSION = "arn:aws:signin:us-east-1:111111111111:session/5a1c"
CLIENT = "arn:aws:signin:us-east-1::external-client/dcr/77"
MCP = "aws-mcp.amazonaws.com"


def records(tool_caller: dict[str, Any], named: str, used_at: int = 60) -> list[dict[str, Any]]:
    """A grant, a tool call that names a request ID, and the call under a key that nothing issued."""
    context = tool_caller["sessionContext"] | {"signInSessionArn": SESSION}
    return [
        call(
            ALICE.session(0, None),
            10,
            source=SIGN_IN,
            name="CreateOAuth2Token",
            requestParameters={"client_id": CLIENT},
            additionalEventData={"signInSessionArn": SESSION, "success": "true"},
        ),
        call(
            tool_caller | {"sessionContext": context},
            61,
            source=MCP,
            name="CallReadWriteTool",
            eventType="AwsMcpEvent",
            additionalEventData={"downstreamRequests": [{"requestId": "other"}, {"requestId": named}]},
        ),
        call(ALICE.session(0, AWS.key("AGENT"), invoked_by=MCP), used_at, requestID="r-1"),
    ]


def test_the_request_id_leads_to_the_tool_call_and_its_grant(tmp_path: Path) -> None:
    logged = records(ALICE.session(0, None), "r-1")
    with case_of_records(logged, tmp_path) as case:
        hop = case.who(AWS.key("AGENT")).chain[0]
    assert hop.link is not None
    assert (hop.link.rule, hop.link.grade) == ("request_id", "proven")
    assert hop.link.event_ids == (logged[0]["eventID"], logged[1]["eventID"])
    assert hop.via == (MCP, CLIENT)


@pytest.mark.parametrize(
    ("caller", "named"), [(ALICE.session(0, None), "r-2"), (MALLORY.session(0, None), "r-1")], ids=["id", "caller"]
)
def test_another_request_or_another_caller_leads_nowhere(caller: dict[str, Any], named: str, tmp_path: Path) -> None:
    with case_of_records(records(caller, named), tmp_path) as case:
        hop = case.who(AWS.key("AGENT")).chain[0]
    assert hop.link is None or hop.link.rule != "request_id"
    assert CLIENT not in hop.via


def test_a_use_stamped_before_its_grant_keeps_the_link_and_is_flagged(tmp_path: Path) -> None:
    by_request = records(ALICE.session(0, None), "r-1", used_at=9)
    used = ALICE.session(0, AWS.key("NAMED"), invoked_by=MCP)
    by_session = call(used | {"sessionContext": used["sessionContext"] | {"signInSessionArn": SESSION}}, 9)
    with case_of_records([*by_request, by_session], tmp_path) as case:
        answers = [case.who(AWS.key(name)) for name in ("AGENT", "NAMED")]
    for answer, rule in zip(answers, ("request_id", "sign_in_session"), strict=True):
        link = answer.chain[0].link
        assert link is not None
        assert (link.rule, link.grade, link.event_ids[0]) == (rule, "proven", by_request[0]["eventID"])
        assert "used_before_issue" in answer.flags


def test_a_later_grant_of_a_session_is_not_the_one_of_an_earlier_use(tmp_path: Path) -> None:
    logged = records(ALICE.session(0, None), "r-1")
    renewed = call(
        ALICE.session(0, None),
        300,
        source=SIGN_IN,
        name="CreateOAuth2Token",
        requestParameters={"client_id": CLIENT},
        additionalEventData={"signInSessionArn": SESSION, "success": "true"},
    )
    with case_of_records([renewed, *logged], tmp_path) as case:
        link = case.who(AWS.key("AGENT")).chain[0].link
    assert link is not None
    assert link.event_ids[0] == logged[0]["eventID"]
