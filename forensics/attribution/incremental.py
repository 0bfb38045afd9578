"""Incremental builds: reuse `credential_days` of unchanged days from the last build, and compare its actors.

A day is unchanged if its lake files and its disputed events are the same. Everything else is rebuilt, so all tables
equal those of a first build. The last database is only a cache: if this user did not build it, or if it is missing,
damaged or from other models, every day is reduced again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import duckdb

from forensics.attribution.database import attach, models_version
from forensics.attribution.state import is_unchanged, recorded
from forensics.lake.file_names import day_of
from forensics.lake.layout import Layout
from forensics.lake.manifest import Manifest

_DISPUTED_ANEW = """
    select distinct events.event_date
    from events
    join (
        (select event_key from disputed_events except select event_key from earlier.disputed_events)
        union all
        (select event_key from earlier.disputed_events except select event_key from disputed_events)
    ) as disputed_otherwise on disputed_otherwise.event_key = events.event_key
"""

# days of events for which the digests' verdict changed: whether they are evidence, or which copy counts
_JUDGED_ANEW = """
    with distrusted as (
        select source_sha256, is_log_file from file_listings where listing in ('unlisted', 'contested')
    ),

    distrusted_before as (
        select source_sha256, is_log_file from earlier.file_listings where listing in ('unlisted', 'contested')
    ),

    judged_otherwise as (
        (from distrusted except from distrusted_before)
        union
        (from distrusted_before except from distrusted)
    ),

    listed_otherwise as (
        (from event_listings except from earlier.event_listings)
        union
        (from earlier.event_listings except from event_listings)
    ),

    spans as (
        select cast(min(first_event_time) as date) as first_day, cast(max(last_event_time) as date) as last_day
        from source_files
        where sha256 in (select source_sha256 from judged_otherwise)
        group by sha256
    )

    select day
    from unnest($days) as days(day)
    join spans on day between first_day and last_day

    union

    select event_date from listed_otherwise

    union

    select cast(event_time as date) from listed_copies

    union

    select cast(event_time as date) from earlier.listed_copies
"""

_CHANGES = """
    select
        count(*) filter (where earlier.actor_kind = 'unknown' and actors.actor_kind <> 'unknown'),
        count(*) filter (where earlier.stop_reason <> 'ambiguous' and actors.stop_reason = 'ambiguous'),
        count(*) filter (
            where earlier.actor_kind <> 'unknown'
              and actors.actor_kind <> 'unknown'
              and (
                  earlier.actor_kind <> actors.actor_kind
                  or earlier.actor_id is distinct from actors.actor_id
                  or earlier.actor_account_id is distinct from actors.actor_account_id
              )
        ),
        count(*) filter (
            where earlier.actor_kind <> 'unknown'
              and actors.actor_kind = 'unknown'
              and actors.stop_reason <> 'ambiguous'
        )
    from earlier_actors as earlier
    join actors using (credential_id)
"""


@dataclass(frozen=True, slots=True)
class ActorChanges:
    """The numbers of credentials of the earlier build whose actor changed; each credential is counted once."""

    newly_resolved: int = 0
    now_ambiguous: int = 0
    named_otherwise: int = 0
    no_longer_named: int = 0


class EarlierBuild:
    """The last build of a case, whose unchanged rows are copied into the new database."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._has_answers = False
        self.days: frozenset[date] = frozenset()
        """The days of `credential_days` that are copied."""

    def take_over(self, layout: Layout, manifest: Manifest) -> None:
        """Copy unchanged rows into the temporary tables `earlier_days` and `earlier_actors`.

        Reads `events` and `disputed_events` of the new build.
        """
        last = recorded(layout.root.resolve())
        if last is None:
            return
        try:
            attach(self._connection, last.database, "earlier")
        except duckdb.Error:
            return
        try:
            if is_unchanged(last):
                self._copy(manifest)
        except duckdb.Error:  # damaged, or of another version
            self.days, self._has_answers = frozenset(), False
        finally:
            self._connection.execute("detach earlier")

    def changes(self) -> ActorChanges | None:
        """Return how the new `actors` differ; None without an earlier build."""
        if not self._has_answers:
            return None
        return ActorChanges(*self._connection.execute(_CHANGES).fetchall()[0])

    def close(self) -> None:
        """Drop the copies."""
        for table in ("earlier_days", "earlier_actors"):
            self._connection.execute(f"drop table if exists temp.{table}")

    def _copy(self, manifest: Manifest) -> None:
        execute = self._connection.execute
        if execute("select models_version from earlier.built").fetchall() != [(models_version(),)]:
            return
        days = self._unchanged_days(manifest)
        execute(
            """
            create temp table earlier_days as
            select * from earlier.credential_days where list_contains($days, event_date)
            """,
            {"days": sorted(days)},
        )
        execute(
            """
            create temp table earlier_actors as
            select credential_id, actor_kind, actor_id, actor_account_id, stop_reason from earlier.actors
            """
        )
        self.days, self._has_answers = days, True

    def _unchanged_days(self, manifest: Manifest) -> frozenset[date]:
        """Return the days whose events are unchanged since the last build; events without a time have no day."""
        read = {
            path
            for (path,) in self._connection.execute(
                "select path from earlier.lake_files where table_name = 'events'"
            ).fetchall()
        }
        now = set(manifest.of_table("events"))
        disputed = {day for (day,) in self._connection.execute(_DISPUTED_ANEW).fetchall()}
        days = [day for path in now if (day := day_of(path))]
        judged = {day for (day,) in self._connection.execute(_JUDGED_ANEW, {"days": days}).fetchall()}
        changed = {day_of(path) for path in read ^ now} | disputed | judged
        return frozenset(day for path in now if (day := day_of(path)) and day not in changed)
