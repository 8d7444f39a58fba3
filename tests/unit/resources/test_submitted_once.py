"""Submission and outcome are on record before any further step: nothing is ordered twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from pulumi.dynamic import Config, ConfigureRequest
from pulumi.output import UNKNOWN

from bms_simulator import Simulator
from pulumi_bms.lifecycle.orderer import ORDERED_BY
from pulumi_bms.operation import ExpectedError, Operation, PartialStateError, running
from pulumi_bms.resources.job_submission_provider import JobSubmissionProvider
from tests.unit.resources.conftest import PASSWORD, TRIGGER, created, order


class Responding(ThreadingHTTPServer):
    """A Job API with scripted responses to submissions. `on_post` runs when a submission arrives."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Exchange)
        self.posts = 0
        self.status = 200
        self.body = b'{"job_id": "j"}'
        self.cut = 0
        """Bytes announced and never sent."""
        self.on_post: Callable[[], object] = lambda: None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def says(self, body: object, status: int = 200, cut: int = 0) -> None:
        self.body, self.status, self.cut = body if isinstance(body, bytes) else json.dumps(body).encode(), status, cut


class _Exchange(BaseHTTPRequestHandler):
    server: Responding

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posts += 1
        self.server.on_post()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.body) + self.server.cut))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def responding() -> Iterator[Responding]:
    with Responding() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def provider(responding: Responding) -> JobSubmissionProvider:
    """A provider for the scripted API."""
    provider = JobSubmissionProvider()
    values = {"bms:endpoint": responding.endpoint, "bms:projectId": "p", "bms:token": "geheim-token"}
    provider.configure(ConfigureRequest(Config(values, "project")))
    return provider


class Recorder:
    """A host that records the messages of a method, and keeps partial state."""

    def __init__(self, *, preview: bool = False, inputs: dict[str, Any] | None = None, urn: str = "") -> None:
        self.texts: list[str] = []
        self.operation = Operation(
            urn=urn,
            preview=preview,
            inputs=inputs or {},
            keeps_partial_state=True,
            note=self.texts.append,
            warn=self.texts.append,
        )


def messages(call: Callable[[], object], **operation: Any) -> str:
    """All messages of a call to the host."""
    host = Recorder(**operation)
    with running(host.operation):
        call()
    return "\n".join(host.texts)


def partial(call: Callable[[], object], **operation: Any) -> PartialStateError:
    """The error with state at the end of a call."""
    with running(Recorder(**operation).operation), pytest.raises(PartialStateError) as error:
        call()
    return error.value


def kept(orders: Path) -> list[dict[str, Any]]:
    """The records on the test's machine."""
    return [json.loads(path.read_text()) for path in sorted(orders.glob("*.json"))]


def killed(orders: Path, props: dict[str, Any], job_id: str | None = None) -> None:
    """Leave the record of a run killed just before, or just after, the response to the request is read."""
    inputs = {name: props.get(name) for name in ("path", "method", "body", "triggers")}
    text = json.dumps(json.loads(json.dumps(inputs), parse_float=_whole), sort_keys=True, separators=(",", ":"))
    command = [sys.executable, "-c", KILLED, str(orders), props[ORDERED_BY], text, job_id or ""]
    subprocess.run(command, check=True)


KILLED = """
import os, sys
from pathlib import Path
from pulumi_bms.lifecycle.record import Order, Records
folder, orderer, inputs, job_id = sys.argv[1:]
pending = Records(Path(folder)).pending(Order(orderer, inputs))
pending.write("POST https://bms.example.com/v1/p/baremetalservers")
if job_id:
    pending.complete(job_id=job_id)
os._exit(0)
"""


def _whole(number: str) -> float:
    return int(float(number)) if float(number).is_integer() else float(number)


def test_the_record_is_on_the_disk_when_the_request_arrives(
    responding: Responding, provider: JobSubmissionProvider, orders: Path
) -> None:
    """The record has the request before the sending, and the job after the response. A stored job has no record."""
    seen: list[dict[str, Any]] = []
    responding.on_post = lambda: seen.extend(kept(orders))
    props = order()
    outputs = created(provider, props)
    (before,) = seen
    assert before["request"] == f"POST {responding.endpoint}/v1/p/baremetalservers"
    assert (before["orderer"], before["answered"], "job_id" in before) == (props[ORDERED_BY], False, False)
    (after,) = kept(orders)
    assert (after["answered"], after["job_id"], after["attempt"]) == (True, "j", before["attempt"])
    for text in (PASSWORD, TRIGGER):
        assert text not in json.dumps([before, after])
    assert provider.diff("j", outputs, props).changes is False
    assert kept(orders) == []


