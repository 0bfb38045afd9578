"""Listed keys: fetches AWS's public keys, as the document that `aws cloudtrail list-public-keys` prints."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import datetime, timedelta
from typing import Any

from forensics.sources.aws import Aws, convert_aws_errors

# a key can sign its last digest after the end of its validity
_MARGIN = timedelta(hours=2)


def fetch_public_keys(aws: Aws, region: str, start: datetime, end: datetime) -> str:
    """Return the keys that signed digests of a region from `start` to `end`, as JSON. Raises AwsFailed."""
    found: list[dict[str, Any]] = []
    with convert_aws_errors(f"cannot list the public keys of {region}"):
        pages = aws.client("cloudtrail", region).get_paginator("list_public_keys")
        for page in pages.paginate(StartTime=start - _MARGIN, EndTime=end + _MARGIN):
            found += page["PublicKeyList"]
    listed = [
        {
            "Value": b64encode(key["Value"]).decode(),
            "ValidityStartTime": key["ValidityStartTime"].isoformat(),
            "ValidityEndTime": key["ValidityEndTime"].isoformat(),
            "Fingerprint": key["Fingerprint"],
        }
        for key in found
    ]
    return json.dumps({"PublicKeyList": sorted(listed, key=lambda key: key["Fingerprint"])}, indent=1) + "\n"
