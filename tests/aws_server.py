"""A server that speaks AWS on this machine: moto's, which writes down every call and denies some."""

from __future__ import annotations

import io
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

StartResponse = Callable[..., Any]
_SIGNED = re.compile(r"Credential=(\w+)/\d{8}/[a-z0-9-]+/([a-z0-9-]+)/")


@dataclass
class AwsServer:
    """`calls`: how often each IAM action was called. `denied`: the actions that are denied, all or for one key."""

    url: str = ""
    calls: Counter[str] = field(default_factory=Counter)
    denied: set[str] = field(default_factory=set)
    app: Any = field(default_factory=lambda: DomainDispatcherApplication(create_backend_app))

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        called = action(environ.get("HTTP_AUTHORIZATION", ""), environ.get("HTTP_X_AMZ_TARGET", ""), body)
        if called:
            self.calls[called] += 1
        if called in self.denied:
            return _deny(environ, called, start_response)
        found: Iterable[bytes] = self.app(environ, start_response)
        return found


def action(authorization: str, target: str, body: bytes) -> str:
    """The IAM action of a signed request; nothing for one that is not signed."""
    signed = _SIGNED.search(authorization)
    if signed is None:
        return ""
    name = target.rpartition(".")[2] or parse_qs(body.decode()).get("Action", [""])[0]
    return f"{signed.group(2)}:{name}"


def _deny(environ: dict[str, Any], action: str, start_response: StartResponse) -> Iterable[bytes]:
    message = f"User: arn:aws:iam::123456789012:user/responder is not authorized to perform: {action}"
    if "HTTP_X_AMZ_TARGET" in environ:
        text = f'{{"__type": "AccessDeniedException", "message": "{message}"}}'
        start_response("400 Bad Request", [("Content-Type", "application/x-amz-json-1.1")])
    else:
        text = (
            f"<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>{message}</Message></Error>"
            "</ErrorResponse>"
        )
        start_response("403 Forbidden", [("Content-Type", "text/xml")])
    return [text.encode()]


class _Quiet(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        pass


@contextmanager
def aws_server() -> Iterator[AwsServer]:
    server = AwsServer()
    listening = make_server("127.0.0.1", 0, server, threaded=True, request_handler=_Quiet)
    server.url = f"http://127.0.0.1:{listening.server_port}"
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()
