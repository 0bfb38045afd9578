"""What a call about a trail says: which trail, and whether it records less since."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from forensics.records.change import change
from forensics.records.changing_record import ChangingRecord
from forensics.records.record import Record, UserIdentity
from forensics.records.trail_selectors import selectors_leave_out

ALL = {"readWriteType": "All", "includeManagementEvents": True, "excludeManagementEventSources": []}
MANAGEMENT = {"field": "eventCategory", "equals": ["Management"]}
READ_ONLY = {"field": "readOnly", "equals": ["true"]}


def changed(name: str, /, **request: Any) -> tuple[str | None, bool | None]:
    record = Record(event_source="cloudtrail.amazonaws.com", event_name=name)
    found = change(record, UserIdentity(), msgspec.convert({"requestParameters": request}, ChangingRecord))
    return found.target_trail, found.narrows_trail


@pytest.mark.parametrize("name", ["StopLogging", "StartLogging", "DeleteTrail"])
def test_stopping_says_nothing_of_what_is_recorded(name: str) -> None:
    assert changed(name, name="t") == ("t", None)


@pytest.mark.parametrize(
    ("selectors", "narrows"),
    [
        ([ALL], False),
        ([ALL | {"readWriteType": "WriteOnly"}], True),
        ([ALL | {"readWriteType": "WriteOnly"}, ALL], False),
        ([ALL | {"includeManagementEvents": False}], True),
        ([ALL | {"excludeManagementEventSources": ["kms.amazonaws.com"]}], True),
        ([{}], False),
        ([], True),
    ],
)
def test_event_selectors(selectors: list[dict[str, Any]], narrows: bool) -> None:
    assert changed("PutEventSelectors", trailName="t", eventSelectors=selectors) == ("t", narrows)


@pytest.mark.parametrize(("fields", "narrows"), [([MANAGEMENT], False), ([MANAGEMENT, READ_ONLY], True), ([], True)])
def test_advanced_event_selectors(fields: list[dict[str, Any]], narrows: bool) -> None:
    advanced = [{"name": "x", "fieldSelectors": fields}]
    assert changed("PutEventSelectors", trailName="t", advancedEventSelectors=advanced) == ("t", narrows)


WRITES, READS = {"field": "readOnly", "equals": ["false"]}, {"field": "readOnly", "equals": ["true"]}
NO_KMS = {"field": "eventSource", "notEquals": ["kms.amazonaws.com"]}
NO_STS = {"field": "eventSource", "notEquals": ["kms.amazonaws.com", "sts.amazonaws.com"]}
ONLY_KMS = {"field": "eventSource", "equals": ["kms.amazonaws.com"]}
NO_DECRYPT = {"field": "eventName", "notEquals": ["Decrypt"]}


@pytest.mark.parametrize(
    ("request_", "left_out"),
    [
        ({"eventSelectors": [ALL]}, None),
        ({"eventSelectors": [ALL | {"readWriteType": "WriteOnly"}]}, "read_only_events"),
        ({"eventSelectors": [ALL | {"readWriteType": "ReadOnly"}]}, "write_events"),
        ({"eventSelectors": [ALL | {"readWriteType": one} for one in ("ReadOnly", "WriteOnly")]}, None),
        ({"eventSelectors": [ALL | {"includeManagementEvents": False}]}, "management_events"),
        ({"eventSelectors": [ALL | {"excludeManagementEventSources": ["kms.amazonaws.com"]}]}, "some_services"),
        ({"advancedEventSelectors": [{"fieldSelectors": [MANAGEMENT, WRITES]}]}, "read_only_events"),
        ({"advancedEventSelectors": [{"fieldSelectors": [MANAGEMENT, READS]}]}, "write_events"),
        ({"advancedEventSelectors": [{"fieldSelectors": [MANAGEMENT, one]} for one in (READS, WRITES)]}, None),
        ({"advancedEventSelectors": [{"fieldSelectors": [MANAGEMENT, NO_KMS]}]}, "some_services"),
        ({"advancedEventSelectors": [{"fieldSelectors": [MANAGEMENT, NO_STS]}]}, "some_events"),
        ({"advancedEventSelectors": [{"fieldSelectors": [MANAGEMENT, ONLY_KMS]}]}, "some_events"),
        ({"advancedEventSelectors": [{"fieldSelectors": [{"field": "eventCategory", "equals": ["Data"]}]}]},
         "management_events"),
        ({"advancedEventSelectors": [{"fieldSelectors": [MANAGEMENT, NO_DECRYPT]},
                                     {"fieldSelectors": [MANAGEMENT, READS, ONLY_KMS]}]}, "other_events"),
        ({"advancedEventSelectors": [{"fieldSelectors": [MANAGEMENT, READS]},
                                     {"fieldSelectors": [MANAGEMENT, WRITES, ONLY_KMS]}]}, "other_events"),
        ({"isMultiRegionTrail": False}, "other_regions"),
        ({"includeGlobalServiceEvents": False}, "global_services"),
        ({"s3BucketName": "elsewhere"}, None),
    ],
)  # fmt: skip
def test_what_a_trail_leaves_out(request_: dict[str, Any], left_out: str | None) -> None:
    record = Record(event_source="cloudtrail.amazonaws.com", event_name="PutEventSelectors")
    found = change(record, UserIdentity(), msgspec.convert({"requestParameters": request_}, ChangingRecord))
    assert found.trail_leaves_out == left_out


@pytest.mark.parametrize(
    ("condition", "is_kept"),
    [
        (NO_DECRYPT, True),
        ({"field": "eventName", "notEquals": ["AssumeRole"]}, False),
        ({"field": "eventName", "notStartsWith": ["Describe", "List"]}, True),
        ({"field": "eventName", "notStartsWith": ["Assume"]}, False),
        ({"field": "eventName", "startsWith": ["Assume", "Get"]}, True),
        ({"field": "eventName", "endsWith": ["Role"], "notEndsWith": ["eRole"]}, False),
        ({"field": "eventName", "equals": ["ConsoleLogin"]}, False),
        ({"field": "eventType", "equals": ["AwsApiCall"]}, True),
        ({"field": "eventType", "notEquals": ["AwsServiceEvent", "AwsConsoleAction"]}, True),
        ({"field": "eventType", "notEquals": ["AwsApiCall"]}, False),
        ({"field": "eventSource", "notEquals": ["ec2.amazonaws.com"]}, True),
        ({"field": "userIdentity.arn", "notEquals": ["arn:aws:iam::111111111111:root"]}, True),
        ({"field": "userIdentity.arn", "notEquals": ["arn:aws:iam::111111111111:user/alice"]}, False),
        ({"field": "userIdentity.arn", "notStartsWith": ["arn:aws:sts::111111111111:assumed-role/scan"]}, False),
        ({"field": "sessionCredentialFromConsole", "notEquals": ["true"]}, False),
    ],
)
def test_whether_a_condition_can_leave_out_assume_role(condition: dict[str, Any], is_kept: bool) -> None:
    found = selectors_leave_out({"advancedEventSelectors": [{"fieldSelectors": [MANAGEMENT, condition]}]})
    assert found == ("other_events" if is_kept else "some_events")


@pytest.mark.parametrize(
    ("request_", "narrows"),
    [
        ({"isMultiRegionTrail": False}, True),
        ({"isMultiRegionTrail": True}, False),
        ({"includeGlobalServiceEvents": False, "isMultiRegionTrail": True}, True),
        ({"s3BucketName": "elsewhere"}, None),
    ],
)
def test_a_trail_made_smaller(request_: dict[str, Any], narrows: bool | None) -> None:
    assert changed("UpdateTrail", name="t", **request_) == ("t", narrows)
