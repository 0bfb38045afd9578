"""Identifiers: their types, and the accounts in them (docs/attribution.md#account-in-an-id)."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from forensics.errors import NotAnIdentifier, SecretRefused
from forensics.identifiers import (
    CHECKED,
    MAY_BE_MASKED,
    UNMASKED,
    Identifier,
    SubjectType,
    Unmasking,
    account_of,
    identify,
    role_of_session,
)

BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


@pytest.mark.parametrize(
    ("unique_id", "account"),
    [
        ("ASIAY34FZKBOKMUTVV7A", "609629065308"),
        ("ASIAY34FZKBNKMUTVV7A", "609629065306"),
        ("ASIAY34FZKAOKMUTVV7A", "609629065244"),
        ("ASIAQNZGKIQY56JQ7WML", "029608264753"),
        ("ASIAR2TG44V5PDTTBZRR", "125843596666"),
        ("AKIAQAAAAAAAAAAAAAAA", "000000000000"),
        ("AKIA6RVFFB77AAAAAAAA", "999999999998"),
        ("AKIA6RVFFB77QAAAAAAA", "999999999999"),
        ("AKIAYT723HMDSAE2OSWV", "592694688519"),
        ("ASIAY24FZKAOLBRPB3V3", "607481581596"),
        ("ASIA52RQV423TWB3UWEE", "950363612855"),
        ("ASIA52RQV4232GGDZ2HL", "950363612855"),
        ("ASIATQWUQYEKGVBAXMQC", "242037604628"),
        ("AROATQWUQYEKCGAFPUATL", "242037604628"),
        ("ASIAU2BKJY5R6EERNQUZ", "330801203043"),
        ("AROAU2BKJY5R2NBYTVOUC", "330801203043"),
        ("ASIA52CDAKM456D2HKTH", "949328302905"),
        ("ASIA2NCBAL3RITJGADU7", "715248393954"),
        ("ASIAUB266OVZDVEW755K", "278835131762"),
        ("AROAUB266OVZCWROZTVQR", "278835131762"),
        ("AROATFQR7NSCQNEXZHIOB", "218007301253"),
        ("ASIATFQR7NSC7E2ZIBM2", "218007301253"),
    ],
)
def test_the_account_of_the_reference_vectors(unique_id: str, account: str) -> None:
    assert account_of(unique_id) == account


@pytest.mark.parametrize(
    "unique_id",
    [
        "ASIAc29tZXRoaW5nCg==",
        "ASIAIOSFODNN7AAAAAAA",
        "ASIAJ44QH8DHBAAAAAAA",
        "AKIAIOSFODNN7EXAMPLE",
        "AKIAI44QH8DHBEXAMPLE",
        "AKIATFQR7NSC8Q4X20BJ",
        "AKIA777777777AAAAAAA",
        "",
        "alice",
    ],
)
def test_ids_that_carry_no_account(unique_id: str) -> None:
    assert account_of(unique_id) is None


@given(account=st.integers(0, 10**12 - 1), low=st.integers(0, 15), tail=st.text(BASE32, min_size=7, max_size=8))
@settings(deadline=None, max_examples=100)
def test_an_account_that_was_written_into_an_id_is_read_back(account: int, low: int, tail: str) -> None:
    bits = 1 << 44 | account << 4 | low
    body = "".join(BASE32[bits >> 5 * place & 31] for place in reversed(range(9)))
    assert account_of(f"ASIA{body}{tail}") == f"{account:012d}"


@given(st.text())
@settings(deadline=None, max_examples=200)
def test_any_text_has_an_account_or_none(text: str) -> None:
    account = account_of(text)
    assert account is None or (len(account) == 12 and account.isdigit())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("AKIAYT723HMDSAE2OSWV", Identifier(SubjectType.ACCESS_KEY, "AKIAYT723HMDSAE2OSWV")),
        (" ASIAY34FZKBOKMUTVV7A\n", Identifier(SubjectType.ACCESS_KEY, "ASIAY34FZKBOKMUTVV7A")),
        (
            "0A1B2C3D-1111-2222-3333-444455556666",
            Identifier(SubjectType.EVENT, "0a1b2c3d-1111-2222-3333-444455556666"),
        ),
        (
            "arn:aws:sts::111122223333:assumed-role/deploy/build",
            Identifier(SubjectType.SESSION, "arn:aws:sts::111122223333:assumed-role/deploy/build"),
        ),
        (
            "arn:aws-us-gov:iam::111122223333:user/alice",
            Identifier(SubjectType.SESSION, "arn:aws-us-gov:iam::111122223333:user/alice"),
        ),
        ("AIDAYT723HMDSAE2OSWV2", Identifier(SubjectType.PRINCIPAL, "AIDAYT723HMDSAE2OSWV2")),
        ("AROATQWUQYEKCGAFPUATL", Identifier(SubjectType.PRINCIPAL, "AROATQWUQYEKCGAFPUATL")),
        ("AROATQWUQYEKCGAFPUATL:build", Identifier(SubjectType.PRINCIPAL, "AROATQWUQYEKCGAFPUATL:build")),
        ("111122223333:federated", Identifier(SubjectType.PRINCIPAL, "111122223333:federated")),
        ("111122223333", Identifier(SubjectType.PRINCIPAL, "111122223333")),
    ],
)
def test_each_kind_of_identifier_is_told(text: str, expected: Identifier) -> None:
    assert identify(text) == expected


@pytest.mark.parametrize("text", ["", "alice", "AKIA", "1234", "not an identifier", "x" * 39])
def test_what_is_no_identifier_is_refused(text: str) -> None:
    with pytest.raises(NotAnIdentifier) as refusal:
        identify(text)
    assert not isinstance(refusal.value, SecretRefused)


@given(
    secret=st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/+", min_size=40, max_size=900),
    before=st.sampled_from(["", "AWS_SECRET_ACCESS_KEY=", "AKIAYT723HMDSAE2OSWV ", "\n"]),
)
@settings(deadline=None, max_examples=200)
def test_a_secret_is_refused_and_never_repeated(secret: str, before: str) -> None:
    with pytest.raises(SecretRefused) as refusal:
        identify(before + "a" + secret)
    assert not any(secret[start : start + 12] in str(refusal.value) for start in range(len(secret) - 12))


def test_a_secret_access_key_of_forty_capitals_is_a_secret_and_no_key_id() -> None:
    with pytest.raises(SecretRefused):
        identify("A" * 40)
    with pytest.raises(SecretRefused):
        identify(SECRET)


@pytest.mark.parametrize("text", ["asiay34fzkbokmutvv7a", " AsiaY34FZKBOKMUTVV7A "])
def test_an_access_key_in_lower_case_is_the_same_key(text: str) -> None:
    assert identify(text) == Identifier(SubjectType.ACCESS_KEY, "ASIAY34FZKBOKMUTVV7A")


@pytest.mark.parametrize("text", ["asia-pacific", "alice", "administratorsessions", "asiapacific"])
def test_a_word_in_lower_case_is_no_access_key(text: str) -> None:
    with pytest.raises(NotAnIdentifier):
        identify(text)


@pytest.mark.parametrize(
    ("arn", "role"),
    [
        ("arn:aws:sts::704560302692:assumed-role/deployer/a/b", "deployer"),
        ("arn:aws:sts::704560302692:assumed-role/deployer", "deployer"),
        ("arn:aws:sts::704560302692:assumed-role/", None),
        ("arn:aws:iam::704560302692:role/deployer", None),
        ("arn:aws:iam::704560302692:user/assumed-role/deployer", None),
        (None, None),
    ],
)
def test_the_arn_of_a_session_names_its_role(arn: str | None, role: str | None) -> None:
    assert role_of_session(arn) == role


MASKS = st.sampled_from(
    "* *** XXXXXXXX xXxXxXxX aaaaaaaa 99999999 REDACTED redacted Hidden masked REMOVED <redacted> [x] (x)"
    " HIDDEN_DUE_TO_SECURITY_REASONS \u212a mas\u212aed".split()
)
PIECES = st.sampled_from(
    ["AKIA", "AROA", "ASIA2ICYRBJSCUQBO6WH", "arn:aws:iam::", "111122223333", ":", "/", "user", " "]
)


@pytest.mark.parametrize("function", Unmasking._fields)
@given(texts=st.lists(st.lists(PIECES | MASKS | st.text(max_size=3), max_size=6).map("".join), min_size=1))
@example(texts=[":session"])
@example(texts=["  akia2icyrbjscuqbo6wh"])
@settings(max_examples=200)
def test_json_without_a_mark_of_a_mask_has_no_masked_value(function: str, texts: list[str]) -> None:
    column = pa.array([json.dumps(text, ensure_ascii=False).encode() for text in texts], pa.binary())
    for text, may_be_masked in zip(texts, pc.match_substring_regex(column, MAY_BE_MASKED).to_pylist(), strict=True):
        if not may_be_masked:
            assert getattr(UNMASKED, function)(text) == getattr(CHECKED, function)(text)
