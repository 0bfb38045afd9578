"""Workload, for a reader: where its credential was used from, and whether that shows that it was taken."""

from __future__ import annotations

from collections.abc import Iterator

from forensics.answers.who_answer import Workload
from forensics.output.lines import Line, and_more, line
from forensics.output.words import ADDRESS_CLASSES, count, readable_time

WORKLOAD_TITLE = "Where the credential that the workload was handed was used from"
_ADDRESSES_SHOWN = 20


def used_from_lines(workload: Workload | None) -> Iterator[Line]:
    """Whether it was taken, then each address, the first one first."""
    if workload is None:
        return
    if not workload.addresses:
        yield line("the loaded logs show no use of it from any address")
        return
    said = {True: ("YES", "bad"), False: ("no", "good"), None: ("cannot be told", "warn")}
    yield line("used elsewhere  ", said[workload.used_elsewhere], _why_elsewhere(workload), hang=16)
    for event_id in workload.event_ids:
        yield line((f"event {event_id}", "dim"), indent=16)
    shown = workload.addresses[:_ADDRESSES_SHOWN]
    for address in shown:
        region = f" {address.aws_region}" if address.aws_region else ""
        kind = ADDRESS_CLASSES[address.class_]
        yield line((address.address, "bold"), f"  {kind}{region}, {count(address.events, 'event')}", hang=2)
        first, last = readable_time(address.first_use), readable_time(address.last_use)
        yield line(f"first {first}  ", (address.first_event_id or "", "dim"), indent=2, hang=8)
        yield line(f"last  {last}  ", (address.last_event_id or "", "dim"), indent=2, hang=8)
    if len(workload.addresses) > len(shown):
        yield and_more(f"{len(workload.addresses) - len(shown):,} more")


def _why_elsewhere(workload: Workload) -> str:
    """The reason, and what AWS's list of addresses would change where it was not given."""
    if workload.used_elsewhere:
        reason = ": from another place while it was also used from the first"
        return reason if workload.ip_ranges_sha256 else f"{reason}; --ip-ranges rules out an address of AWS"
    if workload.used_elsewhere is None and not workload.ip_ranges_sha256:
        return "; --ip-ranges tells addresses of AWS from others"
    return ""
