"""Side by side with `aws cloudtrail validate-logs`: the same verdict on every file in every state that both know.

The AWS command line is a program of its own, from PyPI in a virtual environment of its own: FORENSICS_AWSCLI names its
`aws`, and `required` makes one. A local S3 server and a stub of ListPublicKeys serve it the same chain.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import boto3
import pytest
from moto.server import ThreadedMotoServer

from forensics.answers.verify_answer import VerifiedFile
from tests.digests.verified import verified
from tests.simulator.digests import BUCKET, HOUR, START, Object, chain, signed, signer, with_other_content
from tests.sources.test_public_keys import ListPublicKeys

pytestmark = pytest.mark.full


class OnOnePage(ListPublicKeys):
    """The AWS command line does not turn the page."""

    is_paged = False


KEY = signer("us-east-1")
WHOLE = chain((1, 2, 0, 1, 1), by=KEY)
LOG = WHOLE.logs[1][0]
CHANGED_LOG = with_other_content(LOG, LOG.content.replace(b"alice", b"bruce"))
DIGEST = WHOLE.digests[1]
CHANGED_DIGEST = with_other_content(DIGEST, DIGEST.content.replace(b'"SHA-256"', b'"SHA-257"', 1))


def _without(*gone: Object) -> tuple[Object, ...]:
    return tuple(one for one in WHOLE.objects if one not in gone)


def _forged() -> Object:
    document = json.loads(DIGEST.content)
    document["logFiles"][0]["hashValue"] = CHANGED_LOG.sha256
    document["digestPublicKeyFingerprint"] = signer("fresh").fingerprint
    return signed(document, signer("fresh"))


STATES = {
    "intact": WHOLE.objects,
    "a log changed": (*_without(LOG), CHANGED_LOG),
    "a log missing": _without(LOG),
    "a digest removed": _without(WHOLE.digests[2]),
    "two digests in a row removed": _without(*WHOLE.digests[2:4]),
    "a digest changed": (*_without(DIGEST), CHANGED_DIGEST),
    "a forged digest": (*_without(DIGEST, LOG), _forged(), CHANGED_LOG),
    "a digest moved": (*_without(DIGEST), replace(DIGEST, key=DIGEST.key.replace("130000Z", "133000Z"))),
}


@dataclass(frozen=True, slots=True)
class Cloud:
    """Where the AWS command line finds S3 and CloudTrail."""

    aws: str
    s3: str
    cloudtrail: str

    def verdicts(self, objects: tuple[Object, ...]) -> dict[str, str]:
        """What validate-logs says of each object, in our words."""
        client = boto3.client("s3", endpoint_url=self.s3, region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        try:
            for one in objects:
                client.put_object(Bucket=BUCKET, Key=one.key, Body=one.body, Metadata=dict(one.metadata))
            return dict(_said(self._validate()))
        finally:
            for one in client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
                client.delete_object(Bucket=BUCKET, Key=one["Key"])
            client.delete_bucket(Bucket=BUCKET)

    def _validate(self) -> str:
        trail = "arn:aws:cloudtrail:us-east-1:111111111111:trail/main"
        times = [f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in (START, START + 6 * HOUR)]
        command = [self.aws, "cloudtrail", "validate-logs", "--verbose", "--region", "us-east-1"]
        command += ["--trail-arn", trail, "--s3-bucket", BUCKET, "--start-time", times[0], "--end-time", times[1]]
        endpoints = {"AWS_ENDPOINT_URL_S3": self.s3, "AWS_ENDPOINT_URL_CLOUDTRAIL": self.cloudtrail}
        environment = {**os.environ, **endpoints}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert "Results requested" in done.stdout, done.stdout + done.stderr
        return done.stdout + done.stderr


_WORDS = {
    "valid": "signed",
    "INVALID: hash value doesn't match": "changed",
    "INVALID: signature verification failed": "changed",
    "INVALID: not found": "missing",
    "INVALID: has been moved": "moved",
    "INVALID: public key not found": "unverified",
}


def _said(output: str) -> Iterator[tuple[str, str]]:
    for key, said in re.findall(r"(?:Digest|Log) file\s+s3://[^/]+/(\S+)\s+(.*)", output):
        yield key, next(word for start, word in _WORDS.items() if said.startswith(start))


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    aws = os.environ.get("FORENSICS_AWSCLI", "")
    if aws == "required":
        folder = tmp_path_factory.mktemp("awscli")
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(folder / "bin" / "pip"), "install", "-q", "awscli"], check=True)
        aws = str(folder / "bin" / "aws")
    if not shutil.which(aws):
        pytest.skip("FORENSICS_AWSCLI names no `aws`: pip install awscli in a virtual environment of its own")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        s3 = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        s3.start()
        keys = ThreadingHTTPServer(("127.0.0.1", 0), OnOnePage)
        Thread(target=keys.serve_forever, daemon=True).start()
        host, port = s3.get_host_and_port()
        yield Cloud(aws, f"http://{host}:{port}", f"http://127.0.0.1:{keys.server_port}")
        keys.shutdown()
        s3.stop()


@pytest.mark.parametrize("state", STATES)
def test_both_say_the_same_of_each_file(cloud: Cloud, tmp_path: Path, state: str) -> None:
    objects = STATES[state]
    digests = [one for one in objects if one.metadata]
    answer = verified(tmp_path, objects, heads=digests, keys=[KEY], bucket=BUCKET)
    ours = {(one.name or one.s3_object or ""): _word(one) for one in answer.files}
    theirs = cloud.verdicts(objects)
    assert theirs
    differing = {key: (said, ours.get(key)) for key, said in theirs.items() if said != ours.get(key)}
    assert {key.rpartition("/")[2]: both for key, both in differing.items()} == KNOWN_DIFFERENCES.get(state, {})


def _word(one: VerifiedFile) -> str:
    return "moved" if one.moved else one.status.value


def _name(one: Object) -> str:
    return one.key.rpartition("/")[2]


# Theirs, ours. Both refuse a forged digest: AWS's own knows no key of its fingerprint, and does not look at the hash in
# the next digest, which is that of other content.
KNOWN_DIFFERENCES: dict[str, dict[str, tuple[str, str | None]]] = {
    "a forged digest": {_name(DIGEST): ("unverified", "changed")}
}
