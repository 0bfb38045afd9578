"""The main thing that a call was about."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from forensics.records.record import Record
from forensics.records.target_resource import resource

BUCKET = {"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::logs"}
OBJECT = {"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::logs/a b"}


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        ({"resources": [BUCKET, OBJECT], "requestParameters": {"bucketName": "x"}}, "arn:aws:s3:::logs/a b"),
        ({"resources": [BUCKET]}, "arn:aws:s3:::logs"),
        ({"requestParameters": {"bucketName": "logs", "key": "a"}}, "arn:aws:s3:::logs/a"),
        ({"requestParameters": {"bucketName": "logs"}, "awsRegion": "cn-north-1"}, "arn:aws-cn:s3:::logs"),
        ({"requestParameters": {"policyArn": "arn:p", "userName": "bob"}}, "bob"),
        ({"requestParameters": {"name": {"a": 1}, "id": "x"}}, "x"),
        ({"requestParameters": {"instancesSet": {"items": [{"instanceId": "i-1"}]}}}, "i-1"),
        ({"errorMessage": "not authorized to perform: x on resource: arn:aws:s3:::a because"}, "arn:aws:s3:::a"),
        ({"requestParameters": None, "resources": None}, None),
        ({"requestParameters": "HIDDEN", "resources": {"ARN": "x"}}, None),
        ({"requestParameters": {"instancesSet": {"items": [None]}}, "resources": [{}]}, None),
    ],
)
def test_by_arn_else_by_name(parts: dict[str, Any], found: str | None) -> None:
    assert resource(msgspec.json.decode(json.dumps(parts), type=Record)) == found
