"""Public keys: fetched from the region of the digests, over real HTTP, and stored in the case."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest

from forensics.case import Case
from tests.cli.run import run
from tests.simulator.digests import TrailOfDigests, chain, public_keys, signer, write_objects


class ListPublicKeys(BaseHTTPRequestHandler):
    """A stub of ListPublicKeys: one key for each region, on the second of two pages."""

    is_paged = True
    asked: ClassVar[list[tuple[str, dict[str, Any]]]] = []

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        region = self.headers["Authorization"].split("/")[2]
        self.asked.append((region, asked))
        listed = public_keys(signer(region))["PublicKeyList"]
        for key in listed:
            key["ValidityStartTime"], key["ValidityEndTime"] = 1767225600, 1798761600
        page = (
            {"PublicKeyList": listed}
            if "NextToken" in asked or not self.is_paged
            else {"PublicKeyList": [], "NextToken": "x"}
        )
        body = json.dumps(page).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    server = HTTPServer(("127.0.0.1", 0), ListPublicKeys)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_keys_are_fetched_for_each_region_and_stay_in_the_case(endpoint: str, tmp_path: Path) -> None:
    chains = [chain((1, 1), TrailOfDigests(region=region), signer(region)) for region in ("us-east-1", "eu-west-1")]
    heads = [one.digests[-1] for one in chains]
    write_objects([one for each in chains for one in each.objects], tmp_path / "logs", heads=heads)
    with Case.create(tmp_path / "case") as case:
        case.ingest([tmp_path / "logs"])
        assert set(case.verify().digests) == {"hash-chained", "unverified"}
    done = run("verify", "--case", tmp_path / "case", "--fetch-keys", "--endpoint-url", endpoint, "--format", "json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["digests"] == {"signed": 4}
    assert {region for region, _ in ListPublicKeys.asked} == {"us-east-1", "eu-west-1"}
    again = run("verify", "--case", tmp_path / "case", "--format", "json")
    assert json.loads(again.out)["digests"] == {"signed": 4}


def test_a_folder_has_no_case_to_keep_them_in(tmp_path: Path) -> None:
    assert run("verify", tmp_path, "--fetch-keys").code == 2
