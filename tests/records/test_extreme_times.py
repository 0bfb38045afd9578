"""Times and durations at the limits of what a timestamp holds: no record ends an ingest."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.formats.record_stream import Records
from forensics.records.columns import SourceRecords, to_batch
from forensics.records.issuance import READ_FROM
from tests.attribution.records import Account

TIMES = st.one_of(
    st.sampled_from(
        ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "Dec 31, 9999, 11:59:59 PM", "9999-12-31T23:59:59-14:00",
         "0001-01-01T00:00:00+14:00", "1e400", "253402300800", "-1", ""]
    ),
    st.datetimes().map(lambda time: f"{time:%Y-%m-%dT%H:%M:%SZ}"),
    st.integers(), st.floats(), st.none(),
)  # fmt: skip
DURATIONS = st.one_of(st.sampled_from([900, 43200, 129600, "43200", "9" * 6]), st.integers(), st.floats(), st.text())
IAM_CALLS = [("iam.amazonaws.com", name) for name in ("PutRolePolicy", "CreateServiceSpecificCredential")]
ALICE = Account("111111111111").user("alice")
POLICY = '{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"DateLessThan": %s}}}'


@given(
    event=st.sampled_from([*sorted(READ_FROM), *IAM_CALLS]),
    event_time=TIMES, created=TIMES, expires=TIMES, duration=DURATIONS,
)  # fmt: skip
@settings(deadline=None, max_examples=300)
def test_any_time_and_duration_is_read_or_left_out(
    event: tuple[str, str], event_time: object, created: object, expires: object, duration: object
) -> None:
    record = {
        "eventSource": event[0], "eventName": event[1], "eventTime": event_time, "recipientAccountId": "111111111111",
        "userIdentity": ALICE.signs() | {"sessionContext": {"attributes": {"creationDate": created}}},
        "requestParameters": {
            "durationSeconds": duration, "policyDocument": POLICY % json.dumps({"aws:TokenIssueTime": created}),
        },
        "responseElements": {
            "credentials": {"accessKeyId": "ASIAY34FZKBOKMUTVV7A", "expiration": expires},
            "credentialSet": [{"credentials": {"expiration": expires}}],
            "serviceSpecificCredential": {"expirationDate": expires},
        },
    }  # fmt: skip
    records = Records(0, [json.dumps(record).encode()])
    assert to_batch([SourceRecords(records, "0" * 64)], {}).events.num_rows <= 1
