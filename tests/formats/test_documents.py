"""Documents are detected by their members, in full or not at all. Any other stream is returned unchanged."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from forensics.formats.documents import MAX_DOCUMENT_BYTES, Document, DocumentKind, take_document
from forensics.formats.inflate import Unreadable

DIGEST = {
    "awsAccountId": "111122223333",
    "digestStartTime": "2026-10-01T12:00:00Z",
    "digestEndTime": "2026-10-01T13:00:00Z",
    "digestS3Bucket": "trail",
    "digestS3Object": "AWSLogs/111122223333/CloudTrail-Digest/us-east-1/2026/10/01/digest.json.gz",
    "logFiles": [],
}


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_a_digest_is_a_document_however_it_arrives(size: int) -> None:
    content = json.dumps(DIGEST, indent=2).encode()
    pieces = [content[:4096], *(content[start : start + size] for start in range(4096, len(content), size))]
    assert take_document(pieces)[0] == Document(DocumentKind.DIGEST, content)


SIGNED = {"signature": "ab12", "signature-algorithm": "SHA256withRSA"}


@pytest.mark.parametrize(
    "printed",
    [
        {"AcceptRanges": "bytes", "ETag": '"e"', "Metadata": SIGNED},
        {"Metadata": SIGNED},
        {"LastModified": "2026-10-01T13:05:00Z", "Metadata": SIGNED},
        SIGNED,
        {"ResponseMetadata": {"HTTPStatusCode": 200}, "ETag": '"e"', "Metadata": SIGNED},
    ],
    ids=["whole", "metadata", "two_members", "only_the_metadata", "boto3"],
)
def test_the_metadata_of_a_digest_is_a_document_whatever_query_left_of_it(printed: dict[str, object]) -> None:
    content = json.dumps(printed).encode()
    assert take_document([content])[0] == Document(DocumentKind.HEAD_OBJECT, content)


@pytest.mark.parametrize("members", [DIGEST, {"PublicKeyList": []}, {"ETag": "e", "Metadata": {}}, SIGNED])
def test_a_list_of_records_beside_the_members_of_a_document_is_a_log(members: dict[str, object]) -> None:
    content = json.dumps(members | {"Records": [{"eventVersion": "1.08"}]}).encode()
    document, rest = take_document([content])
    assert (document, b"".join(rest)) == (None, content)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"Metadata":{"signature-algorithm":"x"},"Event":{"eventName":"AssumeRole"}}',
        b'{"Records":[{"eventName":"digestStartTime","requestParameters":{"digestStartTime":"x"}}]}',
        b'{"digestStartTime":"x"}',
        b'{"digestStartTime":"x","digestEndTime":',
        b'["digestStartTime"]',
        b'{"digestStartTime":' + b"[" * 10_000,
    ],
)
def test_anything_else_comes_out_as_it_went_in(content: bytes) -> None:
    document, rest = take_document([content[:20], content[20:]] if content else [])
    assert document is None
    assert b"".join(rest) == content


def test_what_fails_on_the_way_still_gives_what_came_before() -> None:
    def pieces() -> Iterator[bytes]:
        yield b'{"digestStartTime":1,'
        yield b'"digestEndTime":2,'
        raise Unreadable("cut")

    document, rest = take_document(pieces())
    assert document is None
    before = []
    with pytest.raises(Unreadable, match="cut"):  # noqa: PT012 - keeps what was read before
        for piece in rest:
            before.append(piece)
    assert b"".join(before) == b'{"digestStartTime":1,"digestEndTime":2,'


def test_a_document_beyond_all_bounds_is_none() -> None:
    content = json.dumps(DIGEST).encode()
    blank = b" " * (MAX_DOCUMENT_BYTES // 4)
    document, rest = take_document([content, *[blank] * 5])
    assert document is None
    assert sum(map(len, rest)) == len(content) + 5 * len(blank)
