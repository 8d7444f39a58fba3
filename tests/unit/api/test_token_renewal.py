"""The token of a user: renewed before the token's end and once after a 401, with one renewal for all threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from pulumi_bms.api.client import SETTLING_TIME
from pulumi_bms.api.errors import (
    AuthenticationError,
    NoAnswerError,
)
from pulumi_bms.api.http.background import INTERRUPTED
from tests.unit.api.signing_in import EXPIRED, HOUR, JOB, PATIENCE, Setting, polls, token

if TYPE_CHECKING:
    from tests.unit.api.conftest import Cloud, Reply


@pytest.mark.parametrize(("life", "margin"), [(24 * HOUR, 600.0), (HOUR, 600.0), (50.0, 10.0), (5.0, 1.0)])
def test_renewed_ahead_of_its_end(cloud: Cloud, life: float, margin: float) -> None:
    """A token is renewed ten minutes, or a fifth of the token's life, before the end."""
    setting = Setting(cloud, [token(cloud, "T-1", life), token(cloud, "T-2", life)], polls(cloud, 3))
    setting.api.get_job("j")
    for now in (life - margin - 0.1, life - margin + 0.1):
        setting.clock.now = 1000.0 + now
        setting.api.get_job("j")
    assert setting.tokens_sent() == ["T-1", "T-1", "T-2"]


@pytest.mark.parametrize(
    "messages",
    [
        {"expires_at": None},
        {"issued_at": "soon"},
        {"expires_at": 7},
        {"expires_at": "2026-01-01T00:00:00"},
        {"expires_at": "2025-01-01T00:00:00.000000Z"},
    ],
)
def test_a_life_that_is_not_told(cloud: Cloud, messages: dict[str, Any]) -> None:
    """A token without a known end is used until the API rejects the token."""
    setting = Setting(cloud, [token(cloud, "T-1", **messages)], polls(cloud, 2))
    setting.api.get_job("j")
    setting.clock.now += 1000 * HOUR
    setting.api.get_job("j")
    assert setting.tokens_sent() == ["T-1", "T-1"]


def test_an_outage_at_the_time_of_renewal(cloud: Cloud) -> None:
    """During an outage of the identity service the old token is used until the token's end. Then a poll fails."""
    setting = Setting(
        cloud, [token(cloud, "T-1", HOUR), *[cloud.response(503)] * 3, token(cloud, "T-2")], polls(cloud, 6)
    )
    setting.api.get_job("j")
    # The renewal is tried again after a quarter of the remaining time.
    for left, tries in ((400.0, 2), (301.0, 2), (299.0, 3)):
        setting.clock.now = 1000.0 + HOUR - left
        setting.api.get_job("j")
        assert len(setting.iam.seen) == tries
    setting.clock.now = 1000.0 + HOUR + 1
    assert type(setting.error()) is NoAnswerError
    setting.api.get_job("j")
    assert setting.tokens_sent() == ["T-1"] * 4 + ["T-2"]


def test_renewed_once_after_a_401(cloud: Cloud) -> None:
    """A revoked token is replaced, and the request is sent again, also a second time in the same wait."""
    gone = cloud.response(401, EXPIRED)
    jobs = [cloud.response(200, JOB), gone, *polls(cloud, 1), gone, *polls(cloud, 1)]
    setting = Setting(cloud, [token(cloud, f"T-{number}") for number in (1, 2, 3)], jobs)
    for _ in range(3):
        setting.api.get_job("j")
    assert setting.tokens_sent() == ["T-1", "T-1", "T-2", "T-2", "T-3"]


def test_a_new_token_that_is_rejected_too(cloud: Cloud) -> None:
    """After one renewal the user is rejected at the API: nothing more is sent, to either service."""
    setting = Setting(cloud, [token(cloud, "T-1"), token(cloud, "T-2")], [cloud.response(401, EXPIRED)] * 2)
    for _ in range(3):
        error = setting.error()
        assert type(error) is AuthenticationError
        assert str(error.credential) == "user from HW_USER_NAME"
        assert error.next_step
    assert (len(setting.iam.seen), len(setting.bms.seen)) == (2, 2)


def known_late(cloud: Cloud, tokens: Sequence[str]) -> Setting:
    """A setting whose API knows a token only one second after the issue."""
    issued: list[float] = []

    def issue(value: str) -> Reply:
        def send(connection: Any) -> None:
            issued.append(time.monotonic())
            connection.sendall(token(cloud, value))

        return send

    def reply(connection: Any) -> None:
        is_known = time.monotonic() - issued[-1] >= 1.0
        connection.sendall(cloud.response(200, JOB) if is_known else cloud.response(401, EXPIRED))

    return Setting(cloud, [issue(value) for value in tokens], [reply] * 9)


