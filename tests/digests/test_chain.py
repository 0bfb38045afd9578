"""Every state of a chain: the right verdict for each file and each window."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from forensics.answers.verify_answer import Verification
from tests.digests.verified import statuses, verified
from tests.simulator.digests import (
    BUCKET,
    HOUR,
    START,
    Chain,
    Object,
    TrailOfDigests,
    chain,
    digest,
    public_keys,
    signed,
    signer,
    with_other_content,
    write_objects,
)

WHOLE = chain()
TIP = WHOLE.digests[-1]
FIRST_LOG = WHOLE.logs[0][0]


def name(one: Object) -> str:
    return one.key.rpartition("/")[2]


def without(*left_out: Object, of: Chain = WHOLE) -> list[Object]:
    return [one for one in of.objects if one not in left_out]


def breaks(answer: Verification) -> list[tuple[str, int]]:
    return [(one.kind, one.at_least) for chain in answer.chains for one in chain.breaks]


def test_a_whole_chain_with_the_metadata_of_its_newest_digest_is_signed(tmp_path: Path) -> None:
    answer = verified(tmp_path, WHOLE.objects, heads=[TIP])
    assert (answer.logs, answer.digests) == ({"signed": 5}, {"signed": 5})
    (windows,) = answer.chains[0].windows
    assert (windows.windows, windows.complete, windows.verified) == (5, True, True)
    assert (windows.from_, windows.to) == (START.replace(tzinfo=None), (START + 5 * HOUR).replace(tzinfo=None))
    assert windows.first_event_time == (START + timedelta(minutes=30)).replace(tzinfo=None)
    assert windows.last_event_time == (START + timedelta(hours=4, minutes=30)).replace(tzinfo=None)
    assert answer.complaint is None


@pytest.mark.parametrize("printed", [{"Metadata": dict(TIP.metadata)}, dict(TIP.metadata)])
def test_the_metadata_is_read_however_little_the_command_printed(tmp_path: Path, printed: dict[str, object]) -> None:
    head = tmp_path / "logs" / f"{TIP.key}.head.json"
    head.parent.mkdir(parents=True)
    head.write_text(json.dumps(printed))
    answer = verified(tmp_path, WHOLE.objects)
    assert (answer.logs, answer.digests) == ({"signed": 5}, {"signed": 5})


def test_a_copy_without_metadata_leaves_the_newest_digest_open_and_says_so(tmp_path: Path) -> None:
    answer = verified(tmp_path, WHOLE.objects)
    assert statuses(answer, "digest") == {name(one): "unverified" if one is TIP else "signed" for one in WHOLE.digests}
    newest = next(one for one in answer.files if one.status == "unverified" and one.kind == "digest")
    assert "metadata" in newest.reason
    assert statuses(answer)[name(WHOLE.logs[-1][0])] == "unverified"
    assert [(one.windows, one.verified) for one in answer.chains[0].windows] == [(4, True), (1, False)]


def test_without_public_keys_digests_are_chained_by_their_hashes_to_a_newest_that_nothing_vouches_for(
    tmp_path: Path,
) -> None:
    answer = verified(tmp_path, WHOLE.objects, heads=[TIP], keys=())
    assert answer.digests == {"hash-chained": 4, "unverified": 1}
    assert answer.logs == {"hash-chained": 4, "unverified": 1}
    assert not any(one.is_proven for one in answer.files)
    assert not any(one.verified for one in answer.chains[0].windows)
    assert any("--keys" in limit for limit in answer.limits)


def test_a_key_that_is_not_at_hand_leaves_its_digests_chained_to_signed_ones(tmp_path: Path) -> None:
    older = chain((1, 1), by=signer("older key"))
    after = digest(older.trail, START + 3 * HOUR, [], older.digests[-1], signer())
    answer = verified(tmp_path, [*older.objects, after], heads=[after])
    assert answer.digests == {"signed": 1, "hash-chained": 2}
    assert answer.logs == {"hash-chained": 2}
    assert all(one.is_proven for one in answer.files)


def test_a_log_changed_by_one_byte_is_found(tmp_path: Path) -> None:
    changed = with_other_content(FIRST_LOG, FIRST_LOG.content.replace(b"alice", b"bruce", 1))
    answer = verified(tmp_path, [*without(FIRST_LOG), changed], heads=[TIP])
    assert [key for key, status in statuses(answer).items() if status == "changed"] == [name(FIRST_LOG)]
    assert answer.logs == {"signed": 4, "changed": 1}
    assert [(one.windows, one.complete) for one in answer.chains[0].windows] == [(1, False), (4, True)]


def test_a_log_that_is_gone_is_missing(tmp_path: Path) -> None:
    answer = verified(tmp_path, without(FIRST_LOG), heads=[TIP])
    assert statuses(answer)[name(FIRST_LOG)] == "missing"
    assert answer.logs == {"signed": 4, "missing": 1}


def test_a_log_gzipped_anew_or_not_at_all_is_unchanged(tmp_path: Path) -> None:
    write_objects(without(FIRST_LOG), tmp_path / "logs")
    (tmp_path / "logs" / "renamed.json").write_bytes(FIRST_LOG.content)
    answer = verified(tmp_path, without(FIRST_LOG), heads=[TIP])
    assert answer.logs == {"signed": 5}


def test_a_file_that_is_damaged_is_changed(tmp_path: Path) -> None:
    damaged = tmp_path / "logs" / FIRST_LOG.key
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(FIRST_LOG.body[:-20])
    assert verified(tmp_path, without(FIRST_LOG), heads=[TIP]).logs == {"signed": 4, "changed": 1}


@pytest.mark.parametrize(("gone", "at_least"), [((2,), 1), ((2, 3), 2), ((1, 3), 1)])
def test_digests_that_are_removed_leave_a_gap_of_their_length(
    tmp_path: Path, gone: tuple[int, ...], at_least: int
) -> None:
    answer = verified(tmp_path, without(*(WHOLE.digests[index] for index in gone)), heads=[TIP])
    gaps = [one for one in answer.chains[0].breaks if one.kind == "gap"]
    assert {gap.at_least for gap in gaps} == {at_least}
    assert len(gaps) == (2 if gone == (1, 3) else 1)
    assert statuses(answer, "digest")[name(WHOLE.digests[max(gone)])] == "missing"
    unlisted = [name(one) for index in gone for one in WHOLE.logs[index]]
    assert {statuses(answer)[one] for one in unlisted} <= {"unverified"}
    # the one before a gap has nobody left who carries its signature
    assert statuses(answer, "digest")[name(WHOLE.digests[min(gone) - 1])] == "unverified"


def test_a_chain_cut_at_its_old_end_says_which_digest_came_before(tmp_path: Path) -> None:
    answer = verified(tmp_path, without(*WHOLE.digests[:2]), heads=[TIP])
    (beginning,) = answer.chains[0].breaks
    assert (beginning.kind, beginning.s3_object) == ("beginning", WHOLE.digests[1].key)
    assert answer.digests == {"signed": 3}


def test_logging_that_was_started_again_is_a_restart(tmp_path: Path) -> None:
    again = chain((1, 1), start=START + 9 * HOUR)
    answer = verified(tmp_path, [*WHOLE.objects, *again.objects], heads=[TIP, again.digests[-1]])
    assert breaks(answer) == [("beginning", 0), ("restart", 0)]
    assert answer.digests == {"signed": 7}


def test_a_moved_file_is_told_only_where_its_place_is_known(tmp_path: Path) -> None:
    moved = replace(FIRST_LOG, key=FIRST_LOG.key.replace("/10/01/", "/10/02/"))
    objects = [*without(FIRST_LOG), moved]
    known = verified(tmp_path / "known", objects, heads=[TIP], bucket=BUCKET)
    assert [one.name for one in known.files if one.moved] == [moved.key]
    assert known.logs == {"signed": 5}
    other = verified(tmp_path / "other", objects, heads=[TIP], bucket="another-bucket")
    assert all(one.moved for one in other.files)
    unknown = verified(tmp_path / "unknown", objects, heads=[TIP])
    assert {one.moved for one in unknown.files} == {None}
    assert any("--bucket" in limit for limit in unknown.limits)


def test_a_digest_changed_by_one_byte_says_nothing_about_its_files(tmp_path: Path) -> None:
    target = WHOLE.digests[1]
    changed = with_other_content(target, target.content.replace(b'"SHA-256"', b'"SHA-257"', 1))
    for keys, strongest in ((None, "signed"), ((), "hash-chained")):
        answer = verified(tmp_path / strongest, [*without(target), changed], heads=[TIP], keys=keys)
        assert statuses(answer, "digest")[name(target)] == "changed"
        assert {statuses(answer)[name(one)] for one in WHOLE.logs[1]} == {"unverified"}
        assert statuses(answer)[name(WHOLE.logs[3][0])] == strongest


def forged(target: Object, log: Object, lie: Object, by: str, claims: str) -> Object:
    """A digest that lists other content for a log, signed with a fresh key, which it names or hides."""
    document = json.loads(target.content)
    for listed in document["logFiles"]:
        if listed["s3Object"] == log.key:
            listed["hashValue"] = lie.sha256
    document["digestPublicKeyFingerprint"] = signer(claims).fingerprint
    return signed(document, signer(by))


@pytest.mark.parametrize("claims", ["AWS", "fresh"])
@pytest.mark.parametrize("place", [1, 4])
def test_a_forged_digest_vouches_for_nothing(tmp_path: Path, claims: str, place: int) -> None:
    target, log = WHOLE.digests[place], WHOLE.logs[place][0]
    lie = with_other_content(log, log.content.replace(b"alice", b"bruce"))
    fake = forged(target, log, lie, "fresh", claims)
    answer = verified(tmp_path, [*without(target, log), fake, lie], heads=[fake])
    hidden_in_the_tip = place == 4 and claims == "fresh"
    assert statuses(answer, "digest")[name(target)] == ("unverified" if hidden_in_the_tip else "changed")
    (found,) = (one for one in answer.files if one.name == lie.key)
    assert (found.status, found.is_proven) == ("unverified", False)


def test_a_forged_digest_beside_the_real_one_does_not_hide_a_change(tmp_path: Path) -> None:
    lie = with_other_content(FIRST_LOG, FIRST_LOG.content.replace(b"alice", b"bruce"))
    fake = replace(forged(WHOLE.digests[0], FIRST_LOG, lie, "fresh", "fresh"), key="elsewhere/fake.json.gz")
    answer = verified(tmp_path, [*without(FIRST_LOG), fake, lie], heads=[TIP])
    (found,) = (one for one in answer.files if one.name == lie.key)
    assert found.status == "changed"
    assert next(one for one in answer.files if one.name == fake.key).status == "changed"
    assert answer.digests == {"signed": 5, "changed": 1}


def test_somebody_elses_key_is_believed_only_if_it_was_brought(tmp_path: Path) -> None:
    theirs = chain(by=signer("fresh"))
    objects = [*theirs.objects]
    assert verified(tmp_path / "no", objects, heads=[theirs.digests[-1]]).digests == {
        "hash-chained": 4,
        "unverified": 1,
    }
    brought = verified(tmp_path / "yes", objects, heads=[theirs.digests[-1]], keys=[signer("fresh")])
    assert brought.digests == {"signed": 5}
    assert any("who provided them" in limit for limit in brought.limits)


def test_trails_regions_and_backfill_are_chains_of_their_own(tmp_path: Path) -> None:
    trails = [
        TrailOfDigests(),
        TrailOfDigests(name="second_trail"),
        TrailOfDigests(region="eu-west-1"),
        TrailOfDigests(backfill=True),
    ]
    chains = [chain((1, 1, 1), trail) for trail in trails]
    objects = [one for each in chains for one in each.objects if one is not chains[1].digests[1]]
    answer = verified(tmp_path, objects, heads=[each.digests[-1] for each in chains])
    assert [(c.aws_region, c.trail, c.backfill, c.digests) for c in answer.chains] == [
        ("eu-west-1", "main", False, {"signed": 3}),
        ("us-east-1", "main", False, {"signed": 3}),
        ("us-east-1", "main", True, {"signed": 3}),
        ("us-east-1", "second_trail", False, {"signed": 1, "unverified": 1}),
    ]
    assert [len([one for one in each.breaks if one.kind == "gap"]) for each in answer.chains] == [0, 0, 0, 1]


def test_one_log_listed_by_two_trails_is_as_good_as_the_better_of_them(tmp_path: Path) -> None:
    other = TrailOfDigests(name="other")
    second = digest(other, START + HOUR, WHOLE.logs[0], None, signer("unknown"))
    answer = verified(tmp_path, [*WHOLE.objects, second], heads=[TIP, second])
    assert answer.logs == {"signed": 5}


def test_a_key_with_another_fingerprint_is_refused_and_named(tmp_path: Path) -> None:
    listed = public_keys(signer())
    listed["PublicKeyList"][0]["Fingerprint"] = "0" * 32
    listed["PublicKeyList"] += [{"Value": "bm8ga2V5", "Fingerprint": "1" * 32}]
    folder = write_objects(WHOLE.objects, tmp_path / "logs")
    (folder / "keys.json").write_text(json.dumps(listed))
    answer = verified(tmp_path, (), keys=())
    assert [(key.fingerprint[0], key.digests, bool(key.refused)) for key in answer.public_keys] == [
        ("0", 0, True),
        ("1", 0, True),
    ]
    assert answer.digests == {"hash-chained": 4, "unverified": 1}


def hostile() -> dict[str, bytes]:
    document = json.loads(WHOLE.digests[1].content)
    looping = {**document, "previousDigestS3Object": document["digestS3Object"]}
    return {
        "a loop to itself": json.dumps(looping).encode(),
        "a number for a time": json.dumps({**document, "digestEndTime": 5}).encode(),
        "log files of another type": json.dumps({**document, "logFiles": {"a": 1}}).encode(),
        "a null hash": json.dumps({**document, "logFiles": [{**document["logFiles"][0], "hashValue": None}]}).encode(),
        "a signature of letters": json.dumps({**document, "previousDigestSignature": "x\u2028y"}).encode(),
        "another name": json.dumps({**document, "digestS3Object": "../../etc/passwd"}).encode(),
        "time without end": json.dumps({**document, "digestEndTime": "9999-99-99T00:00:00Z"}).encode(),
        "a surrogate": json.dumps({**document, "digestS3Bucket": "b\ud800"}).encode(),
        "very many files": json.dumps(document)[:-1].encode() + b',"x":[' + b'"hashValue",' * 200_001 + b"1]}",
    }


@pytest.mark.parametrize("what", hostile())
def test_a_hostile_digest_is_named_and_changes_nothing_else(tmp_path: Path, what: str) -> None:
    bad = Object("AWSLogs/hostile.json.gz", hostile()[what])
    answer = verified(tmp_path, [*WHOLE.objects, bad], heads=[TIP])
    (found,) = (one for one in answer.files if one.name == bad.key)
    assert found.status in ("unverified", "changed")
    assert found.reason
    assert (answer.logs["signed"], answer.digests["signed"]) == (5, 5)


def test_two_digests_that_lead_to_one_another_end(tmp_path: Path) -> None:
    first, second = (json.loads(one.content) for one in WHOLE.digests[:2])
    first |= {"previousDigestS3Object": second["digestS3Object"], "previousDigestS3Bucket": BUCKET}
    objects = [signed(one, signer("fresh")) for one in (first, second)]
    answer = verified(tmp_path, objects)
    assert sum(answer.digests.values()) >= 2
    assert not any(one.is_proven for one in answer.files)


def test_without_digests_nothing_is_proven_and_the_answer_says_so(tmp_path: Path) -> None:
    answer = verified(tmp_path, [FIRST_LOG])
    assert (answer.logs, answer.digests, answer.chains) == ({"unverified": 1}, {}, ())
    assert "no digest files were loaded" in answer.limits[0]
    assert "nothing is proven" in (answer.complaint or "")
