"""forensics resource"""

from __future__ import annotations

from typing import Annotated

from forensics.cli.event_options import Since, Until, filter_options
from forensics.cli.options import AnswerFormat, EveryOption, ZoneOption, checked_option, subject_argument
from forensics.cli.question import Question, question


@question(AnswerFormat)
def resource(
    subject: Annotated[
        str,
        subject_argument("RESOURCE", "A bucket, object ARN, instance ID, or the name or ARN of another resource."),
    ],
    *,
    since: Since = None,
    until: Until = None,
    service: Annotated[
        str | None, checked_option("--service", metavar="SERVICE", help="The service of the resource, such as lambda.")
    ] = None,
    account: Annotated[
        str | None, checked_option("--account", metavar="ID", help="The account of the resource.")
    ] = None,
    region: Annotated[
        str | None, checked_option("--region", metavar="REGION", help="The region of the resource.")
    ] = None,
    tz: ZoneOption = "UTC",  # noqa: ARG001 - read by the times
    every: EveryOption = False,
    asked: Question,
) -> None:
    """Show who used or changed a resource.

    The resource is a value of the column `resource` of `events`: a bucket, object, instance, user, role, key, secret or
    any other target of a call. A bucket includes its objects. If several resources have this name, the
    command lists them.

    \b
    Examples:
      forensics resource svc-metrics --logs sample_logs
      forensics resource svc-metrics --case my-case --account 647927485622
      forensics resource svc-metrics --case my-case --format json
    """
    with asked.opened() as case:
        page = case.resource(subject, since=since, until=until, service=service, account=account, region=region)
        asked.print(page.with_options(asked.source, filter_options(since, until)), "whole_pivot" if every else "")