@pytest.mark.parametrize("step", ["diff", "read", "update", "delete"])
def test_a_job_in_the_state_needs_no_record(provider: JobSubmissionProvider, orders: Path, step: str) -> None:
    """Each step of a later run with the job in the state removes the record. Then the same inputs order anew."""
    props = order()
    outputs = created(provider, props)
    steps: dict[str, Callable[[], object]] = {
        "diff": lambda: provider.diff("j", outputs, props),
        "read": lambda: provider.read("j", outputs),
        "update": lambda: provider.update("j", outputs, props),
        "delete": lambda: provider.delete("j", outputs),
    }
    steps[step]()
    assert kept(orders) == []


PROGRAM = """
import sys, pulumi

class Cloud(pulumi.runtime.Mocks):
    def new_resource(self, args):
        return f"{args.name}-id", {"job_id": sys.argv[1], **args.inputs}
    def call(self, args):
        return {}

@pulumi.runtime.test
def build():
    names = {"project": "shop", "stack": "prod", "organization": "acme"}
    pulumi.runtime.set_mocks(Cloud(), preview=sys.argv[2] == "preview", **names)
    from pulumi_bms import JobSubmission
    return JobSubmission("order", path="p").urn

build()
"""


@pytest.mark.parametrize(
    ("job_id", "mode", "checkpoints", "left"),
    [("k", "up", "", 0), ("k", "up", "1", 1), ("k", "preview", "", 1), ("another", "up", "", 1)],
)
def test_a_program_that_is_told_of_its_job_needs_no_record(
    orders: Path, job_id: str, mode: str, checkpoints: str, left: int
) -> None:
    """A program that gets the job removes the record, because the engine has saved the state.

    The record stays if the state is saved only at the end of the run, or if the job is not the job on record.
    """
    kind = "pulumi-python:dynamic/bms:JobSubmission"
    killed(orders, {**order(), ORDERED_BY: f"acme/urn:pulumi:prod::shop::{kind}::order"}, "k")
    environment = {**os.environ, "PULUMI_SKIP_CHECKPOINTS": checkpoints}
    subprocess.run([sys.executable, "-c", PROGRAM, job_id, mode], check=True, env=environment)
    assert len(kept(orders)) == left


def test_the_job_of_a_killed_run_is_taken(
    responding: Responding, provider: JobSubmissionProvider, orders: Path
) -> None:
    """After a kill just after the response, the next run takes the job of the record and sends nothing."""
    props = order()
    killed(orders, props, "k")
    seen = messages(lambda: provider.create({**props, "triggers": TRIGGER}))
    assert responding.posts == 0
    assert "nothing was sent" in seen
    assert "This run takes over job k of the request" in seen
    assert created(provider, props)["job_id"] == "k"
    assert "This run takes over job k of the request" in messages(lambda: provider.create(props), preview=True)
    assert responding.posts == 0


def test_the_request_of_a_killed_run_is_not_sent_again(
    responding: Responding, provider: JobSubmissionProvider, orders: Path
) -> None:
    """Without a job on record no request is sent, also in a preview. The error has the request and the next steps."""
    props = order()
    killed(orders, props)
    for preview in (False, True):
        with running(Recorder(preview=preview).operation), pytest.raises(ExpectedError) as error:
            provider.create(props)
        for part in (
            "nothing was sent: an earlier request of this resource is unresolved.",
            "POST https://bms.example.com/v1/p/baremetalservers was sent, or about to be sent, at 20",
            "console",
            "to a JobCompletion",
            "change `triggers`",
            str(next(orders.glob("*.json"))),
        ):
            assert part in str(error.value)
    assert responding.posts == 0
    assert partial(lambda: provider.create(props)).outputs["unresolved"]["attempt"] == kept(orders)[0]["attempt"]


def test_other_triggers_send_and_tell_what_is_left_behind(
    responding: Responding, provider: JobSubmissionProvider, orders: Path
) -> None:
    """New `triggers` send a new order. A message names the earlier order, because the earlier order may be billed."""
    for number, job_id in enumerate([None, "k"]):
        props = {**order(), ORDERED_BY: f"acme/urn:{number}"}
        killed(orders, props, job_id)
        seen = messages(lambda props=props: provider.create({**props, "triggers": "again"}))  # type: ignore[misc]
        assert responding.posts == number + 1
        assert "an earlier request of this resource is left behind" in seen
        assert ("started job k. Servers of the job stay and are billed" if job_id else "is unknown") in seen
    assert len(kept(orders)) == 4


def test_a_request_that_another_run_is_sending_is_waited_for(
    responding: Responding, provider: JobSubmissionProvider, orders: Path
) -> None:
    """A run waits for the request of a different run under way, and takes the job after the response."""
    props = order()
    gate = threading.Event()
    responding.on_post = lambda: gate.wait(10.0)
    first = threading.Thread(target=provider.create, args=(props,))
    first.start()
    while not kept(orders) and first.is_alive():
        time.sleep(0.01)
    threading.Timer(0.5, gate.set).start()
    assert created(provider, props)["job_id"] == "j"
    first.join()
    assert responding.posts == 1


