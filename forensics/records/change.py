"""Change: extracts changes of principals, long-term keys, trust policies and trails from an event.

Only events in `READ_FROM` are read (docs/attribution.md#life-of-a-long-term-key). A refused call changes nothing, but
its target is kept; its `error_code` marks it as refused.
"""

from __future__ import annotations

from forensics.records.changing_record import Change, ChangingRecord, Request, Response
from forensics.records.iam_change import iam_change
from forensics.records.record import Record, UserIdentity
from forensics.records.trail_selectors import leaves_out, narrows

_IAM = "iam.amazonaws.com"
_CLOUDTRAIL = "cloudtrail.amazonaws.com"

READ_FROM = frozenset(
    [
        *(
            (_IAM, name)
            for name in (
                "AttachRolePolicy",
                "AttachUserPolicy",
                "CreateAccessKey",
                "CreateLoginProfile",
                "CreateRole",
                "CreateServiceSpecificCredential",
                "CreateUser",
                "DeactivateMFADevice",
                "DeleteAccessKey",
                "DeleteLoginProfile",
                "DeleteRole",
                "DeleteRolePolicy",
                "DeleteServiceSpecificCredential",
                "DeleteUser",
                "DeleteUserPolicy",
                "DetachUserPolicy",
                "PutRolePolicy",
                "PutUserPolicy",
                "ResetServiceSpecificCredential",
                "UpdateAccessKey",
                "UpdateAssumeRolePolicy",
                "UpdateLoginProfile",
                "UpdateServiceSpecificCredential",
                "UpdateUser",
            )
        ),
        *(
            (_CLOUDTRAIL, name)
            for name in (
                "DeleteTrail",
                "PutEventSelectors",
                "StartLogging",
                "StopLogging",
                "UpdateTrail",
                "CreateTrail",
            )
        ),
        ("ec2.amazonaws.com", "RunInstances"),
        ("lambda.amazonaws.com", "CreateFunction20150331"),
    ]
)


_NO_REQUEST, _NO_RESPONSE = Request(), Response()


def change(record: Record, identity: UserIdentity, changing: ChangingRecord) -> Change:
    """Return the change by a record whose event is in `READ_FROM`."""
    request = changing.request_parameters or _NO_REQUEST
    response = changing.response_elements or _NO_RESPONSE
    if record.event_source == _IAM:
        return iam_change(record, identity, request, response)
    if record.event_source == _CLOUDTRAIL:
        return Change(
            target_trail=request.name or request.trail_name,
            narrows_trail=narrows(request),
            trail_leaves_out=leaves_out(request),
        )
    instances = response.instances_set.items if response.instances_set else None
    names = [instance.instance_id for instance in instances or ()] or [request.function_name]
    return Change(launched=" ".join(name for name in names if name) or None)
