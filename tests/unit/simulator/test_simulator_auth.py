"""Accepted tokens and signatures, and the errors of all further requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeAlias

import pytest

from bms_simulator import AccessKey, Account, Accounts, ManualClock, Project, Simulator, sample_order

Headers: TypeAlias = Mapping[str, str]
Sign: TypeAlias = Callable[..., dict[str, str]]
Call: TypeAlias = Callable[..., tuple[int, Any, Headers]]

POLL = "/v1/north/jobs/ok"
PREFIX = "Incorrect IAM authentication information: "


def messages(response: tuple[int, Any, Headers]) -> tuple[int, str, str]:
    """Return the status, the code and the text of an error, in either shape, without the common prefix."""
    status, body, _ = response
    error = body.get("error", body)
    text = error.get("message") or error["error_msg"].removeprefix(PREFIX)
    return status, error.get("code") or error["error_code"], text


# --- tokens


def test_the_default_project_is_always_there(bank: Simulator, call: Call) -> None:
    """Beside the accounts of a file, the ready token is valid for the default project with a known name."""
    headers = {"x-auth-token": bank.token}
    assert call(bank, "GET", f"/v1/{bank.project_id}/jobs/ok", headers)[0] == 200
    assert [each["name"] for each in call(bank, "GET", "/v3/projects", headers)[1]["projects"]] == ["simulated"]
    assert messages(call(bank, "GET", POLL, headers))[:2] == (400, "Common.0018")


def test_the_default_project_may_be_one_of_an_account(accounts: Accounts, call: Call) -> None:
    """A default project that is in an account uses the account, and no further account is made."""
    with Simulator(accounts=accounts, project_id="lab", token="mine") as sim:
        assert call(sim, "GET", "/v1/lab/jobs/ok", {"x-auth-token": "mine"})[0] == 200
        listed = call(sim, "GET", "/v3/projects", {"x-auth-token": "mine"})[1]["projects"]
        assert {each["id"] for each in listed} == {"north", "north-too", "lab", "south"}


def test_ready_tokens_last(bank: Simulator, call: Call) -> None:
    """A token of the file is valid for one project, without an end."""
    bank.advance(1e7)
    assert call(bank, "GET", POLL, {"x-auth-token": "ready"})[0] == 200
    assert messages(call(bank, "GET", "/v1/lab/jobs/ok", {"x-auth-token": "ready"}))[:2] == (400, "Common.0018")


def test_issued_tokens_end(bank: Simulator, call: Call) -> None:
    """An issued token is valid until the end of the token's life. Then the gateway asks for a new token."""
    headers = {"x-auth-token": bank.issue_token("north")}
    bank.advance(3599.0)
    assert call(bank, "GET", POLL, headers)[0] == 200
    bank.advance(1.0)
    assert messages(call(bank, "GET", POLL, headers)) == (401, "APIGW.0307", "The token must be updated.")


def test_tokens_live_real_seconds(accounts: Accounts, call: Call) -> None:
    """The life of a token is measured in real seconds, with any time scale."""
    with Simulator(accounts=accounts, token_seconds=10.0, time_scale=60.0, clock=ManualClock()) as sim:
        headers = {"x-auth-token": sim.issue_token("north")}
        sim.advance(599.0)
        assert call(sim, "GET", POLL, headers)[0] == 200
        sim.advance(1.0)
        assert call(sim, "GET", POLL, headers)[0] == 401


def test_a_token_is_revoked(bank: Simulator, call: Call) -> None:
    """A revoked token, issued or ready, is unknown. All further tokens stay valid."""
    first, second = bank.issue_token("north"), bank.issue_token("north")
    for token in (first, "ready", "never was"):
        bank.revoke_token(token)
        response = call(bank, "GET", POLL, {"x-auth-token": token})
        assert messages(response) == (401, "APIGW.0301", "decrypt token fail")
    assert call(bank, "GET", POLL, {"x-auth-token": second})[0] == 200


def test_tokens_of_another_region_are_outdated(bank: Simulator, call: Call) -> None:
    """A token for a project of a different region gets the error of an outdated token."""
    assert messages(call(bank, "GET", "/v1/south/jobs/ok", {"x-auth-token": "far"}))[:2] == (401, "APIGW.0307")


def test_without_any_credential(bank: Simulator, call: Call) -> None:
    """A request with neither a token nor a signature gets an error with the reason."""
    wanted = (401, "APIGW.0301", "x-auth-token not found")
    assert messages(call(bank, "GET", POLL)) == wanted
    assert messages(call(bank, "GET", POLL, {"authorization": "Bearer abc"})) == wanted