@pytest.mark.parametrize(
    ("status", "body"),
    [(400, {"error": {"code": "BMS.0054", "message": "no"}}), (401, b""), (404, b""), (429, b""), (403, b"")],
)
def test_a_refused_request_leaves_no_record(
    responding: Responding, provider: JobSubmissionProvider, orders: Path, status: int, body: object
) -> None:
    """A refused request leaves no record, so the next `up` may send."""
    responding.says(body, status)
    with pytest.raises(ExpectedError, match="othing was submitted"):
        provider.create(order())
    assert responding.posts == 1
    assert kept(orders) == []


def test_a_request_that_never_left_leaves_no_record(sim: Simulator, submission: JobSubmissionProvider) -> None:
    """A request without a connection leaves no record, so the next `up` sends."""
    sim.stop()
    with pytest.raises(ExpectedError, match="never sent"):
        submission.create(order())
    sim.start()
    assert created(submission, order())["job_id"]


def test_without_a_record_nothing_is_sent(
    responding: Responding, provider: JobSubmissionProvider, orders: Path
) -> None:
    """Without a writable home nothing is sent. The error names the variable to set."""
    orders.parent.parent.mkdir()
    orders.parent.write_text("a file where a folder should be")
    with pytest.raises(ExpectedError, match="nothing was sent: the record of the request can't be written") as error:
        provider.create(order())
    assert "PULUMI_HOME" in str(error.value)
    assert responding.posts == 0


def test_a_damaged_record_stops_the_request(
    responding: Responding, provider: JobSubmissionProvider, orders: Path
) -> None:
    """A damaged record stops the request, also in a preview."""
    killed(orders, order())
    next(orders.glob("*.json")).write_text("")
    for preview in (False, True):
        with running(Recorder(preview=preview).operation), pytest.raises(ExpectedError, match="is damaged"):
            provider.create(order())
    assert responding.posts == 0


# --- unresolved


def test_an_unanswered_request_stays_in_the_state(responding: Responding, provider: JobSubmissionProvider) -> None:
    """An unresolved request stays in the state. Each later run refuses without a request until an input changes."""
    responding.says(b"", 504)
    props = order()
    left = partial(lambda: provider.create(props))
    assert left.id == f"unresolved-{left.outputs['unresolved']['attempt']}"
    assert (left.outputs["job_id"], left.outputs["order_id"]) == (None, None)
    assert left.outputs["unresolved"]["error"] == "HTTP 504 the response is empty"

    assert provider.diff(left.id, left.outputs, props).changes is True
    for call in (
        lambda: provider.update(left.id, left.outputs, props),
        lambda: provider.read(left.id, left.outputs),
        lambda: provider.create(props),
    ):
        again = partial(call)
        assert again.outputs["unresolved"] == left.outputs["unresolved"]
        assert again.reason.startswith("nothing was sent: an earlier request of this resource is unresolved.")
    for changed in ("triggers", "path", "method", "body"):
        value = {"path": "other", "method": "PUT"}.get(changed, {"other": 1.0})
        assert provider.diff(left.id, left.outputs, {**props, changed: value}).replaces == [changed]
    assert responding.posts == 1


def test_deleting_an_unresolved_request_says_what_may_exist(
    responding: Responding, provider: JobSubmissionProvider, orders: Path
) -> None:
    """A delete of an unresolved request works, warns of billed servers, and removes the record."""
    responding.says({"order_id": "CS1"})
    left = partial(lambda: provider.create(order()))
    seen = messages(lambda: provider.delete(left.id, left.outputs))
    assert "is unknown (the response named order_id CS1)" in seen
    assert "Servers of the request may exist and be billed" in seen
    assert kept(orders) == []


