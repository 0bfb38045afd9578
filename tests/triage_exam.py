"""Triage exam: does `triage` show the intruder of a simulated month on its first page?

    python -m tests.triage_exam --family tuning --months 10 [--incidents mining,insider] [--processes 2]
    python -m tests.triage_exam --seeds 17,23 --incidents insider

Every month is a case of its own: each incident is played in `--months` seeds of the family, and as many quiet months
are played with other seeds of it. The tuning family is for development. The exam family measures the result once:
nobody looks at its results while tuning.

An incident is found if a lead on the first page cites an event of the intruder, or names only actors and keys that the
intruder alone used. Printed for each kind of incident: the months, the share found on the first page and at rank 1, and
the median rank. `purity` is the median share of the intruder's events among those that the found lead cites: a lead
that cites everything finds everything. `precision` is the share of the leads on the first page that find the intruder.
Printed for quiet months: leads per 10,000 events, in total and on the first page.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from forensics.answers.triage_answer import Lead
from forensics.case import Case
from tests.cases import case_of
from tests.simulator import LogFile
from tests.simulator.incidents import INCIDENTS
from tests.simulator.months import EXAM, TUNING, IncidentTruth, Month, month

FAMILIES = {"tuning": TUNING, "exam": EXAM}
FIRST_PAGE = 10
WANTED = 0.9
HEADS = ("months", "first page", "rank 1", "rank", "purity", "precision")


@dataclass(frozen=True, slots=True)
class Cited:
    """A lead, as far as the exam reads it."""

    actor_id: str | None
    access_key_ids: frozenset[str]
    event_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class Result:
    """One examined month.

    `rank`: of the first lead that finds the intruder; `purity`: of its cited events, the share of the intruder's;
    `hits`: how many leads of the first page find the intruder.
    """

    seed: int
    incident: str | None
    notes: tuple[str, ...]
    events: int
    leads: int
    rank: int | None = None
    purity: float | None = None
    hits: int = 0

    @property
    def shown(self) -> int:
        """The number of leads on the first page."""
        return min(self.leads, FIRST_PAGE)

    @property
    def found(self) -> bool:
        return self.rank is not None and self.rank <= FIRST_PAGE


def leads_of(case: Case) -> list[Cited]:
    """Return the leads of a case in the order of their rank."""
    return [_cited(lead) for lead in case.triage().leads]


def _cited(lead: Lead) -> Cited:
    keys = {*lead.access_key_ids, lead.origin_access_key_id} - {None}
    events = frozenset(lead.event_ids).union(*(reason.event_ids for reason in lead.reasons))
    return Cited(lead.actor.id, frozenset(filter(None, keys)), events)


# The exam


def finds(lead: Cited, truth: IncidentTruth) -> bool:
    """Return whether a lead leads to the intruder."""
    only_keys = bool(lead.access_key_ids) and lead.access_key_ids <= truth.own_access_key_ids
    return bool(lead.event_ids & truth.event_ids) or lead.actor_id in truth.own_ids or only_keys


def examine(played: Month, leads: Sequence[Cited]) -> Result:
    truth = played.incident
    if truth is None:
        return Result(played.seed, None, (), len(played.events), len(leads))
    ranks = [number for number, lead in enumerate(leads, 1) if finds(lead, truth)]
    rank = ranks[0] if ranks else None
    purity = None
    if rank and (cited := leads[rank - 1].event_ids):
        purity = len(cited & truth.event_ids) / len(cited)
    hits = sum(number <= FIRST_PAGE for number in ranks)
    return Result(played.seed, truth.kind, truth.notes, len(played.events), len(leads), rank, purity, hits)


def examine_seed(seed: int, incident: str | None) -> Result:
    """Play a month, and examine the triage of its logs. All records are in one file, which changes no answer."""
    played = month(seed, incident)
    records = tuple(record for file in played.files for record in file.records)
    one_file = LogFile(played.files[0].key, records)
    with tempfile.TemporaryDirectory() as folder, case_of([one_file], Path(folder)) as case:
        return examine(played, leads_of(case))


def months_to_examine(family: range, months: int, incidents: Sequence[str]) -> list[tuple[int, str | None]]:
    """Return the months to examine: each incident and the quiet one have seeds of their own, as long as these last."""
    kinds: list[str | None] = [*incidents, None]
    return [
        (family[(number * len(kinds) + place) % len(family)], kind)
        for number in range(months)
        for place, kind in enumerate(kinds)
    ]


def report(results: Sequence[Result]) -> str:
    """Return the tables and the list of what was missed."""
    return "\n".join([*_recall(results), "", *_noise(results), "", *_missed(results)])


def _recall(results: Sequence[Result]) -> Iterator[str]:
    by_kind = defaultdict(list)
    for result in results:
        if result.incident:
            by_kind[result.incident].append(result)
    yield f"{'incident':24}" + "".join(f"{head:>12}" for head in HEADS)
    for kind, group in [*by_kind.items(), ("all", [result for result in results if result.incident])]:
        if group:
            cells = (
                str(len(group)),
                _share([result.found for result in group]),
                _share([result.rank == 1 for result in group]),
                _median([result.rank for result in group], "g"),
                _median([result.purity for result in group], ".2f"),
                _ratio(sum(result.hits for result in group), sum(result.shown for result in group)),
            )
            yield f"{kind:24}" + "".join(f"{cell:>12}" for cell in cells)


def _noise(results: Sequence[Result]) -> Iterator[str]:
    quiet = [result for result in results if result.incident is None]
    events = sum(result.events for result in quiet)
    if not events:
        return
    every = sum(result.leads for result in quiet)
    first = sum(result.shown for result in quiet)
    yield f"{len(quiet)} quiet months with {events:,} events; leads per 10,000 events:"
    yield f"{every / events * 10_000:.1f} in total, {first / events * 10_000:.1f} on the first page"
    empty = _share([result.leads == 0 for result in quiet])
    yield f"{empty} without a lead; a month has {_median([result.leads for result in quiet], 'g')} leads (median)"


def _missed(results: Sequence[Result]) -> Iterator[str]:
    missed = [result for result in results if result.incident and not result.found]
    yield f"missed on the first page: {len(missed)}"
    for result in sorted(missed, key=lambda one: (one.incident or "", one.seed)):
        rank = f"rank {result.rank}" if result.rank else "no lead"
        yield f"  {result.incident} {result.seed}: {rank} of {result.leads}; {', '.join(result.notes)}"


def _share(outcomes: Sequence[bool]) -> str:
    return _ratio(sum(outcomes), len(outcomes))


def _ratio(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "-"


def _median(values: Sequence[float | None], form: str) -> str:
    known = [value for value in values if value is not None]
    return format(median(known), form) if known else "-"


def _seeds(text: str) -> list[int]:
    seeds = [int(seed) for seed in text.split(",")]
    if not all(seed in TUNING for seed in seeds):
        raise argparse.ArgumentTypeError(
            "a seed is not of the tuning family; single seeds of the exam are never examined"
        )
    return seeds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--family", choices=FAMILIES, default="tuning")
    parser.add_argument("--months", type=int, default=10, help="of each incident, and quiet ones (default: 10)")
    parser.add_argument("--incidents", type=lambda text: text.split(","), default=list(INCIDENTS))
    parser.add_argument("--seeds", type=_seeds, help="of the tuning family; each incident is played in each of them")
    parser.add_argument("--processes", type=int, default=1)
    arguments = parser.parse_args()
    asked = months_to_examine(FAMILIES[arguments.family], arguments.months, arguments.incidents)
    if arguments.seeds:
        asked = [(seed, incident) for seed in arguments.seeds for incident in arguments.incidents]
    results = []
    with ProcessPoolExecutor(arguments.processes) as pool:
        for result in pool.map(examine_seed, *zip(*asked, strict=True)):
            results.append(result)
            outcome = f"rank {result.rank}" if result.incident else f"{result.leads} leads"
            print(f"{len(results)}/{len(asked)} {result.incident or 'quiet'} {result.seed}: {outcome}", file=sys.stderr)
    print(report(results))
    incidents = [result.found for result in results if result.incident]
    return 0 if sum(incidents) >= WANTED * len(incidents) else 1


if __name__ == "__main__":
    sys.exit(main())
