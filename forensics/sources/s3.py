"""S3: finds the objects of trails below a URL by listing folders.

A trail writes to `[PREFIX/]AWSLogs/[ORGANIZATION/]ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/`, and Control Tower adds the
organization before `AWSLogs`, too. Digests and network activity are in folders beside `CloudTrail/`. Folders named
`AWSLogs` are searched for, and below them only folders of trails of the wanted accounts, regions and days are listed.
Without a folder `AWSLogs`, all objects below the URL are returned. The day in a key is the day of delivery.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from forensics.errors import NothingFound
from forensics.sources.aws import Client, convert_aws_errors
from forensics.sources.s3_url import S3Url

LISTINGS = 16
# maximum depth below the URL of a folder `AWSLogs`
_DEEPEST_ROOT = 4
_MOST_FOLDERS = 1_000
_KINDS = frozenset(
    ["CloudTrail", "CloudTrail-Digest", "CloudTrail-NetworkActivity", "CloudTrail-Insight", "CloudTrail-Aggregated"]
)
_ARCHIVED = frozenset(["GLACIER", "DEEP_ARCHIVE"])
_ACCOUNT = re.compile(r"\d{12}")
_ORGANIZATION = re.compile(r"o-[a-z0-9]+")
_TRAIL = re.compile(
    r"(?:^|/)(?P<account>\d{12})/CloudTrail(?:-[A-Za-z]+)?/(?P<region>[a-z]+(?:-[a-z]+)+-\d+)/"
    r"(?:(?P<day>\d{4}/\d\d/\d\d)/)?"
)


@dataclass(frozen=True, slots=True)
class ObjectFilter:
    """Selects objects; an empty value does not restrict. `from_`, `to`: the first and last day of delivery."""

    accounts: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    from_: date | None = None
    to: date | None = None


@dataclass(frozen=True, slots=True)
class S3Object:
    """An object of a listing; `size` in bytes. Account, region and day (UTC) are None if its key lacks them."""

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
    """Objects sorted by day. `passed_over`: skipped prefixes, which are beside the folders of trails."""

    objects: list[S3Object] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)


def find_objects(
    client: Client, url: S3Url, wanted: ObjectFilter, listed: Callable[[int], None], *, request_payer: bool = False
) -> Found:
    """Return the wanted objects below `url`. Raises AwsFailed and NothingFound.

    `listed`: called with the number of objects of each page.
    """
    with convert_aws_errors(f"cannot list {url}"), ThreadPoolExecutor(LISTINGS) as pool:
        search = _Search(_Listing(client, url.bucket, request_payer, listed), wanted, Found())
        try:
            search.below(pool, url.prefix)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    found = search.found
    if not found.objects:
        raise NothingFound(_not_found(url, wanted, found))
    found.objects.sort(key=lambda one: (one.day or date.min, one.key))
    found.passed_over.sort()
    return found


def _not_found(url: S3Url, wanted: ObjectFilter, found: Found) -> str:
    skipped = f"; skipped {', '.join(sorted(found.passed_over)[:3])}" if found.passed_over else ""
    advice = "; check --account, --region, --since and --until" if wanted != ObjectFilter() else ""
    return f"no objects of a trail found below {url}{skipped}{advice}"


@dataclass(frozen=True, slots=True)
class _Listing:
    """Calls ListObjectsV2 on one bucket."""

    client: Client
    bucket: str
    request_payer: bool
    listed: Callable[[int], None]

    def folder(self, prefix: str) -> tuple[list[Any], list[str]]:
        """Return the objects and the folders directly below a prefix."""
        objects: list[Any] = []
        folders: list[str] = []
        for page in self._pages(Prefix=prefix, Delimiter="/"):
            objects += page.get("Contents", [])
            folders += [str(folder["Prefix"]) for folder in page.get("CommonPrefixes", [])]
        return objects, folders

    def all(self, prefix: str, after: str | None = None) -> Iterator[Any]:
        """Yield every object below a prefix, sorted by key, that comes after the key `after`."""
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
    wanted: ObjectFilter
    found: Found

    def below(self, pool: ThreadPoolExecutor, prefix: str) -> None:
        roots = [prefix] if _is_in_layout(prefix) else self._roots(pool, prefix)
        if roots:
            _walk(pool, roots, self._step)
        else:
            self._add(self.listing.all(prefix))

    def _roots(self, pool: ThreadPoolExecutor, prefix: str) -> list[str]:
        """Return the folders `AWSLogs` below a prefix. Raises NothingFound for too many folders to search."""
        roots: list[str] = []
        beside: list[str] = []
        searched: list[str] = []

        def search(folder: str) -> list[str]:
            searched.append(folder)
            objects, folders = self.listing.folder(folder)
            here = [name for name in folders if name.endswith("AWSLogs/")]
            others = [name for name in folders if name not in here]
            roots.extend(here)
            if folder == prefix:
                beside.extend([*others, *(str(one["Key"]) for one in objects)])
            too_deep = folder.count("/") - prefix.count("/") >= _DEEPEST_ROOT
            return [] if too_deep or len(searched) > _MOST_FOLDERS else others

        _walk(pool, [prefix], search)
        if not roots and len(searched) > _MOST_FOLDERS:
            where = f"s3://{self.listing.bucket}/{prefix}"
            raise NothingFound(
                f"{where} has more than {_MOST_FOLDERS:,} folders and no AWSLogs; add the folder to read to the URL"
            )
        if roots:
            self.found.passed_over.extend(name for name in beside if not any(root.startswith(name) for root in roots))
        return roots

    def _step(self, prefix: str) -> list[str]:
        """Add the objects at a prefix, and return the folders below it to search."""
        if _TRAIL.search(prefix):
            self._add(self._in_time(prefix))
            return []
        objects, folders = self.listing.folder(prefix)
        self._add(objects)
        deeper: list[str] = []
        for folder in folders:
            is_searched = self._is_searched(folder)
            if is_searched:
                deeper.append(folder)
            elif is_searched is None:
                self.found.passed_over.append(folder)
        return deeper

    def _is_searched(self, folder: str) -> bool | None:
        """Return whether to search a folder below `AWSLogs`; None for a folder that is not part of a trail."""
        *above, name = folder.rstrip("/").split("/")
        if trail := _TRAIL.search(folder):
            return not self.wanted.regions or trail["region"] in self.wanted.regions
        if _ACCOUNT.fullmatch(name):
            return not self.wanted.accounts or name in self.wanted.accounts
        if above and _ACCOUNT.fullmatch(above[-1]):
            return True if name in _KINDS else None
        return True if name == "AWSLogs" or _ORGANIZATION.fullmatch(name) else None

    def _in_time(self, prefix: str) -> Iterator[Any]:
        """Yield the objects of a trail in one region and the wanted days. Its keys are sorted by day."""
        trail = _TRAIL.search(prefix)
        assert trail
        region = prefix[: trail.end("region") + 1]
        last = f"{region}{self.wanted.to + timedelta(days=1):%Y/%m/%d}/" if self.wanted.to else None
        after = f"{region}{self.wanted.from_:%Y/%m/%d}/" if self.wanted.from_ else None
        for listed in self.listing.all(prefix, after):
            if last and listed["Key"] >= last:
                return
            yield listed

    def _add(self, listed: Iterable[Any]) -> None:
        objects = (_object(self.listing.bucket, one) for one in listed if not one["Key"].endswith("/"))
        self.found.objects.extend(one for one in objects if self._is_wanted(one))

    def _is_wanted(self, one: S3Object) -> bool:
        wanted = self.wanted
        return (
            (not wanted.accounts or one.account_id is None or one.account_id in wanted.accounts)
            and (not wanted.regions or one.aws_region is None or one.aws_region in wanted.regions)
            and (wanted.from_ is None or one.day is None or one.day >= wanted.from_)
            and (wanted.to is None or one.day is None or one.day <= wanted.to)
        )


def _walk(pool: ThreadPoolExecutor, start: Iterable[str], step: Callable[[str], list[str]]) -> None:
    """Call `step` in parallel for each prefix, and for the prefixes that it returns."""
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
