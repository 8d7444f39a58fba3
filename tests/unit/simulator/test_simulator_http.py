"""The HTTP side: accepted and refused requests, the record, and the end of connections."""

from __future__ import annotations

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection

import pytest
import requests

from bms_simulator import ManualClock, Response, ScriptedResponse, Simulator, sample_order


@pytest.mark.parametrize("token", [None, "", "wrong", "\u00e9"])
def test_a_wrong_token_is_refused(token: str | None, sim: Simulator) -> None:
    """Without the right token every request is 401 in the shape of the gateway, and has no effect."""
    headers = {} if token is None else {"X-Auth-Token": token.encode()}
    response = requests.post(f"{sim.url}/baremetalservers", json=sample_order("web"), headers=headers, timeout=5)
    body = response.json()
    assert (response.status_code, body["error_code"]) == (401, "APIGW.0301")
    assert body["error_msg"].startswith("Incorrect IAM authentication information: ")
    assert body["request_id"] == response.headers["X-Request-Id"]
    sim.advance(100.0)
    assert not sim.world.servers


def test_another_project_is_refused(sim: Simulator, session: requests.Session) -> None:
    """The token is valid for one project only."""
    response = session.get(f"{sim.endpoint}/v1/other/jobs/ok", timeout=5)
    assert (response.status_code, response.json()["error"]["code"]) == (400, "Common.0018")


@pytest.mark.parametrize("path", ["", "/", "/v1", "/v2/p/jobs/ok", "/v1/p/jobs", "/v1/p/jobs/", "/v1/p//jobs/ok"])
def test_unknown_paths_are_not_found(path: str, sim: Simulator, session: requests.Session) -> None:
    """An unknown path is 404 APIGW.0101."""
    response = session.get(f"{sim.endpoint}{path}", timeout=5)
    assert (response.status_code, response.json()["error_code"]) == (404, "APIGW.0101")


@pytest.mark.parametrize(
    ("method", "path"),
    [("DELETE", "jobs/ok"), ("GET", "baremetalservers"), ("PUT", "baremetalservers/action"), ("PATCH", "jobs/ok")],
)
def test_wrong_methods_are_refused(method: str, path: str, sim: Simulator, session: requests.Session) -> None:
    """A known path with a wrong method is 405."""
    assert session.request(method, f"{sim.url}/{path}", timeout=5).status_code == 405


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b"9" * 5_000])
def test_bodies_that_are_no_json_are_refused(body: bytes, sim: Simulator, session: requests.Session) -> None:
    """An invalid body is 400 BMS.0001."""
    response = session.post(f"{sim.url}/baremetalservers", data=body, timeout=5)
    assert (response.status_code, response.json()["error"]["code"]) == (400, "BMS.0001")


def test_large_bodies_are_refused(sim: Simulator, session: requests.Session) -> None:
    """A body of over 12 MB is refused, and the client sees the refusal."""
    response = session.post(f"{sim.url}/baremetalservers", data=b"x" * (12 * 1024 * 1024 + 1), timeout=5)
    assert response.status_code == 413


@pytest.mark.parametrize("length", ["-1", "x", "9" * 5000, "\u00b2"])
def test_lengths_that_are_none_are_refused(length: str, sim: Simulator) -> None:
    """An invalid Content-Length is refused without a crash."""
    with socket.create_connection(("127.0.0.1", sim.port), timeout=5) as connection:
        connection.sendall(f"POST /v1/p/jobs HTTP/1.1\r\nContent-Length: {length}\r\n\r\n".encode("latin-1"))
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(65536).split()[1] in {b"400", b"413"}


def test_chunked_bodies_are_refused(sim: Simulator, session: requests.Session) -> None:
    """A body without a length is 411."""
    assert session.post(f"{sim.url}/baremetalservers", data=iter([b"{}"]), timeout=5).status_code == 411


