"""Estimate: what is about to be fetched, for a reader."""

from __future__ import annotations

from collections.abc import Iterator

from forensics.answers.ingest_answer import Estimate, LookupEstimate
from forensics.output.lines import Line, labelled, line
from forensics.output.words import count, first_few, readable_time

_SHOWN = 8


def one_line(estimate: Estimate | LookupEstimate) -> str:
    """The same in a sentence, as it is told before the fetch begins."""
    if isinstance(estimate, LookupEstimate):
        return f"LookupEvents of account {estimate.account_id}, {_regions(estimate)}: {_calls(estimate)}"
    told = [f"{', '.join(estimate.sources)}: {_amount(estimate)}"]
    if estimate.known:
        told.append(f"{count(estimate.known, 'other object')} in the case already")
    if estimate.passed_over:
        told.append(f"{count(len(estimate.passed_over), 'name')} beside the trails passed over")
    return "; ".join(told)


def render_estimate(estimate: Estimate | LookupEstimate) -> Iterator[Line]:
    """What an ingest would fetch, had it not been a dry run."""
    if isinstance(estimate, LookupEstimate):
        yield from _render_lookup(estimate)
        return
    yield line((", ".join(estimate.sources), "bold"), f"  {_amount(estimate)}")
    yield labelled("known", f"{count(estimate.known, 'object')} in the case already, not fetched again")
    yield labelled("accounts", _list(estimate.accounts))
    yield labelled("regions", _list(estimate.regions))
    if estimate.from_ and estimate.to:
        yield labelled("delivered", f"{estimate.from_} to {estimate.to}")
    if estimate.archived:
        yield labelled("archived", f"{count(estimate.archived, 'object')}: restore them in S3 first")
    if estimate.passed_over:
        yield labelled("beside", f"not looked into: {_list(estimate.passed_over)}")


def _render_lookup(estimate: LookupEstimate) -> Iterator[Line]:
    yield line((f"LookupEvents of account {estimate.account_id}", "bold"), f"  {_calls(estimate)}")
    yield labelled("regions", _list(estimate.regions))
    yield labelled("time", f"{readable_time(estimate.from_)} to {readable_time(estimate.to)}")
    for region, reason in estimate.failures.items():
        yield labelled("closed", f"{region}: {reason}")


def _regions(estimate: LookupEstimate) -> str:
    closed = f" ({len(estimate.failures):,} more cannot be asked)" if estimate.failures else ""
    return f"{count(len(estimate.regions) - len(estimate.failures), 'region')}{closed}"


def _calls(estimate: LookupEstimate) -> str:
    minutes = -(-estimate.seconds // 60)
    return (
        f"about {count(estimate.events, 'event')} to fetch, by {count(estimate.calls, 'call')},"
        f" which AWS makes last {count(minutes, 'minute')} or more"
    )


def _amount(estimate: Estimate) -> str:
    return f"{count(estimate.objects, 'object')} to fetch, {size(estimate.bytes)}"


def size(bytes: int) -> str:
    """A number of bytes as people say it."""
    amount = float(bytes)
    for unit in ("bytes", "KB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:,.1f} TB"


def _list(names: tuple[str, ...]) -> str:
    return first_few(names, _SHOWN) or "none"
