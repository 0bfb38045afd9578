"""S3: the objects of trails below a URL, found and not assumed.

A trail writes to `[PREFIX/]AWSLogs/[ORGANISATION/]ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/`, and Control Tower puts the
organisation before `AWSLogs` too; digests and network activity lie beside `CloudTrail/`. So folders named `AWSLogs` are
looked for, and below them only what can lead to a trail of the wanted accounts, regions and days. Where there is no
such folder, everything below the URL is taken. The day in a key is the day of delivery.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from forensics.errors import NothingFound
from forensics.sources.aws import Client, aws_errors_told
from forensics.sources.s3_url import S3Url

LISTINGS = 16
# how far from the URL a folder `AWSLogs` is looked for
_DEEPEST_ROOT = 4
_MOST_FOLDERS = 1_000
_KINDS = frozenset(
    ["CloudTrail", "CloudTrail-Digest", "CloudTrail-NetworkActivity", "CloudTrail-Insight", "CloudTrail-Aggregated"]
)
_ARCHIVED = frozenset(["GLACIER", "DEEP_ARCHIVE"])
_ACCOUNT = re.compile(r"\d{12}")
_ORGANISATION = re.compile(r"o-[a-z0-9]+")
_TRAIL = re.compile(
    r"(?:^|/)(?P<account>\d{12})/CloudTrail(?:-[A-Za-z]+)?/(?P<region>[a-z]+(?:-[a-z]+)+-\d+)/"
    r"(?:(?P<day>\d{4}/\d\d/\d\d)/)?"
)


@dataclass(frozen=True, slots=True)
class WantedObjects:
    """Which objects to look for; no account is every account. `from_`, `to`: days of delivery, both included."""

    accounts: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    from_: date | None = None
    to: date | None = None


@dataclass(frozen=True, slots=True)
class S3Object:
    """An object as it was listed. What its key does not tell is None."""

    bucket: str
    key: str
    etag: str
    size: int
    account_id: str | None
    aws_region: str | None
    day: date | None
    archived: bool = False

    @property
    def url(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


@dataclass(slots=True)
class Found:
    """Objects in the order of their days, and what lies beside the trails and was not looked into."""

    objects: list[S3Object] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)


def find_objects(
    client: Client, url: S3Url, wanted: WantedObjects, listed: Callable[[int], None], *, request_payer: bool = False
) -> Found:
    """Every wanted object below `url`; `listed` is told how many a page had. Raises AwsFailed and NothingFound."""
    with aws_errors_told(f"{url} cannot be listed"), ThreadPoolExecutor(LISTINGS) as pool:
        search = _Search(_Listing(client, url.bucket, request_payer, listed), wanted, Found())
        try:
            search.below(pool, url.prefix)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    found = search.found
    if not found.objects:
        raise NothingFound(_nothing(url, wanted, found))
    found.objects.sort(key=lambda one: (one.day or date.min, one.key))
    found.passed_over.sort()
    return found


def _nothing(url: S3Url, wanted: WantedObjects, found: Found) -> str:
    asked = "; check --account, --region, --since and --until" if wanted != WantedObjects() else ""
    passed = f"; not looked into: {', '.join(sorted(found.passed_over)[:3])}" if found.passed_over else ""
    return f"there is no object of a trail below {url}{passed}{asked}"


@dataclass(frozen=True, slots=True)
class _Listing:
    """ListObjectsV2 on one bucket."""

    client: Client
    bucket: str
    request_payer: bool
    listed: Callable[[int], None]

    def folder(self, prefix: str) -> tuple[list[Any], list[str]]:
        """The objects and the folders right below a prefix."""
        objects: list[Any] = []
        folders: list[str] = []
        for page in self._pages(Prefix=prefix, Delimiter="/"):
            objects += page.get("Contents", [])
            folders += [str(folder["Prefix"]) for folder in page.get("CommonPrefixes", [])]
        return objects, folders

    def all(self, prefix: str, after: str | None = None) -> Iterator[Any]:
        """Every object below a prefix, in the order of keys, from behind `after`."""
        for page in self._pages(Prefix=prefix, **({"StartAfter": after} if after else {})):
            yield from page.get("Contents", [])

    def _pages(self, **parameters: str) -> Iterator[Any]:
        payer = {"RequestPayer": "requester"} if self.request_payer else {}
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, **parameters, **payer)
        for page in pages:
            self.listed(len(page.get("Contents", [])))
            yield page


@dataclass(frozen=True, slots=True)
class _Search:
    listing: _Listing
    wanted: WantedObjects
    found: Found

    def below(self, pool: ThreadPoolExecutor, prefix: str) -> None:
        roots = [prefix] if _is_in_layout(prefix) else self._roots(pool, prefix)
        if roots:
            _walk(pool, roots, self._step)
        else:
            self._take(self.listing.all(prefix))

    def _roots(self, pool: ThreadPoolExecutor, prefix: str) -> list[str]:
        """The folders `AWSLogs` below a prefix. Raises NothingFound for too many folders to search."""
        roots: list[str] = []
        beside: list[str] = []
        looked: list[str] = []

        def look(folder: str) -> list[str]:
            looked.append(folder)
            objects, folders = self.listing.folder(folder)
            here = [name for name in folders if name.endswith("AWSLogs/")]
            others = [name for name in folders if name not in here]
            roots.extend(here)
            if folder == prefix:
                beside.extend([*others, *(str(one["Key"]) for one in objects)])
            too_deep = folder.count("/") - prefix.count("/") >= _DEEPEST_ROOT
            return [] if too_deep or len(looked) > _MOST_FOLDERS else others

        _walk(pool, [prefix], look)
        if not roots and len(looked) > _MOST_FOLDERS:
            where = f"s3://{self.listing.bucket}/{prefix}"
            raise NothingFound(
                f"{where} has more than {_MOST_FOLDERS:,} folders and no AWSLogs; name the folder to read"
            )
        if roots:
            self.found.passed_over.extend(name for name in beside if not any(root.startswith(name) for root in roots))
        return roots

    def _step(self, prefix: str) -> list[str]:
        """Take what lies at a prefix, and tell which folders below it to look into."""
        if _TRAIL.search(prefix):
            self._take(self._in_time(prefix))
            return []
        objects, folders = self.listing.folder(prefix)
        self._take(objects)
        deeper: list[str] = []
        for folder in folders:
            leads = self._leads_to_a_trail(folder)
            if leads:
                deeper.append(folder)
            elif leads is None:
                self.found.passed_over.append(folder)
        return deeper

    def _leads_to_a_trail(self, folder: str) -> bool | None:
        """Whether to look into a folder below `AWSLogs`; None for one that has nothing to do with trails."""
        *above, name = folder.rstrip("/").split("/")
        if trail := _TRAIL.search(folder):
            return not self.wanted.regions or trail["region"] in self.wanted.regions
        if _ACCOUNT.fullmatch(name):
            return not self.wanted.accounts or name in self.wanted.accounts
        if above and _ACCOUNT.fullmatch(above[-1]):
            return True if name in _KINDS else None
        return True if name == "AWSLogs" or _ORGANISATION.fullmatch(name) else None

    def _in_time(self, prefix: str) -> Iterator[Any]:
        """The objects of a trail in one region; its keys are in the order of days."""
        trail = _TRAIL.search(prefix)
        assert trail
        region = prefix[: trail.end("region") + 1]
        last = f"{region}{self.wanted.to + timedelta(days=1):%Y/%m/%d}/" if self.wanted.to else None
        after = f"{region}{self.wanted.from_:%Y/%m/%d}/" if self.wanted.from_ else None
        for listed in self.listing.all(prefix, after):
            if last and listed["Key"] >= last:
                return
            yield listed

    def _take(self, listed: Iterable[Any]) -> None:
        taken = (_object(self.listing.bucket, one) for one in listed if not one["Key"].endswith("/"))
        self.found.objects.extend(one for one in taken if self._is_wanted(one))

    def _is_wanted(self, one: S3Object) -> bool:
        wanted = self.wanted
        return (
            (not wanted.accounts or one.account_id is None or one.account_id in wanted.accounts)
            and (not wanted.regions or one.aws_region is None or one.aws_region in wanted.regions)
            and (wanted.from_ is None or one.day is None or one.day >= wanted.from_)
            and (wanted.to is None or one.day is None or one.day <= wanted.to)
        )


def _walk(pool: ThreadPoolExecutor, start: Iterable[str], step: Callable[[str], list[str]]) -> None:
    """Call `step` on each prefix, and on those that it returns, several at once."""
    waiting: set[Future[list[str]]] = {pool.submit(step, prefix) for prefix in start}
    while waiting:
        done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
        for future in done:
            waiting |= {pool.submit(step, prefix) for prefix in future.result()}


def _is_in_layout(prefix: str) -> bool:
    return "AWSLogs/" in prefix or prefix.endswith("AWSLogs") or _TRAIL.search(prefix) is not None


def _object(bucket: str, listed: Any) -> S3Object:
    key = str(listed["Key"])
    trail = _TRAIL.search(key)
    return S3Object(
        bucket,
        key,
        str(listed.get("ETag") or "").strip('"'),
        int(listed.get("Size") or 0),
        trail["account"] if trail else None,
        trail["region"] if trail else None,
        _day(trail["day"]) if trail else None,
        listed.get("StorageClass") in _ARCHIVED,
    )


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text.replace("/", "-")) if text else None
    except ValueError:
        return None