def test_a_token_goes_before_a_signature(bank: Simulator, call: Call, sign: Sign) -> None:
    """With a token and a signature, the token decides."""
    headers = sign(bank, "GET", POLL)
    assert call(bank, "GET", POLL, {**headers, "x-auth-token": "ready"})[0] == 200
    assert call(bank, "GET", POLL, {**headers, "x-auth-token": "wrong"})[0] == 401


def test_a_token_is_for_a_project_that_exists(bank: Simulator, call: Call) -> None:
    """A token for an unknown project is an error. A token without a project is for the default project."""
    with pytest.raises(ValueError, match="project nowhere does not exist"):
        bank.issue_token("nowhere")
    assert call(bank, "GET", f"/v1/{bank.project_id}/jobs/ok", {"x-auth-token": bank.issue_token()})[0] == 200


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("inf"), float("nan")])
def test_tokens_have_a_life(seconds: float) -> None:
    """A token life that is not a positive number of seconds is refused."""
    with pytest.raises(ValueError, match="token_seconds must be a number above 0"):
        Simulator(token_seconds=seconds)


# --- signatures


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", POLL, b"", 200),
        ("GET", "/v1/north/baremetalservers/detail?limit=2&name=web", b"", 200),
        ("GET", "/v1/north/jobs/", b"", 404),
        ("POST", "/v1/north/baremetalservers/action", b'{"os-start": {"servers": [{"id": "x"}]}}', 400),
    ],
)
def test_signed_requests_are_let_in(
    method: str, path: str, body: bytes, status: int, bank: Simulator, call: Call, sign: Sign
) -> None:
    """A request with a valid signature is accepted, with and without query and body."""
    response = call(bank, method, path, sign(bank, method, path, body), body or None)
    assert response[0] == status
    assert status != 400 or messages(response)[1] == "BMS.0040"


def test_a_key_is_good_for_every_project_of_its_account(bank: Simulator, call: Call, sign: Sign) -> None:
    """A key is valid for every project of the account in the region. A wrong project header is refused."""
    for project_id in ("north", "north-too", "lab"):
        path = f"/v1/{project_id}/jobs/ok"
        assert call(bank, "GET", path, sign(bank, "GET", path, x_project_id=project_id))[0] == 200
    for project_id in ("theirs", "south", "nowhere", bank.project_id):
        path = f"/v1/{project_id}/jobs/ok"
        assert messages(call(bank, "GET", path, sign(bank, "GET", path)))[:2] == (400, "Common.0018")
    response = call(bank, "GET", POLL, sign(bank, "GET", POLL, x_project_id="lab"))
    assert messages(response)[:2] == (400, "Common.0018")


def test_a_wrong_signature_is_told_what_was_signed(bank: Simulator, call: Call, sign: Sign) -> None:
    """The error of a wrong signature repeats the canonical request in one line, with the security token."""
    headers = sign(bank, "GET", POLL, key=("AKT", "wrong"), x_security_token="temporary")
    date, empty = headers["x-sdk-date"], "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    shown = (
        f"GET|/v1/north/jobs/ok/||host:127.0.0.1:{bank.port}|x-sdk-date:{date}|x-security-token:temporary"
        f"||host;x-sdk-date;x-security-token|{empty}"
    )
    wanted = (401, "APIGW.0301", f"verify aksk signature fail, canonicalRequest:{shown}")
    assert messages(call(bank, "GET", POLL, headers)) == wanted


def test_an_order_that_was_tampered_with_is_not_taken(bank: Simulator, call: Call, sign: Sign) -> None:
    """A body different from the signed body is refused and has no effect."""
    path = "/v1/north/baremetalservers"
    headers = sign(bank, "POST", path, b"{}")
    assert messages(call(bank, "POST", path, headers, sample_order("web")))[1] == "APIGW.0301"
    bank.advance(100.0)
    assert not bank.world_of("north").servers


def test_unknown_keys(bank: Simulator, call: Call, sign: Sign) -> None:
    """An unknown key and a removed key have the same error."""
    bank.remove_access_key("AK")
    bank.remove_access_key("never was")
    for access in ("AK", "nobody"):
        response = call(bank, "GET", POLL, sign(bank, "GET", POLL, key=(access, "SK")))
        assert messages(response) == (401, "APIGW.0301", f"Get secretKey failed,ak:{access},err:ak not exist")


