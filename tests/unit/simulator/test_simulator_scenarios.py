"""The table of scenarios: every scenario is documented, found by name, and served."""

from __future__ import annotations

import pytest
import requests

from bms_simulator import SCENARIOS, Simulator, sample_order, scenario_of
from bms_simulator.scenarios.catalogue import table

MINUTES = 600.0
EVERY_SECOND = [
    ("flaky", 503, "APIGW.0613"),
    ("html", 200, "<!DOCTYPE html>"),
    ("overloaded", 400, "BMS.0212"),
    ("error-in-200", 200, "Common.0025"),
    ("throttled", 429, "APIGW.0308"),
]
ALWAYS = [
    ("forbidden", 403, "BMS.0033"),
    ("forbidden-gateway", 403, "APIGW.0302"),
    ("expired", 400, "Common.0011"),
    ("empty", 200, ""),
    ("deep", 200, "[[[["),
    ("redirect", 302, ""),
]
WITHOUT_RESPONSE = {"hang", "slow"}


def poll(session: requests.Session, sim: Simulator, job_id: str) -> requests.Response:
    """Query a job without following a redirect."""
    return session.get(f"{sim.url}/jobs/{job_id}", allow_redirects=False, timeout=5)


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_is_documented(name: str) -> None:
    """The printed table has one line per scenario, with the name first and the description at the end."""
    lines = [line for line in table().splitlines() if line.split()[0] == name]
    assert len(lines) == 1
    assert lines[0].endswith(SCENARIOS[name].shows)


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_is_served(name: str, sim: Simulator, session: requests.Session) -> None:
    """Each ready-made job has a response, or is listed without a response, and no poll breaks the simulator."""
    for number in range(4):
        try:
            session.get(f"{sim.url}/jobs/{name}.x", stream=True, allow_redirects=False, timeout=0.2).close()
        except (requests.ConnectionError, requests.Timeout):
            assert name in {"resets", "outage", *WITHOUT_RESPONSE}
        sim.advance(100.0)
        assert sim.count("GET", path_contains=f"/jobs/{name}.x") == number + 1
    assert poll(session, sim, "ok").status_code == 200


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_can_be_ordered(name: str, sim: Simulator, session: requests.Session) -> None:
    """An order whose server has a scenario's name is one order, and makes servers only if the order is taken."""
    order = sample_order(f"{name}-web")
    try:
        session.post(f"{sim.url}/baremetalservers", json=order, timeout=5)
    except requests.ConnectionError:
        assert name == "loses-answer"
    sim.advance(30.0)
    assert sim.count("POST") == 1
    assert bool(sim.world.servers) == (SCENARIOS[name].takes_orders and not name.startswith("unpaid"))


@pytest.mark.parametrize(
    ("server_name", "expected"),
    [
        ("web", "ok"),
        ("fail", "fail"),
        ("fail-1", "fail"),
        ("fail-one", "fail-one"),
        ("fail-one-1", "fail-one"),
        ("fail-ones", "fail"),
        ("failing", "ok"),
        ("stuck-child-a", "stuck-child"),
        ("cut-off-early", "cut-off-early"),
        ("my-fail", "ok"),
    ],
)
def test_the_longest_name_wins(server_name: str, expected: str) -> None:
    """The longest scenario at the start of a server's name decides. The default is ok."""
    assert scenario_of(server_name).name == expected


@pytest.mark.parametrize(("name", "status", "text"), EVERY_SECOND)
def test_every_second_response_is_spoilt(
    name: str, status: int, text: str, sim: Simulator, session: requests.Session
) -> None:
    """Polls one and three are normal, polls two and four are not, counted per job."""
    for job_id in (f"{name}.a", f"{name}.b"):
        responses = [poll(session, sim, job_id) for _ in range(4)]
        assert [response.status_code for response in responses] == [200, status, 200, status]
        assert [text in response.text for response in responses] == [False, True, False, True]


@pytest.mark.parametrize(("name", "status", "text"), ALWAYS)
def test_some_responses_are_always_spoilt(
    name: str, status: int, text: str, sim: Simulator, session: requests.Session
) -> None:
    """The scenario's response is the same at every poll, at any time."""
    for _ in range(3):
        response = poll(session, sim, name)
        assert (response.status_code, text in response.text) == (status, True)
        sim.advance(MINUTES)


def test_a_redirect_leads_to_another_host(sim: Simulator, session: requests.Session) -> None:
    """The redirect leads to a host other than the simulator."""
    assert poll(session, sim, "redirect").headers["Location"].startswith("http://elsewhere.invalid/")


def test_throttling_says_when_to_come_back(sim: Simulator, session: requests.Session) -> None:
    """A 429 has a Retry-After of one second."""
    assert [poll(session, sim, "throttled").headers.get("Retry-After") for _ in range(2)] == [None, "1"]


def test_resets_are_resets(sim: Simulator, session: requests.Session) -> None:
    """Every second connection ends without a response, and is recorded without a status."""
    assert poll(session, sim, "resets").status_code == 200
    with pytest.raises(requests.ConnectionError):
        poll(session, sim, "resets")
    assert [request.status for request in sim.requests] == [200, None]


def test_half_a_document_arrives_whole(sim: Simulator, session: requests.Session) -> None:
    """A cut-off response has the right length, and is not valid JSON."""
    poll(session, sim, "cut-off")
    response = poll(session, sim, "cut-off")
    assert len(response.content) == int(response.headers["Content-Length"])
    with pytest.raises(requests.JSONDecodeError):
        response.json()


