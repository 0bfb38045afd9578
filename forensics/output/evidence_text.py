"""Evidence on screen: the events behind an answer, the digests that verify their files, and untrusted records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from forensics.answers.core import DigestCheck, DigestState, Evidence
from forensics.answers.who_answer import NotTrusted
from forensics.output.lines import Line, labelled, line
from forensics.output.words import (
    DIGEST_STATES,
    DIGEST_STYLES,
    RECORD_FLAGS,
    WHY_NOT_TRUSTED,
    WHY_OPEN,
    at_time,
    count,
    readable_time,
)

UNTRUSTED = "Records that are not trusted as evidence"
OPEN_WINDOWS = "Delivery windows that digests do not verify"
_WINDOWS_SHOWN = 10
_KEYS_SHOWN = 3


def event_line(event: Evidence) -> Line:
    """Return the ID, account and region of an event, and the digest status of its file if digests are loaded."""
    where = " ".join(part for part in (event.recipient_account_id, event.aws_region) if part)
    status = ("  ", (event.digest_status, DIGEST_STYLES[event.digest_status])) if event.digest_status else ()
    return line((f"{event.event_id or 'event without ID'}  {where}", "dim"), *status, indent=2, hang=4)


def not_trusted_lines(issuances: Sequence[NotTrusted]) -> Iterator[Line]:
    """Return the records of an issuance that are not evidence, and why."""
    for one in issuances:
        event = one.evidence
        flags = ", ".join(RECORD_FLAGS.get(flag, flag.replace("_", " ")) for flag in one.flags)
        detail = f" ({flags})" if flags and one.reason == "unreliable" else ""
        yield line(f"{at_time(event.event_time)}{event.event_name or 'event'}: ", WHY_NOT_TRUSTED[one.reason], detail)
        yield event_line(event)
        yield from (line((name, "dim"), indent=2, hang=4) for name in event.source_files)


def digest_lines(digests: DigestCheck, width: int = 10) -> Iterator[Line]:
    """Return whether digests verify the files behind an answer, with the public keys. `width`: columns of the label."""
    if digests.state != DigestState.PROVEN:
        yield labelled("digests", (DIGEST_STATES[digests.state], "warn"), width=width)
        return
    for key in digests.public_keys[:_KEYS_SHOWN]:
        signed = f"signed with key {key.fingerprint} from {key.source}; not verified that AWS owns this key"
        yield labelled("digests", signed, width=width)
    if len(digests.public_keys) > _KEYS_SHOWN:
        yield labelled("", f"and {count(len(digests.public_keys) - _KEYS_SHOWN, 'more key')}", width=width)


def open_window_lines(digests: DigestCheck) -> Iterator[Line]:
    """Return the delivery windows that digests do not verify, with the missing log files."""
    for window in digests.windows[:_WINDOWS_SHOWN]:
        yield line(
            (f"trail {window.trail}", "bold"),
            f", account {window.account_id}, {window.aws_region}, delivered {readable_time(window.from_)} to"
            f" {readable_time(window.to)}: ",
            (WHY_OPEN[window.why], "bad"),
        )
        yield from (line((name, "dim"), indent=2, hang=4) for name in window.missing[:_WINDOWS_SHOWN])
    if len(digests.windows) > _WINDOWS_SHOWN:
        yield line(
            (f"and {count(len(digests.windows) - _WINDOWS_SHOWN, 'more window')}; --format json lists them", "dim")
        )
