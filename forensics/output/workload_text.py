"""Workload on screen: where its credential was used, and whether that shows that the credential was stolen."""

from __future__ import annotations

from collections.abc import Iterator

from forensics.answers.who_answer import Workload
from forensics.output.lines import Line, and_more, line
from forensics.output.words import ADDRESS_CLASSES, count, readable_time

WORKLOAD_TITLE = "Addresses that used the workload's credential"
_ADDRESSES_SHOWN = 20


def used_from_lines(workload: Workload | None) -> Iterator[Line]:
    """Return whether the credential was used elsewhere, then each address, ordered by first use."""
    if workload is None:
        return
    if not workload.addresses:
        yield line("the loaded logs show no use from any address")
        return
    verdict = {True: ("YES", "bad"), False: ("no", "good"), None: ("unknown", "warn")}
    yield line("used elsewhere  ", verdict[workload.used_elsewhere], _why_elsewhere(workload), hang=16)
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
    """Return the reason, and the use of --ip-ranges if it was not given."""
    if workload.used_elsewhere:
        reason = ": from a second address, while the first was still in use"
        return reason if workload.ip_ranges_sha256 else f"{reason}; use --ip-ranges to rule out AWS addresses"
    if workload.used_elsewhere is None and not workload.ip_ranges_sha256:
        return "; use --ip-ranges to recognize AWS addresses"
    return ""