def test_temporary_keys(bank: Simulator, call: Call, sign: Sign) -> None:
    """A temporary key needs the key's security token, and expires."""

    def response(key: tuple[str, str], **headers: str) -> tuple[int, str]:
        status, _, text = messages(call(bank, "GET", POLL, sign(bank, "GET", POLL, key=key, **headers)))
        return status, text

    right = sign(bank, "GET", POLL, key=("AKT", "SKT"), x_security_token="temporary")
    assert call(bank, "GET", POLL, right)[0] == 200
    assert response(("AKT", "SKT")) == (401, "Get secretKey failed,ak:AKT,err:ak not exist")
    assert response(("AKT", "SKT"), x_security_token="over") == (401, "decrypt token fail")
    assert response(("AKX", "SKX"), x_security_token="over") == (401, "Get secretKey failed,ak:AKX,err:ak expired")


def test_permanent_keys_have_no_security_token(bank: Simulator, call: Call, sign: Sign) -> None:
    """A permanent key accepts an empty security token. Any further security token is refused."""
    assert call(bank, "GET", POLL, sign(bank, "GET", POLL, x_security_token=""))[0] == 200
    response = call(bank, "GET", POLL, sign(bank, "GET", POLL, x_security_token="temporary"))
    assert messages(response)[2] == "decrypt token fail"


@pytest.mark.parametrize("name", ["host", "x-sdk-date"])
def test_host_and_date_must_be_signed(name: str, bank: Simulator, call: Call, sign: Sign) -> None:
    """A valid signature without the host or the date is refused."""
    response = call(bank, "GET", POLL, sign(bank, "GET", POLL, unsigned=(name,)))
    assert messages(response) == (401, "APIGW.0301", "calc aksk signature fail:host and x-sdk-date must be signed")


@pytest.mark.parametrize("age", [1000.0, -1000.0])
def test_signatures_are_of_now(age: float, bank: Simulator, call: Call, sign: Sign) -> None:
    """A signature more than 15 minutes old, or as far ahead, has expired, and the error has both times."""
    headers = sign(bank, "GET", POLL, age=age)
    status, code, text = messages(call(bank, "GET", POLL, headers))
    assert (status, code) == (401, "APIGW.0301")
    wanted = f"calc aksk signature fail:signature expired, signature time:{headers['x-sdk-date']},server time:2"
    assert text.startswith(wanted)


def test_simulated_time_does_not_age_signatures(bank: Simulator, call: Call, sign: Sign) -> None:
    """Simulated time does not age a signature."""
    bank.advance(1e6)
    assert call(bank, "GET", POLL, sign(bank, "GET", POLL))[0] == 200


def test_a_clock_that_is_ahead(accounts: Accounts, call: Call, sign: Sign) -> None:
    """With a clock offset, a client can sign by the date of a response."""
    with Simulator(accounts=accounts, clock_offset=7200.0) as sim:
        status, body, headers = call(sim, "GET", POLL, sign(sim, "GET", POLL))
        assert (status, body["error_code"]) == (401, "APIGW.0301")
        assert "signature expired" in body["error_msg"]
        ahead = parsedate_to_datetime(headers["Date"]) - datetime.now(UTC)
        assert call(sim, "GET", POLL, sign(sim, "GET", POLL, age=-ahead.total_seconds()))[0] == 200


@pytest.mark.parametrize("change", ["date", "authorization"])
def test_malformed_signatures(change: str, bank: Simulator, call: Call, sign: Sign) -> None:
    """A malformed date or Authorization header has a separate error, and is no wrong signature."""
    headers = sign(bank, "GET", POLL)
    for _ in range(6):
        if change == "date":
            response = call(bank, "GET", POLL, sign(bank, "GET", POLL) | {"x-sdk-date": "now"})
            assert messages(response)[2] == "calc aksk signature fail:x-sdk-date is malformed"
        else:
            response = call(bank, "GET", POLL, headers | {"authorization": "SDK-HMAC-SHA256 Access=AK"})
            assert messages(response)[2] == "the Authorization header is malformed"
    assert call(bank, "GET", POLL, sign(bank, "GET", POLL))[0] == 200


def test_bytes_that_are_no_text(bank: Simulator, call: Call, sign: Sign) -> None:
    """Header values with non-ASCII characters are refused without a crash."""
    headers = sign(bank, "GET", POLL)
    for name in ("authorization", "x-security-token", "x-sdk-date", "x-project-id"):
        assert call(bank, "GET", POLL, headers | {name: f"{headers.get(name, '')}\u00e9"})[0] in {400, 401}