SAYS: list[tuple[object, int, int, str | None, dict[str, str], str]] = [
    ({"order_id": "CS1"}, 200, 0, "CS1", {"order_id": "CS1"}, "order_id CS1"),
    ({"orderId": 17}, 200, 0, "17", {"orderId": "17"}, "orderId 17"),
    ({"result": {"orderId": "CS1", "serverIds": ["s1", "s2"]}}, 200, 0, "CS1", {}, "result.serverIds[1] s2"),
    ({"job": {"id": "j1"}}, 202, 0, None, {"job.id": "j1"}, "job.id j1"),
    ({"task_id": "t1"}, 200, 0, None, {"task_id": "t1"}, "task_id t1"),
    (b'{"job_id": "j1", "order_', 200, 0, None, {"job_id": "j1"}, "job_id j1"),
    (b'{"job_id": "j1", "order_id": "CS', 200, 99, None, {"job_id": "j1"}, "job_id j1"),
    (b'{"order_id": "CS1", "job_i', 200, 0, "CS1", {"order_id": "CS1"}, "order_id CS1"),
    ({"code": "BMS.0216", "message": "no money", "order_id": "CS1"}, 400, 0, "CS1", {}, "order_id CS1"),
    ({"code": "BMS.0018", "message": "odd", "order_id": "CS1"}, 200, 0, "CS1", {}, "order_id CS1"),
    ({"code": "404", "message": "odd", "order_id": "CS1"}, 200, 0, "CS1", {}, "order_id CS1"),
    ({"code": "BMS.0040", "message": "odd", "order_id": "CS1"}, 404, 0, "CS1", {}, "order_id CS1"),
    ({"error_code": "APIGW.0301", "error_msg": "odd", "order_id": "CS1"}, 401, 0, "CS1", {}, "order_id CS1"),
    ({"error": {"code": "X.1", "message": "m"}, "job_id": None}, 500, 0, None, {}, "The response begins: {"),
    (b"<html>Bad gateway</html>", 502, 0, None, {}, "The response begins: <html>Bad gateway</html>"),
]
"""A response without a job: the body, the order id, all ids, and the words of the message."""


@pytest.mark.parametrize(("body", "status", "cut", "order_id", "ids", "says"), SAYS)
def test_nothing_that_a_response_says_is_lost(
    responding: Responding,
    provider: JobSubmissionProvider,
    orders: Path,
    body: object,
    status: int,
    cut: int,
    order_id: str | None,
    ids: dict[str, str],
    says: str,
) -> None:
    """The ids and the text of a response are in the message, in the state and on record, also of a cut response."""
    responding.says(body, status, cut)
    left = partial(lambda: provider.create(order()))
    assert says in left.reason
    assert left.outputs["order_id"] == order_id
    assert ids.items() <= left.outputs["unresolved"]["ids"].items()
    assert left.outputs["unresolved"]["text"]
    if order_id:
        assert f"console (order {order_id}, servers" in left.reason
    (record,) = kept(orders)
    assert (record.get("order_id"), record["ids"]) == (order_id, left.outputs["unresolved"]["ids"])
    assert partial(lambda: provider.create(order())).outputs["unresolved"] == left.outputs["unresolved"]


def test_no_secret_of_a_response_is_kept(responding: Responding, provider: JobSubmissionProvider, orders: Path) -> None:
    """Passwords and the token in a response are masked, and control characters are removed."""
    responding.says({"echo": {"adminPass": PASSWORD, "password_id": PASSWORD}, "token": "geheim-token", "a": "\x1b[2J"})
    left = partial(lambda: provider.create(order()))
    text = json.dumps([left.outputs["unresolved"], kept(orders), left.reason])
    assert "[secret]" in text
    for hidden in (PASSWORD, "geheim-token", "\x1b"):
        assert hidden not in text


# --- the meaning of a change


@pytest.mark.parametrize(
    ("olds", "count", "says"),
    [
        (
            order(count=3.0),
            2.0,
            "body changed, so a new order is placed (POST baremetalservers), and the 3 servers of ",
        ),
        (order(count=1.0), 2.0, "and the server of job j stays and is billed"),
        ({}, 2.0, "and the servers of job j stay and are billed"),
    ],
)
def test_a_change_says_what_stays_and_is_billed(
    provider: JobSubmissionProvider, olds: dict[str, Any], count: float, says: str
) -> None:
    """A replacing diff names the new order, and the number of remaining servers if the host passes the inputs."""
    outputs = created(provider, order(count=9.0))
    seen = messages(lambda: provider.diff("j", outputs, order(count=count)), inputs=olds, urn=says)
    assert says in seen


def test_a_change_of_another_request_undoes_nothing(provider: JobSubmissionProvider) -> None:
    """A request other than an order is sent anew. The message names the changed inputs and the unknown inputs."""
    props = {"path": "baremetalservers/s/attachvolume", "method": "POST", "body": {"a": 1.0}, ORDERED_BY: "acme/urn:a"}
    outputs = created(provider, props)
    seen = messages(lambda: provider.diff("j", outputs, {**props, "triggers": 1.0, "method": "PUT"}), inputs=props)
    assert seen == (
        "method and triggers changed, so a new request is sent (PUT baremetalservers/s/attachvolume), and the "
        "effects of job j stay"
    )
    seen = messages(lambda: provider.diff("j", outputs, {**props, "body": {"a": UNKNOWN}}), inputs=props)
    assert seen.startswith(
        "body will be known after other resources exist. If a value differs from the sent value, a new"
    )


def test_no_change_says_nothing(provider: JobSubmissionProvider) -> None:
    """Equal inputs, with changed connection settings, have no message."""
    outputs = created(provider, order())
    assert messages(lambda: provider.diff("j", outputs, {**order(), "region": "eu-de"}), inputs=order()) == ""
