"""Lookup events: `aws cloudtrail lookup-events` in the ways in which people print and filter it."""

from __future__ import annotations

from collections.abc import Sequence

from tests.spellings.containers import document, dump, json_lines, moment, text_lines
from tests.spellings.spelling import refused, same
from tests.spellings.world import Json

OTHER_OUTPUT = r"--output\s+json"


def event(record: Json) -> Json:
    """One event of the response.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_Event.html
    """
    identity = record["userIdentity"]
    key_id = identity.get("accessKeyId")
    return {
        "EventId": record["eventID"],
        "EventName": record["eventName"],
        "ReadOnly": str(record["readOnly"]).lower(),
        **({"AccessKeyId": key_id} if key_id else {}),
        "EventTime": f"{moment(record):%Y-%m-%dT%H:%M:%S}+00:00",
        "EventSource": record["eventSource"],
        "Username": identity.get("userName") or str(identity.get("principalId", "")).partition(":")[2],
        "Resources": [
            {"ResourceType": one.get("type"), "ResourceName": one["ARN"]} for one in record.get("resources", ())
        ],
        "CloudTrailEvent": dump(record),
    }


@same("lookup-events.json")
def lookup_events(records: Sequence[Json]) -> bytes:
    """`aws cloudtrail lookup-events`. https://docs.aws.amazon.com/cli/latest/reference/cloudtrail/lookup-events.html"""
    return document({"Events": list(map(event, records))})


@same("lookup-events-texts.json")
def lookup_events_texts(records: Sequence[Json]) -> bytes:
    """`--query 'Events[].CloudTrailEvent'`. https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-filter.html"""
    return document([dump(record) for record in records])


@same("lookup-events-lists.json")
def lookup_events_lists(records: Sequence[Json]) -> bytes:
    """`--query 'Events[].[CloudTrailEvent]'`. https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-filter.html"""
    return document([[dump(record)] for record in records])


@same("lookup-events-rows.json")
def lookup_events_rows(records: Sequence[Json]) -> bytes:
    """`--query 'Events[].[EventTime,EventName,CloudTrailEvent]'`.

    https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-filter.html
    """
    return document([[event(record)["EventTime"], record["eventName"], dump(record)] for record in records])


@same("lookup-events-renamed.json")
def lookup_events_renamed(records: Sequence[Json]) -> bytes:
    """`--query 'Events[].{e: CloudTrailEvent}'`. https://jmespath.org/specification.html#multiselect-hash"""
    return document([{"e": dump(record)} for record in records])


@same("lookup-events-renamed-beside.json")
def lookup_events_renamed_beside(records: Sequence[Json]) -> bytes:
    """`--query 'Events[].{when: EventTime, who: Username, what: CloudTrailEvent}'`.

    https://jmespath.org/specification.html#multiselect-hash
    """
    return document(
        [
            {"when": event(record)["EventTime"], "who": event(record)["Username"], "what": dump(record)}
            for record in records
        ]
    )


@same("lookup-events.jsonl")
def lookup_events_text_lines(records: Sequence[Json]) -> bytes:
    """`jq '.Events[].CloudTrailEvent'`, without -r. https://jqlang.org/manual/#invoking-jq"""
    return json_lines(dump(record) for record in records)


@same("lookup-events-raw.jsonl")
def lookup_events_raw_lines(records: Sequence[Json]) -> bytes:
    """`jq -r '.Events[].CloudTrailEvent'`. https://jqlang.org/manual/#invoking-jq"""
    return text_lines(map(dump, records))


@same("lookup-events-texts.txt")
def lookup_events_tabs(records: Sequence[Json]) -> bytes:
    """`--query 'Events[].CloudTrailEvent' --output text`: one line, with tabs between the records.

    https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-output-format.html#text-output
    """
    return ("\t".join(map(dump, records)) + "\n").encode()


@refused("lookup-events.txt", OTHER_OUTPUT)
def lookup_events_text(records: Sequence[Json]) -> bytes:
    """`--output text`: a line of sorted members without names, and one for each resource.

    https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-output-format.html#text-output
    """
    lines = []
    for one in map(event, records):
        members = [str(one[name]) for name in sorted(one) if name != "Resources"]
        lines.append("\t".join(("EVENTS", *members)))
        lines += [f"RESOURCES\t{found['ResourceName']}\t{found['ResourceType']}" for found in one["Resources"]]
    return text_lines(lines)


@refused("lookup-events.yaml", OTHER_OUTPUT)
def lookup_events_yaml(records: Sequence[Json]) -> bytes:
    """`--output yaml`. https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-output-format.html#yaml-output"""
    lines = ["Events:"]
    for one in map(event, records):
        resources = one.pop("Resources")
        members = [f"{name}: {_yaml(str(value))}" for name, value in sorted(one.items())]
        lines += [f"{'- ' if number == 0 else '  '}{member}" for number, member in enumerate(members)]
        lines.append("  Resources:" if resources else "  Resources: []")
        for found in resources:
            lines += [f"  - ResourceName: {found['ResourceName']}", f"    ResourceType: {found['ResourceType']}"]
    return text_lines(lines)


def _yaml(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


@refused("lookup-events-table.txt", OTHER_OUTPUT)
def lookup_events_table(records: Sequence[Json]) -> bytes:
    """`--output table`. https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-output-format.html#table-output"""
    events = list(map(event, records))
    width = 22 + max(len(str(one[name])) for one in events for name in one if name != "Resources")
    lines = ["-" * (width + 2), f"|{'LookupEvents':^{width}}|", f"+{'-' * width}+"]
    for one in events:
        lines.append(f"||{'Events':^{width - 2}}||")
        lines += [f"||  {name:<16}|  {one[name]!s:<{width - 23}}||" for name in sorted(one) if name != "Resources"]
        for found in one["Resources"]:
            lines += [f"|||{'Resources':^{width - 4}}|||", f"|||  {found['ResourceName']:<{width - 6}}|||"]
    return text_lines(lines)