def test_five_wrong_signatures_lock_a_key(bank: Simulator, call: Call, sign: Sign) -> None:
    """Five wrong signatures lock a key for five minutes, also for valid signatures. Further keys stay valid."""
    wrong = sign(bank, "GET", POLL, key=("AK", "wrong"))
    for _ in range(5):
        assert "verify aksk signature fail" in messages(call(bank, "GET", POLL, wrong))[2]
    locked = (401, "APIGW.0301", "AK access failed to reach the limit,forbidden.")
    assert messages(call(bank, "GET", POLL, sign(bank, "GET", POLL))) == locked
    bank.advance(299.0)
    assert messages(call(bank, "GET", POLL, sign(bank, "GET", POLL))) == locked
    right = sign(bank, "GET", POLL, key=("AKT", "SKT"), x_security_token="temporary")
    assert call(bank, "GET", POLL, right)[0] == 200
    bank.advance(1.0)
    assert call(bank, "GET", POLL, sign(bank, "GET", POLL))[0] == 200


def test_a_right_signature_forgives_the_wrong_ones(bank: Simulator, call: Call, sign: Sign) -> None:
    """Only successive failures are counted."""
    wrong = sign(bank, "GET", POLL, key=("AK", "wrong"))
    for _ in range(3):
        statuses = [call(bank, "GET", POLL, wrong)[0] for _ in range(4)]
        assert statuses == [401] * 4
        assert call(bank, "GET", POLL, sign(bank, "GET", POLL))[0] == 200


# --- accounts


def test_a_frozen_account_is_told_so(bank: Simulator, call: Call, sign: Sign) -> None:
    """Tokens and keys of a frozen account are refused with the reason."""
    path = "/v1/cold/jobs/ok"
    for headers in ({"x-auth-token": "ice"}, sign(bank, "GET", path, key=("AKF", "SKF"))):
        assert messages(call(bank, "GET", path, headers)) == (401, "APIGW.0301", "the account is frozen")


def test_keys_without_rights_are_denied(bank: Simulator, call: Call, sign: Sign) -> None:
    """A key without rights gets 403 from the Job API, and may list the projects."""
    denied = call(bank, "GET", POLL, sign(bank, "GET", POLL, key=("AKD", "SKD")))
    assert messages(denied)[:2] == (403, "BMS.0033")
    headers = sign(bank, "GET", "/v3/projects", key=("AKD", "SKD"))
    assert call(bank, "GET", "/v3/projects", headers)[0] == 200


def test_projects_do_not_see_each_other(bank: Simulator, call: Call, sign: Sign) -> None:
    """Jobs and servers of a project are not visible in a different project."""
    path = "/v1/north/baremetalservers"
    body = b'{"server": {}}'
    assert messages(call(bank, "POST", path, sign(bank, "POST", path, body), body))[:2] == (400, "BMS.0003")
    ordered = call(bank, "POST", path, {"x-auth-token": "ready"}, sample_order("web"))[1]
    bank.advance(240.0)
    statuses = {}
    for project_id in ("north", "lab"):
        query = f"/v1/{project_id}/jobs/{ordered['job_id']}"
        statuses[project_id] = call(bank, "GET", query, sign(bank, "GET", query))[0]
    assert statuses == {"north": 200, "lab": 400}
    assert [len(bank.world_of(each).servers) for each in ("north", "lab", bank.project_id)] == [1, 0, 0]
    assert not bank.world.servers


def test_unknown_projects_have_no_world(bank: Simulator) -> None:
    """The world of an unknown project is an error, and a job for an unknown project too."""
    with pytest.raises(ValueError, match="project nowhere does not exist"):
        bank.world_of("nowhere")
    with pytest.raises(ValueError, match="project nowhere does not exist"):
        bank.add_job("mine", [{"status": "SUCCESS"}], project_id="nowhere")


def test_credentials_of_requests_are_not_recorded(bank: Simulator, call: Call, sign: Sign) -> None:
    """Neither a signature nor a token is in the record."""
    headers = sign(bank, "GET", POLL, key=("AKT", "SKT"), x_security_token="temporary")
    call(bank, "GET", POLL, headers)
    call(bank, "GET", POLL, {"x-auth-token": "ready"})
    recorded = repr([(request, request.headers) for request in bank.requests])
    for secret in (headers["authorization"], "temporary", "ready"):
        assert secret not in recorded


def test_secrets_are_not_shown() -> None:
    """The repr of an account has no password, secret or token."""
    key = AccessKey("AK", "hidden", security_token="hidden")
    account = Account("acme", (Project("p", "p"),), (), (key,), {"hidden": "p"})
    assert "hidden" not in repr(Accounts((account,)))
