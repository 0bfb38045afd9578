"""Estimate on screen: the objects or events that an ingest will fetch."""

from __future__ import annotations

from collections.abc import Iterator

from forensics.answers.ingest_answer import Estimate, LookupEstimate
from forensics.output.lines import Line, labelled, line
from forensics.output.words import count, first_few, readable_time

_SHOWN = 8


def one_line(estimate: Estimate | LookupEstimate) -> str:
    """Return the estimate as one line, for standard error before the fetch begins."""
    if isinstance(estimate, LookupEstimate):
        return f"LookupEvents of account {estimate.account_id}, {_regions(estimate)}: {_calls(estimate)}"
    parts = [f"{', '.join(estimate.sources)}: {_amount(estimate)}"]
    if estimate.known:
        parts.append(f"{count(estimate.known, 'other object')} already in the case")
    if estimate.passed_over:
        parts.append(f"{count(len(estimate.passed_over), 'other prefix', 'other prefixes')} skipped (not a trail)")
    return "; ".join(parts)


def render_estimate(estimate: Estimate | LookupEstimate) -> Iterator[Line]:
    """Return what an ingest will fetch, for a dry run."""
    if isinstance(estimate, LookupEstimate):
        yield from _render_lookup(estimate)
        return
    yield line((", ".join(estimate.sources), "bold"), f"  {_amount(estimate)}")
    yield labelled("known", f"{count(estimate.known, 'object')} already in the case, not fetched again")
    yield labelled("accounts", _list(estimate.accounts))
    yield labelled("regions", _list(estimate.regions))
    if estimate.from_ and estimate.to:
        yield labelled("delivered", f"{estimate.from_} to {estimate.to}")
    if estimate.archived:
        yield labelled("archived", f"{count(estimate.archived, 'object')}: restore them in S3 first")
    if estimate.passed_over:
        yield labelled("skipped", f"not a trail: {_list(estimate.passed_over)}")


def _render_lookup(estimate: LookupEstimate) -> Iterator[Line]:
    yield line((f"LookupEvents of account {estimate.account_id}", "bold"), f"  {_calls(estimate)}")
    yield labelled("regions", _list(estimate.regions))
    yield labelled("time", f"{readable_time(estimate.from_)} to {readable_time(estimate.to)}")
    for region, reason in estimate.failures.items():
        yield labelled("no access", f"{region}: {reason}")


def _regions(estimate: LookupEstimate) -> str:
    failed = f" (no access to {len(estimate.failures):,} more)" if estimate.failures else ""
    return f"{count(len(estimate.regions) - len(estimate.failures), 'region')}{failed}"


def _calls(estimate: LookupEstimate) -> str:
    minutes = -(-estimate.seconds // 60)
    return (
        f"about {count(estimate.events, 'event')} to fetch in {count(estimate.calls, 'call')};"
        f" AWS's rate limit makes that take {count(minutes, 'minute')} or more"
    )


def _amount(estimate: Estimate) -> str:
    return f"{count(estimate.objects, 'object')} to fetch, {size(estimate.bytes)}"


def size(bytes: int) -> str:
    """Return a number of bytes in the largest unit that fits, such as `1.2 GB`."""
    amount = float(bytes)
    for unit in ("bytes", "KB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:,.1f} TB"


def _list(names: tuple[str, ...]) -> str:
    return first_few(names, _SHOWN) or "none"