def test_what_is_not_http_is_refused(sim: Simulator) -> None:
    """Bytes without HTTP get a 400, and the next connection is served."""
    with socket.create_connection(("127.0.0.1", sim.port), timeout=5) as connection:
        connection.sendall(b"\x00\x01 garbage garbage garbage\r\n\r\n")
        assert b"APIGW.0201" in connection.recv(65536)
    assert requests.get(sim.url, timeout=5).status_code == 404


def test_every_response_can_be_told_apart(sim: Simulator, session: requests.Session) -> None:
    """Each response has a unique request id, a date, a type and a length."""
    responses = [session.get(f"{sim.url}/jobs/ok", timeout=5) for _ in range(2)]
    assert responses[0].headers["X-Request-Id"] != responses[1].headers["X-Request-Id"]
    for response in responses:
        assert response.headers["Date"]
        assert response.headers["Content-Type"].startswith("application/json")
        assert int(response.headers["Content-Length"]) == len(response.content)


def test_a_connection_serves_many_requests(sim: Simulator) -> None:
    """A connection is kept for the next request."""
    connection = HTTPConnection("127.0.0.1", sim.port, timeout=5)
    ports: set[int] = set()
    for _ in range(3):
        connection.request("GET", f"/v1/{sim.project_id}/jobs/ok", headers={"X-Auth-Token": sim.token})
        assert json.loads(connection.getresponse().read())["status"] == "INIT"
        assert isinstance(connection.sock, socket.socket)
        ports.add(connection.sock.getsockname()[1])
    connection.close()
    assert len(ports) == 1


def test_hundreds_of_clients_are_served_and_counted(sim: Simulator) -> None:
    """Many connections at once all get responses, and each request is recorded exactly once."""

    def order(number: int) -> int:
        url, headers = f"{sim.url}/baremetalservers", {"X-Auth-Token": sim.token}
        return requests.post(url, json=sample_order(f"web-{number}"), headers=headers, timeout=30).status_code

    with ThreadPoolExecutor(200) as pool:
        assert set(pool.map(order, range(400))) == {200}
    names = {str(request.body) for request in sim.requests}
    assert (sim.count("POST"), len(sim.requests), len(names)) == (400, 400, 400)
    assert {request.status for request in sim.requests} == {200}


def test_requests_are_recorded_without_credentials(sim: Simulator, session: requests.Session) -> None:
    """A record has the method, path, status, time and body, and no token."""
    sim.advance(7.0)
    order = sample_order("web")
    session.post(f"{sim.url}/baremetalservers?a=1", json=order, headers={"Authorization": "secret"}, timeout=5)
    (request,) = sim.requests
    assert (request.method, request.status, request.at, request.body) == ("POST", 200, 7.0, order)
    assert request.path == f"/v1/{sim.project_id}/baremetalservers?a=1"
    hidden = {name.lower(): value for name, value in request.headers.items()}
    assert (hidden["x-auth-token"], hidden["authorization"]) == ("***", "***")
    assert sim.token not in repr(request)


def test_a_pause_drops_every_connection(sim: Simulator, session: requests.Session) -> None:
    """During a pause all connections are dropped without a record. Afterwards the simulator serves as before."""
    assert session.get(f"{sim.url}/jobs/ok", timeout=5).status_code == 200
    sim.pause()
    for _ in range(3):
        with pytest.raises(requests.ConnectionError):
            session.get(f"{sim.url}/jobs/ok", timeout=5)
    sim.resume()
    assert session.get(f"{sim.url}/jobs/ok", timeout=5).status_code == 200
    assert sim.count("GET") == 2


def test_a_stop_keeps_the_port_and_the_world(sim: Simulator, session: requests.Session) -> None:
    """A stopped simulator refuses connections. After a start the endpoint, jobs and servers are the same."""
    endpoint = sim.endpoint
    session.post(f"{sim.url}/baremetalservers", json=sample_order("web"), timeout=5)
    sim.advance(240.0)
    before = sim.world
    for _ in range(3):
        sim.stop()
        with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", sim.port), timeout=5):
            pass
        sim.start()
    assert (sim.endpoint, sim.world) == (endpoint, before)
    assert session.get(f"{sim.url}/jobs/ok", timeout=5).status_code == 200


