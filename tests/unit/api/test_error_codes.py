"""The table of vendor codes.

- No code of the API's pages is missing, and none stands there twice.
- A code is found in any spelling: case, outer blanks, APIG or APIGW.
- Meanings and hints are fragments that fit into a longer line.
- Transient is what a second poll at a job may cure: never a refusal, never a bad request.
- Where one code comes with several HTTP statuses, the status decides.
"""

from __future__ import annotations

from collections import Counter

import pytest

from pulumi_bms.api import error_codes
from pulumi_bms.api.error_codes import CODES, Code, Kind

EVERY_CODE = sorted(CODES.items())


def test_every_documented_code_is_there_once() -> None:
    """The service has 133, and 13 that it shares with others; its gateway has 35, unsubscribing and orders have 15."""
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
    """Kind, meaning and the start of the hint of the commonest codes are part of the messages."""
    known = error_codes.lookup(code)
    assert known is not None
    assert (known.kind, known.transient, known.meaning) == (kind, transient, meaning)
    assert known.hint.startswith(hint)


def test_the_advice_when_nothing_is_free() -> None:
    """A flavor that is sold out, or a server that did not start, sends people to another flavor or zone."""
    assert CODES["BMS.3037"].hint == "try another flavor or availability zone"
    assert CODES["BMS.0054"].hint.endswith("try another flavor or availability zone")


@pytest.mark.parametrize(
    ("number", "resources"),
    [
        ("0025", "servers"),
        ("0026", "CPU cores"),
        ("0027", "memory"),
        ("0028", "servers and CPU cores"),
        ("0029", "servers and memory"),
        ("0030", "memory and CPU cores"),
        ("0031", "servers, CPU cores and memory"),
    ],
)
def test_each_quota_code_names_its_resources(number: str, resources: str) -> None:
    """The seven quota codes in a row differ by what is used up."""
    known = CODES[f"BMS.{number}"]
    assert known.kind is Kind.QUOTA
    assert f" of {resources} " in known.meaning


@pytest.mark.parametrize("spelling", ["BMS.3037", "bms.3037", " BMS.3037\n", "Bms.3037"])
def test_case_and_outer_blanks_do_not_matter(spelling: str) -> None:
    """A code is found in any case and with blanks around it."""
    assert error_codes.lookup(spelling) is CODES["BMS.3037"]
    assert error_codes.normalise(spelling) == "BMS.3037"


@pytest.mark.parametrize("code", [code for code in CODES if code.startswith("APIGW.")])
def test_both_prefixes_of_the_gateway_are_one_code(code: str) -> None:
    """APIG.0301 is APIGW.0301."""
    other = code.replace("APIGW.", "APIG.")
    assert error_codes.lookup(other) is error_codes.lookup(code) is CODES[code]
    assert error_codes.normalise(other.lower()) == code


@pytest.mark.parametrize("code", [None, "", "  ", "Ecs.0307", "Ecs.BMS.3037", "BMS.9999", "3037", "401", "BMS3037"])
def test_an_unknown_code_is_none(code: str | None) -> None:
    """A code of another service, a bare number or nothing at all is unknown, and stays as it is."""
    assert error_codes.lookup(code) is None
    assert error_codes.normalise(code) == error_codes.describe(code) == (code or "").strip()


def test_a_description_keeps_the_code_as_it_came() -> None:
    """The code comes first, in the server's own spelling, then its meaning; the hint is not part of it."""
    assert error_codes.describe("BMS.3004") == "BMS.3004 create failed"
    assert error_codes.describe(" APIG.0307 ") == "APIG.0307 the token has to be renewed"


@pytest.mark.parametrize(("code", "known"), EVERY_CODE)
def test_meaning_and_hint_fit_into_a_line(code: str, known: Code) -> None:
    """Both are there, of a reasonable length, begin in lower case and end without a full stop, in plain ASCII."""
    for text, longest in ((known.meaning, 75), (known.hint, 105)):
        assert 5 <= len(text) <= longest, code
        assert text == " ".join(text.split())
        assert text.isascii()
        assert not text[0].isupper()
        assert text[-1] not in ".!:;,"


@pytest.mark.parametrize(("code", "known"), EVERY_CODE)
def test_only_kinds_that_time_can_cure_are_transient(code: str, known: Code) -> None:
    """A failed lookup and throttling always are, a fault of the service may be, everything else never is."""
    if known.kind in {Kind.LOOKUP, Kind.THROTTLED}:
        assert known.transient, code
    elif known.kind is not Kind.SERVICE:
        assert not known.transient, code


def test_the_faults_of_the_service_that_time_can_cure() -> None:
    """What could not be created, or is not set up, does not come by looking again."""
    numbers = ("0601", "0605", "0606", "0608", "0609", "0610", "0611", "0612", "0613", "0705")
    gateway = {f"APIGW.{number}" for number in numbers}
    curable = {code for code, known in CODES.items() if known.kind is Kind.SERVICE and known.transient}
    assert curable == {"BMS.0212", "BMS.1007", "Common.0001", *gateway}


def test_the_job_queries_that_ask_for_another_try_are_transient() -> None:
    """The shared codes of the job query itself that say: later."""
    assert all(CODES[f"Common.{number}"].transient for number in ("0021", "0024", "0025", "1503"))


def test_a_code_of_several_statuses_leaves_the_decision_to_the_status() -> None:
    """APIGW.0201 is a bad request with 400 and a silent backend with 502: by itself it is not transient."""
    assert not CODES["APIGW.0201"].transient
    assert "502" in CODES["APIGW.0201"].hint


def test_the_code_of_an_unknown_job() -> None:
    """Only Common.0011 says that a job does not exist; a missing server or API is another matter."""
    assert frozenset({"Common.0011"}) == error_codes.NOT_FOUND_CODES
    assert error_codes.normalise("common.0011") in error_codes.NOT_FOUND_CODES
    assert CODES["BMS.0040"].kind is Kind.NOT_FOUND
    assert CODES["APIGW.0101"].kind is Kind.REQUEST


def test_rejected_credentials_are_about_the_credential_alone() -> None:
    """Each is a known code about authentication, and none is a missing right or a wrong project."""
    assert error_codes.REJECTED_CREDENTIAL_CODES.issubset(CODES)
    assert {CODES[code].kind for code in error_codes.REJECTED_CREDENTIAL_CODES} == {Kind.AUTH}
    assert error_codes.normalise("apig.0301") in error_codes.REJECTED_CREDENTIAL_CODES
    rights = {"APIGW.0302", "APIGW.0304", "APIGW.0306", "BMS.0004", "BMS.0005", "BMS.0033", "BMS.0288", "Common.0018"}
    assert not rights & error_codes.REJECTED_CREDENTIAL_CODES


def test_the_table_can_not_be_changed() -> None:
    """It is data for reading."""
    with pytest.raises(TypeError):
        CODES["BMS.0001"] = CODES["BMS.0002"]  # type: ignore[index]
    with pytest.raises(AttributeError):
        CODES["BMS.0001"].hint = "another"  # type: ignore[misc]