def test_half_a_transfer_ends_early(sim: Simulator, session: requests.Session) -> None:
    """A response cut off early ends before the announced length."""
    poll(session, sim, "cut-off-early")
    with pytest.raises(requests.RequestException, match="IncompleteRead"):
        poll(session, sim, "cut-off-early")


def test_an_outage_ends(sim: Simulator, session: requests.Session) -> None:
    """In the first 60 % of the job polls get errors and resets, then the job."""
    assert poll(session, sim, "outage").status_code == 503
    with pytest.raises(requests.ConnectionError):
        poll(session, sim, "outage")
    sim.advance(150.0)
    assert poll(session, sim, "outage").json()["status"] == "RUNNING"


def test_a_token_runs_out(sim: Simulator, session: requests.Session) -> None:
    """In the second half of the job polls get a 401."""
    assert poll(session, sim, "expired-token").status_code == 200
    sim.advance(120.0)
    response = poll(session, sim, "expired-token")
    assert (response.status_code, response.json()["error_code"]) == (401, "APIGW.0307")


def test_a_job_vanishes(sim: Simulator, session: requests.Session) -> None:
    """A running job is not found later."""
    assert poll(session, sim, "vanishes").status_code == 200
    sim.advance(100.0)
    assert poll(session, sim, "vanishes").status_code == 404


def test_a_job_becomes_visible(sim: Simulator, session: requests.Session) -> None:
    """A new job is not found for three seconds."""
    assert poll(session, sim, "invisible").status_code == 404
    sim.advance(3.0)
    assert poll(session, sim, "invisible").status_code == 200


def test_a_huge_response_is_announced_honestly(sim: Simulator, session: requests.Session) -> None:
    """The huge response announces more than 100 MB, begins like a job, and can be cancelled at any point."""
    with session.get(f"{sim.url}/jobs/huge", stream=True, timeout=5) as response:
        assert int(response.headers["Content-Length"]) > 100_000_000
        assert next(response.iter_content(18)) == b'{"status": "RUNNIN'


@pytest.mark.parametrize("name", sorted(WITHOUT_RESPONSE))
def test_some_polls_take_longer_than_anyone_waits(name: str, sim: Simulator, session: requests.Session) -> None:
    """Only a read timeout ends the poll, and further requests are served meanwhile."""
    with pytest.raises(requests.RequestException), session.get(f"{sim.url}/jobs/{name}", timeout=0.2) as response:
        response.raise_for_status()
    assert poll(session, sim, "ok").status_code == 200


@pytest.mark.parametrize(
    ("name", "status", "body"),
    [
        ("no-job-id", 200, {}),
        ("error-in-202", 202, None),
        ("refused", 400, None),
        ("gateway-timeout", 504, None),
        ("order-html", 200, None),
    ],
)
def test_orders_are_responded_oddly(
    name: str, status: int, body: object, sim: Simulator, session: requests.Session
) -> None:
    """The response to an order is the scenario's response, without a job id."""
    response = session.post(f"{sim.url}/baremetalservers", json=sample_order(name), timeout=5)
    assert response.status_code == status
    assert "job_id" not in response.text
    assert body is None or response.json() == body


def test_the_job_of_a_lost_response_goes_on(sim: Simulator, session: requests.Session) -> None:
    """An order with a lost response is taken: the server appears and can be found by name."""
    with pytest.raises(requests.ConnectionError):
        session.post(f"{sim.url}/baremetalservers", json=sample_order("loses-answer-1"), timeout=5)
    sim.advance(MINUTES)
    result = session.get(f"{sim.url}/baremetalservers/detail", params={"name": "loses-answer-1"}, timeout=5).json()
    assert [server["status"] for server in result["servers"]] == ["ACTIVE"]


def test_a_job_id_can_be_in_camel_case(sim: Simulator, session: requests.Session) -> None:
    """The response has jobId, and the job exists."""
    response = session.post(f"{sim.url}/baremetalservers", json=sample_order("camel"), timeout=5).json()
    assert poll(session, sim, response["jobId"]).json()["job_id"] == response["jobId"]


def test_ready_made_jobs_begin_at_their_first_poll(sim: Simulator, session: requests.Session) -> None:
    """A ready-made job begins at the first poll. A different suffix is a different job with three new servers."""
    assert poll(session, sim, "ok.a").json()["status"] == "INIT"
    sim.advance(240.0)
    first, second = poll(session, sim, "ok.a").json(), poll(session, sim, "ok.b").json()
    assert (first["status"], second["status"]) == ("SUCCESS", "INIT")
    assert (first["job_id"], first["entities"]["sub_jobs_total"]) == ("ok.a", 3)
    sim.advance(240.0)
    servers = [each["entities"]["server_id"] for job in "ab" for each in _sub_jobs(session, sim, f"ok.{job}")]
    assert len(set(servers)) == 6


def _sub_jobs(session: requests.Session, sim: Simulator, job_id: str) -> list[dict[str, dict[str, str]]]:
    listed: list[dict[str, dict[str, str]]] = poll(session, sim, job_id).json()["entities"]["sub_jobs"]
    return listed


def test_unknown_jobs_are_refused(sim: Simulator, session: requests.Session) -> None:
    """An unknown job id is 400 Common.0011, also with the name of a scenario inside."""
    for job_id in ("0" * 32, "okay", "ok-1"):
        response = poll(session, sim, job_id)
        assert (response.status_code, response.json()["error"]["code"]) == (400, "Common.0011")
