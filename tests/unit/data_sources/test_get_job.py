"""`get_job`, against a simulator over sockets."""

from __future__ import annotations

import pytest

from bms_simulator import Simulator
from pulumi_bms import get_job
from pulumi_bms.api.errors import AuthenticationError, BmsError, NoAnswerError, NotFoundError, SettingsError
from tests.unit.resources.completions import DONE, GOING, JOB


def test_get_job_polls_once(sim: Simulator) -> None:
    """`get_job` polls once and returns the typed job, with the settings of the environment."""
    sim.add_job(JOB, [GOING])
    result = get_job(JOB)
    assert (result.status, result.server_ids, result.sub_jobs_total) == ("RUNNING", ["b", "a"], 2)
    assert len(sim.requests) == 1


def test_get_job_brings_no_other_job(sim: Simulator) -> None:
    """A response about a different job is an error of `get_job` with both ids."""
    sim.add_job(JOB, [{**DONE, "job_id": "k"}])
    with pytest.raises(NoAnswerError, match=f"the response is about job k, not about job {JOB}"):
        get_job(JOB)


def test_get_job_can_be_told_where(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Arguments of `get_job` come before the environment."""
    monkeypatch.setenv("BMS_ENDPOINT", "https://elsewhere.invalid")
    monkeypatch.setenv("HW_PROJECT_ID", "elsewhere")
    sim.add_job(JOB, [DONE])
    assert get_job(JOB, endpoint=sim.endpoint, project_id=sim.project_id).status == "SUCCESS"


@pytest.mark.parametrize(
    ("job_id", "where", "says"),
    [
        ("", {}, "^job_id is empty"),
        ("a/../b", {}, "^job_id must hold letters, digits"),
        (JOB, {"endpoint": "http://elsewhere.example.com"}, "^endpoint must begin with https://"),
        (JOB, {"region": "eu de"}, "^region must have"),
        (JOB, {"project_id": "a/b"}, "^project_id must have"),
    ],
)
def test_get_job_checks_its_arguments(sim: Simulator, job_id: str, where: dict[str, str], says: str) -> None:
    """A wrong argument of `get_job` is a `ValueError`, and no request is sent."""
    with pytest.raises(ValueError, match=says):
        get_job(job_id, **where)
    assert sim.requests == []


def test_get_job_raises_what_the_response_means(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """`get_job` has separate errors for missing settings, a rejected token and an unknown job, all `BmsError`."""
    with pytest.raises(NotFoundError, match=r"Common\.0011"):
        get_job("never-submitted")
    monkeypatch.setenv("HW_AUTH_TOKEN", f"expired-{sim.token}")
    with pytest.raises(AuthenticationError, match="HW_AUTH_TOKEN"):
        get_job(JOB)
    monkeypatch.delenv("BMS_ENDPOINT")
    with pytest.raises(SettingsError, match="is missing"):
        get_job(JOB)
    assert issubclass(SettingsError, BmsError)
    assert issubclass(AuthenticationError, BmsError)