def test_starting_and_stopping_twice_is_harmless(session: requests.Session) -> None:
    """start, stop and close may be called in any order."""
    sim = Simulator(clock=ManualClock())
    sim.stop()
    sim.start()
    sim.start()
    assert session.get(f"{sim.url}/jobs/ok", timeout=5).status_code == 401
    sim.stop()
    sim.stop()
    sim.close()
    sim.close()
    sim.start()
    sim.close()


def test_a_stop_ends_requests_that_hang(sim: Simulator) -> None:
    """A stop ends the connection of a client that waits for a response."""
    headers = {"X-Auth-Token": sim.token}
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(requests.get, f"{sim.url}/jobs/hang", headers=headers, timeout=30)
        while not sim.count("GET"):
            pass
        sim.stop()
        assert isinstance(waiting.exception(timeout=5), requests.ConnectionError)


@pytest.mark.parametrize("time_scale", [0.0, -1.0, float("inf"), float("nan")])
def test_time_scales_are_positive(time_scale: float) -> None:
    """A time scale that is not a positive number is refused."""
    with pytest.raises(ValueError, match="time_scale must be a positive number"):
        Simulator(time_scale=time_scale)


@pytest.mark.parametrize("seconds", [-1.0, float("inf"), float("nan")])
def test_time_does_not_go_back(seconds: float, sim: Simulator) -> None:
    """Time is advanced by a finite number of seconds, never backwards."""
    with pytest.raises(ValueError, match="time only goes forward"):
        sim.advance(seconds)


def test_a_script_shows_its_frames(sim: Simulator, session: requests.Session) -> None:
    """A scripted job shows each response for one poll, and the last response forever."""
    teapot = Response(418, "short and stout", {"X-Pot": "1"})
    sim.add_job(
        "mine", [{"status": "RUNNING"}, teapot, "reset", ScriptedResponse({"status": "FAIL"}, polls=2), {"status": "X"}]
    )
    url = f"{sim.url}/jobs/mine"
    assert session.get(url, timeout=5).json() == {"status": "RUNNING"}
    response = session.get(url, timeout=5)
    assert (response.status_code, response.text, response.headers["X-Pot"]) == (418, "short and stout", "1")
    with pytest.raises(requests.ConnectionError):
        session.get(url, timeout=5)
    assert [session.get(url, timeout=5).json()["status"] for _ in range(4)] == ["FAIL", "FAIL", "X", "X"]


def test_a_script_can_go_by_time(sim: Simulator, session: requests.Session) -> None:
    """A response with seconds stays for the seconds from the first poll on, with any number of polls."""
    sim.add_job(
        "mine", [ScriptedResponse({"n": 1}, seconds=10), ScriptedResponse({"n": 2}, seconds=5), {"n": 3}, {"n": 4}]
    )
    sim.advance(1000.0)
    seen: list[int] = []
    for seconds in (0.0, 9.0, 1.0, 4.0, 1.0, 0.0):
        sim.advance(seconds)
        seen.append(session.get(f"{sim.url}/jobs/mine", timeout=5).json()["n"])
    assert seen == [1, 1, 2, 2, 3, 4]


def test_a_script_has_frames(sim: Simulator) -> None:
    """A script without responses is refused."""
    with pytest.raises(ValueError, match="at least one response"):
        sim.add_job("mine", [])


def test_a_body_that_is_cut_off_is_no_request(sim: Simulator) -> None:
    """A request with a cut-off body is not recorded."""
    with socket.create_connection(("127.0.0.1", sim.port), timeout=5) as connection:
        connection.sendall(b"POST /v1/p/baremetalservers HTTP/1.1\r\nContent-Length: 10\r\n\r\nhalf")
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(65536) == b""
    assert not sim.requests


def test_a_response_to_head_has_no_body(sim: Simulator, session: requests.Session) -> None:
    """A refused HEAD has headers only, and the connection stays usable."""
    for _ in range(2):
        response = session.head(f"{sim.url}/jobs/ok", timeout=5)
        assert (response.status_code, response.content) == (405, b"")