@pytest.mark.parametrize("call", ["poll", "submit"])
def test_a_fresh_token_that_is_not_known_yet(cloud: Cloud, call: str) -> None:
    """After a 401 a new token is used only after the settling time, and the user is not rejected."""
    setting = known_late(cloud, ["T-1", "T-2"])
    api = setting.api_of(setting.user, settling=SETTLING_TIME)
    if call == "poll":
        assert api.get_job("j").job.status == "RUNNING"
    else:
        assert api.submit("POST", "x", {}).job_id == "j"
    assert api.get_job("j").job.status == "RUNNING"
    assert setting.tokens_sent() == ["T-1", "T-2", "T-2"]


def test_a_token_without_the_time_to_be_known(cloud: Cloud) -> None:
    """A 401 before the end of the settling time proves nothing: the user is not rejected."""
    jobs = [*[cloud.response(401, EXPIRED)] * 2, *polls(cloud, 1)]
    setting = Setting(cloud, [token(cloud, "T-1"), token(cloud, "T-2")], jobs)
    api = setting.api_of(setting.user, settling=1000.0)
    with pytest.raises(AuthenticationError, match="HTTP 401"):
        api.get_job("j", timeout=2.0)
    assert setting.tokens_sent() == ["T-1", "T-2"]
    assert api.get_job("j").job.status == "RUNNING"


def test_a_cancel_while_a_token_settles(cloud: Cloud) -> None:
    """A cancel ends the settling time of a token."""
    setting = Setting(cloud, [token(cloud, "T-1"), token(cloud, "T-2")], [cloud.response(401, EXPIRED)] * 2)
    api = setting.api_of(setting.user, settling=1000.0)
    cancelled = lambda: len(setting.iam.seen) == 2  # noqa: E731
    with pytest.raises(NoAnswerError, match=INTERRUPTED):
        api.submit("POST", "x", {}, unwanted=cancelled)
    assert setting.tokens_sent() == ["T-1"]


def test_one_renewal_for_all_threads(cloud: Cloud) -> None:
    """Ten waits with a revoked token cost one new token."""
    ten, gate = 10, threading.Barrier(10, timeout=PATIENCE)

    def revoked_for_all(connection: Any) -> None:
        gate.wait()
        connection.sendall(cloud.response(401, EXPIRED, Connection="close"))

    jobs: list[Reply] = [*polls(cloud, 1), *[revoked_for_all] * ten, *polls(cloud, ten)]
    setting = Setting(cloud, [token(cloud, "T-1"), token(cloud, "T-2")], jobs)
    setting.api.get_job("j")
    with ThreadPoolExecutor(ten) as pool:
        result = list(pool.map(lambda _: setting.api.get_job("j").job.status, range(ten)))
    assert result == ["RUNNING"] * ten
    assert sorted(setting.tokens_sent()) == ["T-1"] * (ten + 1) + ["T-2"] * ten
    assert len(setting.iam.seen) == 2


def test_a_token_that_was_dropped_is_not_brought_back(cloud: Cloud) -> None:
    """After a 401 and an outage of the identity service, the rejected token is not used again."""
    jobs = [cloud.response(200, JOB), cloud.response(401, EXPIRED), *polls(cloud, 1)]
    identity = [token(cloud, "T-1", HOUR), cloud.response(503), cloud.response(503), token(cloud, "T-2")]
    setting = Setting(cloud, identity, jobs)
    setting.api.get_job("j")
    setting.clock.now += HOUR - 60
    assert type(setting.error()) is NoAnswerError
    setting.api.get_job("j")
    assert setting.tokens_sent() == ["T-1", "T-1", "T-2"]


def test_a_renewal_that_is_refused_ahead_of_the_end(cloud: Cloud) -> None:
    """While the old token is valid, a failed renewal ends no wait. The pause of `Retry-After` is kept."""
    identity = [
        token(cloud, "T-1", HOUR),
        cloud.response(429, b"", Retry_After="200"),
        cloud.response(400),
        token(cloud, "T-2"),
    ]
    setting = Setting(cloud, identity, polls(cloud, 5))
    for left, tries in ((3600.0, 1), (400.0, 2), (210.0, 2), (190.0, 3)):
        setting.clock.now = 1000.0 + HOUR - left
        setting.api.get_job("j")
        assert len(setting.iam.seen) == tries
    assert setting.tokens_sent() == ["T-1"] * 4
