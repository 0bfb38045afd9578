"""A server that answers LookupEvents as AWS does, over the real protocol, for an account with events in two regions."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.aws_server import action

ACCOUNT = "111122223333"
_PAGE = 50
_SIGNED_FOR = re.compile(r"Credential=[^/]+/\d+/([a-z0-9-]+)/")
_IDENTITY = f"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::{ACCOUNT}:user/ir</Arn><UserId>AIDAEXAMPLE</UserId><Account>{ACCOUNT}</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>"""
_REGIONS = """<DescribeRegionsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><regionInfo>{}</regionInfo>
</DescribeRegionsResponse>"""


@dataclass
class LookupServer:
    """`records`: by region. `refuses`: by region, an error's code, after so many answered calls as `refuses_after`.

    `actions`: the IAM actions that were called.
    """

    url: str = ""
    records: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    refuses: dict[str, str] = field(default_factory=dict)
    refuses_after: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    actions: set[str] = field(default_factory=set)

    def lookup(self, region: str, asked: dict[str, Any]) -> dict[str, Any] | str:
        """A page, newest first; or the code of an error."""
        self.calls[region] += 1
        if region in self.refuses and self.calls[region] > self.refuses_after:
            return self.refuses[region]
        start, end = asked["StartTime"], asked["EndTime"]
        found = [record for record in self.records.get(region, ()) if start <= _epoch(record) <= end]
        found.sort(key=_epoch, reverse=True)
        first = int(asked.get("NextToken", "0"))
        page = [_event(record) for record in found[first : first + _PAGE]]
        further = {"NextToken": str(first + _PAGE)} if first + _PAGE < len(found) else {}
        return {"Events": page, **further}


def _epoch(record: dict[str, Any]) -> float:
    return datetime.strptime(record["eventTime"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()


def _event(record: dict[str, Any]) -> dict[str, Any]:
    """As the CLI guide prints it: the record is a string in the event (AWS CLI, lookup-events)."""
    return {
        "EventId": record["eventID"],
        "EventName": record["eventName"],
        "EventSource": record["eventSource"],
        "EventTime": _epoch(record),
        "ReadOnly": "false",
        "Resources": [],
        "CloudTrailEvent": json.dumps(record, separators=(",", ":")),
    }


@contextmanager
def lookup_server() -> Iterator[LookupServer]:
    server = LookupServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            server.actions.add(action(self.headers["Authorization"], self.headers.get("X-Amz-Target") or "", body))
            if "LookupEvents" in (self.headers.get("X-Amz-Target") or ""):
                region = _SIGNED_FOR.search(self.headers["Authorization"])
                assert region
                answer = server.lookup(region.group(1), json.loads(body))
                if isinstance(answer, str):
                    self._say(400, "application/x-amz-json-1.1", json.dumps({"__type": answer, "message": answer}))
                else:
                    self._say(200, "application/x-amz-json-1.1", json.dumps(answer))
            elif b"DescribeRegions" in body:
                items = "".join(f"<item><regionName>{name}</regionName></item>" for name in server.records)
                self._say(200, "text/xml", _REGIONS.format(items))
            else:
                self._say(200, "text/xml", _IDENTITY)

        def _say(self, status: int, type_: str, text: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", type_)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{listening.server_port}"
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()
