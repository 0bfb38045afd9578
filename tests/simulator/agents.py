"""Agents: an MCP server that calls AWS for a person who signed in and authorized it.

Source: TrailTool aws_mcp_agent_session.json, captured on 14 July 2026 (docs/attribution.md#mcp-agents). The grant has
the sign-in session in `additionalEventData`; the calls with it have the session in `sessionContext`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from .cloud import Api, Cloud, Event, Minting, Parts
from .identities import Credential, keyless
from .principals import Place
from .services import Call, call
from .signin import CREATE_TOKEN

MCP = "aws-mcp.amazonaws.com"
TOOL = Api(MCP, "CallReadWriteTool", False, "aws-mcp.us-east-1.api.aws", "AwsMcpEvent")


@dataclass(frozen=True, slots=True)
class Grant:
    """A person's authorization of a client, with the session that granted it."""

    session: Credential
    client: str
    sign_in_session: str


def grant(cloud: Cloud, session: Credential, time: datetime, region: str) -> Grant:
    client = f"arn:aws:signin:{region}::external-client/dcr/{cloud.ids.uuid()}"
    sign_in = f"arn:aws:signin:{region}:{session.account_id}:session/{cloud.ids.uuid()}"
    said = Parts(
        parameters={"resource": f"https://aws-mcp.{region}.api.aws/mcp", "client_id": client},
        additional={"signInSessionArn": sign_in, "grant_type": "authorization_code", "success": "true"},
    )
    runtime = Place(session.place.address, "Bun/1.4.0")
    event = cloud.log(keyless(session).at(runtime), CREATE_TOKEN, time, region, **said)
    cloud.mintings.append(Minting(session, event.id))
    return Grant(session, client, sign_in)


def use_tool(
    cloud: Cloud, allowed: Grant, calls: Sequence[Call], time: datetime, region: str, *, address: str
) -> list[Event]:
    """Log one tool call of the agent and its AWS calls, each with a key whose issuance is never logged."""
    session = allowed.session
    assert session.account_id
    context = session.identity["sessionContext"] | {"signInSessionArn": allowed.sign_in_session}
    key_id = cloud.ids.key(session.account_id)
    downstream = replace(
        session,
        access_key_id=key_id,
        identity=session.identity | {"accessKeyId": key_id, "invokedBy": MCP, "sessionContext": context},
        place=Place(MCP, MCP),
        parent=session,
        from_console=False,
        issuer="agent",
        via=(MCP, allowed.client),
    )
    events = [call(cloud, downstream, what, time, region) for what in calls]
    tool = keyless(replace(session, identity=session.identity | {"sessionContext": context}))
    requests = [
        {
            "apiName": f"{event.record['eventSource'].split('.')[0]}:{event.record['eventName']}",
            "requestId": event.record["requestID"],
            "awsRegion": event.region,
        }
        for event in events
    ]
    said = Parts(
        parameters={"jsonrpc": "2.0", "method": "tools/call", "id": 2, "params": {"name": "aws___call_aws"}},
        additional={"downstreamRequests": requests},
    )
    place = Place(address, "claude-code/2.1.202 (cli)")
    cloud.log(replace(tool, place=place, from_console=False), TOOL, time, region, **said)
    return events
