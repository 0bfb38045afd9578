"""A server that speaks S3 on this machine: moto's, with the faults of a bad day put in front of it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3.models import s3_backends
from werkzeug.serving import WSGIRequestHandler, make_server

ACCOUNT = "123456789012"
BUCKET = "trail-logs"

StartResponse = Callable[..., Any]
Fault = Callable[["S3Server", dict[str, Any], StartResponse], Iterable[bytes] | None]
"""Answers a request instead of the server, or lets it pass by None."""


@dataclass
class S3Server:
    """`requests`: how often each method asked for each path, `calls`: which IAM action that was on what.

    A fault is tried on every request to its path.
    """

    url: str = ""
    requests: Counter[str] = field(default_factory=Counter)
    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    faults: dict[str, Fault] = field(default_factory=dict)
    app: Any = field(default_factory=lambda: DomainDispatcherApplication(create_backend_app))

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        path = unquote(environ["PATH_INFO"])
        self.requests[f"{environ['REQUEST_METHOD']} {path}"] += 1
        self.calls[_call(environ["REQUEST_METHOD"], path, environ["QUERY_STRING"])] += 1
        for part, fault in list(self.faults.items()):
            if part in path or part == "*":
                answer = fault(self, environ, start_response)
                if answer is not None:
                    return answer
        found: Iterable[bytes] = self.app(environ, start_response)
        return found

    def put(self, key: str, data: bytes, metadata: dict[str, str] | None = None, bucket: str = BUCKET) -> None:
        store = s3_backends[ACCOUNT]["aws"]
        made = store.put_object(bucket, key, data)
        made.set_metadata({f"x-amz-meta-{name}": value for name, value in (metadata or {}).items()})

    def delete(self, key: str) -> None:
        s3_backends[ACCOUNT]["aws"].delete_object(BUCKET, key)

    def reset(self) -> None:
        """An empty bucket, no faults, nothing asked."""
        self.requests.clear()
        self.calls.clear()
        self.faults.clear()
        s3_backends.reset()
        s3_backends[ACCOUNT]["aws"].create_bucket(BUCKET, "us-east-1")

    def fetched(self) -> Counter[str]:
        """How often each object was asked for."""
        start = f"GET /{BUCKET}/"
        return Counter({name[len(start) :]: n for name, n in self.requests.items() if name.startswith(start)})


def _call(method: str, path: str, query: str) -> tuple[str, str]:
    """The IAM action of a request and the ARN that it needs to be allowed on; a request that is neither, as it is."""
    bucket, _, key = path.removeprefix("/").partition("/")
    asked = parse_qs(query, keep_blank_values=True)
    if method == "GET" and not key and asked.get("list-type") == ["2"]:
        return "s3:ListBucket", f"arn:aws:s3:::{bucket}"
    if method == "GET" and key and asked.keys() <= {"x-id"}:
        return "s3:GetObject", f"arn:aws:s3:::{bucket}/{key}"
    return method, f"{path}?{query}"


class _Quiet(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        pass


@contextmanager
def s3_server() -> Iterator[S3Server]:
    server = S3Server()
    listening = make_server("127.0.0.1", 0, server, threaded=True, request_handler=_Quiet)
    server.url = f"http://127.0.0.1:{listening.server_port}"
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    server.reset()
    try:
        yield server
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()


def error(code: str, status: str) -> Fault:
    """An error of AWS, each time."""

    def answer(_server: S3Server, _environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        body = f"<Error><Code>{code}</Code><Message>It is {code}.</Message></Error>".encode()
        start_response(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
        return [body]

    return answer


def breaking_off(server: S3Server, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Half of the object, then nothing: what a lost connection and a truncated body look like to a client."""
    body = b"".join(server.app(environ, start_response))
    yield body[: len(body) // 2]
    raise ConnectionAbortedError


def times(number: int, fault: Fault) -> Fault:
    """A fault that passes."""
    left = [number]

    def answer(server: S3Server, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes] | None:
        left[0] -= 1
        return fault(server, environ, start_response) if left[0] >= 0 else None

    return answer
