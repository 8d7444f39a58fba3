"""The table of vendor codes.

- No code of the API's pages is missing or doubled.
- A code is found in any spelling: case, outer blanks, APIG or APIGW.
- Meanings and hints are fragments that fit into a longer line.
- A transient code is a code that a later poll may cure: never a refusal, never a bad request.
- If a code comes with several HTTP statuses, the status decides.
"""

from __future__ import annotations

from collections import Counter

import pytest

from pulumi_bms.api import error_codes
from pulumi_bms.api.error_codes import CODES, Code, Kind

EVERY_CODE = sorted(CODES.items())


def test_every_documented_code_is_there_once() -> None:
    """The table has 133 codes of the service, 13 shared codes, 35 of the gateway, and 15 of billing."""
    assert Counter(code.split(".")[0] for code in CODES) == {"BMS": 133, "Common": 13, "APIGW": 35, "CBC": 15}
    assert len({code.upper() for code in CODES}) == len(CODES)


@pytest.mark.parametrize(
    ("code", "kind", "transient", "meaning", "hint"),
    [
        ("BMS.3037", Kind.CAPACITY, False, "no resources or the server failed to start", "try another flavor or"),
        ("BMS.3004", Kind.JOB_RESULT, False, "create failed", "read the reports of the sub-jobs"),
        ("BMS.0212", Kind.SERVICE, True, "the service is overloaded", "try again later"),
        ("BMS.0216", Kind.BILLING, False, "the order could not be submitted", "check the account's balance"),
        ("BMS.0054", Kind.CAPACITY, False, "too few servers of the flavor are free", "ask for fewer servers"),
        ("Common.0011", Kind.NOT_FOUND, False, "no such job", "check job id, project and endpoint"),
        ("Common.0024", Kind.THROTTLED, True, "too many requests at this moment", "try again later"),
        ("APIGW.0301", Kind.AUTH, False, "the credential was not accepted", "check access key"),
        ("APIGW.0307", Kind.AUTH, False, "the token has to be renewed", "get a new token"),
        ("APIGW.0308", Kind.THROTTLED, True, "too many requests in this minute", "try again later"),
    ],
)
def test_the_codes_that_people_meet(code: str, kind: Kind, *, transient: bool, meaning: str, hint: str) -> None:
    """The table has kind, meaning and the start of the hint of the most common codes."""
    known = error_codes.lookup(code)
    assert known is not None
    assert (known.kind, known.transient, known.meaning) == (kind, transient, meaning)
    assert known.hint.startswith(hint)


@pytest.mark.parametrize("code", [None, "", "  ", "Ecs.0307", "Ecs.BMS.3037", "BMS.9999", "3037", "401", "BMS3037"])
def test_an_unknown_code_is_none(code: str | None) -> None:
    """A code of a different service, a bare number or an empty text is unknown, and stays unchanged."""
    assert error_codes.lookup(code) is None
    assert error_codes.normalise(code) == error_codes.describe(code) == (code or "").strip()


def test_a_description_keeps_the_code_as_it_came() -> None:
    """A description has the code in the server's spelling and then the meaning, without the hint."""
    assert error_codes.describe("BMS.3004") == "BMS.3004 create failed"
    assert error_codes.describe(" APIG.0307 ") == "APIG.0307 the token has to be renewed"


@pytest.mark.parametrize(("code", "known"), EVERY_CODE)
def test_meaning_and_hint_fit_into_a_line(code: str, known: Code) -> None:
    """Meaning and hint have a limited length, begin in lower case, end without a full stop, and are ASCII."""
    for text, longest in ((known.meaning, 75), (known.hint, 105)):
        assert 5 <= len(text) <= longest, code
        assert text == " ".join(text.split())
        assert text.isascii()
        assert not text[0].isupper()
        assert text[-1] not in ".!:;,"


@pytest.mark.parametrize(("code", "known"), EVERY_CODE)
def test_only_kinds_that_time_can_cure_are_transient(code: str, known: Code) -> None:
    """A failed lookup and throttling are transient. A fault of the service may be. All other kinds are not."""
    if known.kind in {Kind.LOOKUP, Kind.THROTTLED}:
        assert known.transient, code
    elif known.kind is not Kind.SERVICE:
        assert not known.transient, code


def test_rejected_credentials_are_about_the_credential_alone() -> None:
    """Every rejected-credential code is a known code of authentication, and never a code of rights or projects."""
    assert error_codes.REJECTED_CREDENTIAL_CODES.issubset(CODES)
    assert {CODES[code].kind for code in error_codes.REJECTED_CREDENTIAL_CODES} == {Kind.AUTH}
    assert error_codes.normalise("apig.0301") in error_codes.REJECTED_CREDENTIAL_CODES
    rights = {"APIGW.0302", "APIGW.0304", "APIGW.0306", "BMS.0004", "BMS.0005", "BMS.0033", "BMS.0288", "Common.0018"}
    assert not rights & error_codes.REJECTED_CREDENTIAL_CODES


def test_the_table_can_not_be_changed() -> None:
    """The table of codes is read-only."""
    with pytest.raises(TypeError):
        CODES["BMS.0001"] = CODES["BMS.0002"]  # type: ignore[index]
    with pytest.raises(AttributeError):
        CODES["BMS.0001"].hint = "another"  # type: ignore[misc]
