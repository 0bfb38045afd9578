"""Resource: finds the ARN or name of a call's main target.

It comes from `resources`, otherwise from `requestParameters`, otherwise from the error message of a refused call, which
has no parameters. For display only; never evidence.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from forensics.records.record import Record

# the target is the first of these that a request has as text; resources come before values that are set on them
_NAMES = (
    "secretId functionName tableName roleArn userName roleName groupName policyArn keyId accessKeyId"
    " instanceId snapshotId imageId volumeId groupId dBInstanceIdentifier dBSnapshotIdentifier dBClusterIdentifier"
    " dBClusterSnapshotIdentifier stackName trailName detectorId clusterName repositoryName topicArn queueUrl queueName"
    " logGroupName streamName deliveryStreamName stateMachineArn serialNumber sAMLProviderArn openIDConnectProviderArn"
    " distributionId hostedZoneId certificateArn instanceProfileName documentName modelId resourceArn resourceId"
    " trustAnchorId profileId targetPrincipal identityId name arn cluster id"
).split()
_RANK = {name: rank for rank, name in enumerate(_NAMES)}
_REFUSED = re.compile(r"resource: \"?(arn:[^\s\"]+)")
_NOTHING = (b"", b"null", b"{}", b"[]")
_PARTITIONS = {"cn": "aws-cn", "us-gov": "aws-us-gov"}


class _Resource(msgspec.Struct):
    arn: str | None = msgspec.field(default=None, name="ARN")
    type: str | None = None


_decode_resources = msgspec.json.Decoder(list[_Resource]).decode
_decode_request = msgspec.json.Decoder(dict[str, Any]).decode
_NOT_DECODED = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def resource(record: Record) -> str | None:
    """Return the ARN or name of the call's main target; None if the record has none."""
    return _of_resources(record) or _of_request(record) or _of_refusal(record)


def _of_resources(record: Record) -> str | None:
    if bytes(record.resources) in _NOTHING:
        return None
    try:
        listed = _decode_resources(record.resources)
    except _NOT_DECODED:
        return None
    named = [one for one in listed if one.arn]
    objects = (one.arn for one in named if one.type == "AWS::S3::Object")
    return next(objects, named[0].arn if named else None)


def _of_request(record: Record) -> str | None:
    if bytes(record.request_parameters) in _NOTHING:
        return None
    try:
        request = _decode_request(record.request_parameters)
    except _NOT_DECODED:
        return None
    bucket = request.get("bucketName")
    if bucket and isinstance(bucket, str):
        key = request.get("key")
        within = f"/{key}" if key and isinstance(key, str) else ""
        return f"arn:{_partition(record.aws_region)}:s3:::{bucket}{within}"
    names = [name for name in request if name in _RANK and request[name] and isinstance(request[name], str)]
    if names:
        return str(request[min(names, key=_RANK.__getitem__)])
    return _first_instance(request.get("instancesSet"))


def _first_instance(instances: object) -> str | None:
    items = instances.get("items") if isinstance(instances, dict) else None
    first = items[0] if isinstance(items, list) and items else None
    name = first.get("instanceId") if isinstance(first, dict) else None
    return name if isinstance(name, str) else None


def _of_refusal(record: Record) -> str | None:
    match = _REFUSED.search(record.error_message) if record.error_message else None
    return match.group(1) if match else None


def _partition(region: str | None) -> str:
    return next((name for start, name in _PARTITIONS.items() if region and region.startswith(f"{start}-")), "aws")
