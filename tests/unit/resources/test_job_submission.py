"""`JobSubmissionProvider`, called as by a plugin process, against a simulator over sockets."""

from __future__ import annotations

import copy
import json
import socket
import threading
import time
from typing import Any

import pytest
from pulumi.dynamic import Config, ConfigureRequest
from pulumi.output import UNKNOWN

from bms_simulator import Simulator
from pulumi_bms.lifecycle.orderer import ORDERED_BY
from pulumi_bms.operation import ExpectedError, Operation, running
from pulumi_bms.resources.job_submission_provider import JobSubmissionProvider
from tests.unit.resources.conftest import PASSWORD, TRIGGER, created, order

# --- create


def test_create_sends_one_request_and_returns(sim: Simulator, submission: JobSubmissionProvider) -> None:
    """A create sends one POST within the project and returns without a wait. The job's id is the resource's id."""
    outputs = created(submission, order())
    (request,) = sim.requests
    assert (request.method, request.path) == ("POST", f"/v1/{sim.project_id}/baremetalservers")
    assert outputs.keys() == {"job_id", "order_id", "digests"}
    assert outputs["order_id"] is None


def test_the_order_of_a_paid_submission_is_an_output(submission: JobSubmissionProvider) -> None:
    """The response to a yearly or monthly order has an order id, which is an output."""
    assert created(submission, order(prepaid=True))["order_id"].startswith("CS")


def test_whole_numbers_are_sent_whole(sim: Simulator, submission: JobSubmissionProvider) -> None:
    """Whole numbers are sent as integers, because Pulumi makes every number a float. Nothing else is changed."""
    props = order(count=3.0)
    props["body"]["server"] |= {"odd": [1.0, [2.0, {"n": -4.0}], 1.5, True, False, None, "5.0", 0.0, {}, []], "é": "ü"}
    created(submission, props)
    (request,) = sim.requests
    assert request.body == props["body"]
    sent = json.dumps(request.body)
    assert '"odd": [1, [2, {"n": -4}], 1.5, true, false, null, "5.0", 0, {}, []]' in sent
    assert '"count": 3,' in sent


def test_no_body_is_no_body(sim: Simulator, submission: JobSubmissionProvider) -> None:
    """A DELETE is sent without a body, and the path may have many parts."""
    with pytest.raises(ExpectedError, match="BMS"):
        submission.create({"path": "baremetalservers/no-such/detachvolume/disk", "method": "DELETE"})
    (request,) = sim.requests
    assert request.path == f"/v1/{sim.project_id}/baremetalservers/no-such/detachvolume/disk"
    assert (request.method, request.body) == ("DELETE", None)


def test_a_job_id_in_camel_case_is_one(submission: JobSubmissionProvider) -> None:
    """A job id in the field `jobId` is read."""
    assert created(submission, order("camel"))["job_id"]


def test_no_secret_is_among_the_outputs(submission: JobSubmissionProvider) -> None:
    """The outputs have only salted digests of the inputs. The same body has a new digest each time."""
    first, second = (created(submission, {**order(), ORDERED_BY: f"acme/urn:{number}"}) for number in range(2))
    for secret in (PASSWORD, TRIGGER, "baremetalservers"):
        assert secret not in repr(first)
    assert first["digests"].keys() == {"salt", "path", "method", "body", "triggers"}
    assert not set(first["digests"].values()) & set(second["digests"].values())


def test_the_inputs_say_where_to_submit(sim: Simulator, submission: JobSubmissionProvider) -> None:
    """Endpoint and project of the inputs come before the config, with the same token."""
    with Simulator(token=sim.token) as other:
        created(submission, {**order(), "endpoint": other.endpoint, "project_id": other.project_id})
        assert other.count("POST") == 1
    assert sim.requests == []


NOTHING = "nothing was submitted"
UNSURE = "The outcome is unknown: the request may have started a job"


@pytest.mark.parametrize(
    ("scenario", "says", "ends"),
    [
        ("no-job-id", "HTTP 200", UNSURE),
        ("loses-answer", "Connection reset by peer", UNSURE),
        ("gateway-timeout", "HTTP 504 APIGW.0201", UNSURE),
        ("order-html", "HTTP 200 the response is a page of HTML or XML, and not JSON", UNSURE),
        ("refused", "HTTP 400 BMS.0054", NOTHING),
        ("error-in-202", "HTTP 202 Common.0024", NOTHING),
    ],
)
def test_a_response_without_a_job_is_an_error(
    sim: Simulator, submission: JobSubmissionProvider, scenario: str, says: str, ends: str
) -> None:
    """The error of a response without a job tells whether a job may exist. One request is sent. No secret is shown."""
    with pytest.raises(ExpectedError) as error:
        submission.create(order(scenario))
    assert says in str(error.value)
    assert ends in str(error.value)
    assert PASSWORD not in str(error.value)
    assert sim.count("POST") == len(sim.requests) == 1


def test_an_unsure_submission_is_told_with_a_way_out(submission: JobSubmissionProvider) -> None:
    """The error of an unknown outcome has the time, the places to check and both next steps."""
    with pytest.raises(ExpectedError) as error:
        submission.create(order("loses-answer"))
    text = str(error.value)
    for part in (
        "was sent at 20",
        "servers that are billed",
        "console",
        "change `triggers`",
        "to a JobCompletion",
    ):
        assert part in text


def test_a_rejected_credential_is_sent_once(sim: Simulator) -> None:
    """A 401 names the source of the token, not the token. A second submission with the token sends nothing."""
    provider, token = JobSubmissionProvider(), f"expired-{sim.token}"
    values = {"bms:endpoint": sim.endpoint, "bms:projectId": sim.project_id, "bms:token": token}
    provider.configure(ConfigureRequest(Config(values, "project")))
    for _ in range(2):  # a refused request leaves no record, so the second submission is a new request
        with pytest.raises(ExpectedError, match=r"(?s)bms:token.*APIGW\.0301.*Nothing was submitted") as error:
            provider.create(order())
        assert token not in str(error.value)
    assert len(sim.requests) == 1


def test_another_project_is_refused(sim: Simulator, submission: JobSubmissionProvider) -> None:
    """A refused project is an error, and nothing was submitted."""
    with pytest.raises(ExpectedError, match=rf"(?s)Common\.0018.*{NOTHING}"):
        submission.create({**order(), "project_id": "another"})
    assert len(sim.requests) == 1


def test_a_request_that_never_left_is_told_as_such(sim: Simulator, submission: JobSubmissionProvider) -> None:
    """Without a connection the request was never sent, and the error names endpoint and network."""
    sim.stop()
    with pytest.raises(ExpectedError, match=f"(?s)never sent, so {NOTHING}. Check endpoint and network"):
        submission.create(order())
    sim.start()
    assert sim.requests == []


def test_missing_settings_are_told_before_any_request(sim: Simulator) -> None:
    """Missing settings are all named, before any request."""
    with pytest.raises(ExpectedError, match=r"(?s)endpoint.*\n.*project.*\n.*credential"):
        JobSubmissionProvider().create(order())
    assert sim.requests == []


# --- diff


def test_what_was_sent_is_compared(submission: JobSubmissionProvider) -> None:
    """A change of path, method, body or triggers replaces. The engine compares all further inputs."""
    props = order()
    olds, offline = created(submission, props), JobSubmissionProvider()
    server = props["body"]["server"]
    for changed, replaces in (
        ({"path": "baremetalservers/action"}, ["path"]),
        ({"method": "PUT"}, ["method"]),
        ({"body": {"server": {**server, "count": 2.0}}}, ["body"]),
        ({"body": {"server": {**server, "adminPass": "another"}}}, ["body"]),
        ({"body": {"server": {**server, "vpcid": UNKNOWN}}}, ["body"]),
        ({"body": {"server": {**server, "nics": [{"subnet_id": copy.copy(UNKNOWN)}]}}}, ["body"]),
        ({"body": None}, ["body"]),
        ({"triggers": "other"}, ["triggers"]),
        ({"triggers": None}, ["triggers"]),
        ({"triggers": ["a", UNKNOWN]}, ["triggers"]),
        ({"path": UNKNOWN, "triggers": 1.0}, ["path", "triggers"]),
    ):
        result = offline.diff(olds["job_id"], olds, {**props, **changed})
        assert (result.changes, result.replaces) == (None, replaces)


def test_what_was_not_sent_is_no_change(submission: JobSubmissionProvider) -> None:
    """Reordered inputs, 1 in place of 1.0, and changed connection settings are no change."""
    props = order()
    olds, offline = created(submission, props), JobSubmissionProvider()
    server = props["body"]["server"]
    for same in (
        {},
        {"body": {"server": dict(reversed(server.items()))}},
        {"body": {"server": {**server, "count": 1}}},
        {"region": "eu-de", "project_id": "another", "endpoint": UNKNOWN},
        {"__provider": "another pickle"},
    ):
        result = offline.diff(olds["job_id"], {**olds, "__provider": "gASV"}, {**props, **same})
        assert (result.changes, result.replaces) == (False, None)


@pytest.mark.parametrize("triggers", [None, "", "x", 0.0, 3.0, 2.0**60, True, ["a", 1.0], {"a": {"b": [None]}}])
def test_any_value_may_be_a_trigger(submission: JobSubmissionProvider, triggers: Any) -> None:
    """Triggers of any JSON value are compared by value."""
    props = {**order(), "triggers": triggers}
    olds = created(submission, props)
    assert submission.diff(olds["job_id"], olds, props).changes is False
    assert submission.diff(olds["job_id"], olds, {**props, "triggers": "another"}).replaces == ["triggers"]


# --- read, update, delete


def test_what_was_submitted_stays_submitted(sim: Simulator) -> None:
    """Refresh, an update without a change, and delete send nothing, need no settings and keep all outputs."""
    provider = JobSubmissionProvider()
    digests = {"salt": "a", "path": "b", "method": "c", "body": "d", "triggers": "e"}
    outputs = {"job_id": "j", "order_id": None, "digests": digests}
    stored = {**outputs, "__provider": "gASV"}
    result = provider.read("j", dict(stored))
    assert (result.id, result.outs) == ("j", stored)
    assert provider.update("j", stored, {**order(), "region": "eu-de"}).outs == outputs
    provider.delete("j", stored)
    assert sim.requests == []


class SetOnTheWay(threading.Event):
    """An event that is set by the first call of `is_set`."""

    def is_set(self) -> bool:
        before = super().is_set()
        self.set()
        return before


def test_an_interrupt_while_signing_in(sim: Simulator, submission: JobSubmissionProvider) -> None:
    """Ctrl-C before the request ends the submission, and the error says that nothing was sent."""
    with (
        running(Operation(cancelled=SetOnTheWay())),
        pytest.raises(ExpectedError, match=r"^interrupted before anything was sent$"),
    ):
        submission.create({"path": "baremetalservers", "body": {}})
    assert sim.requests == []


def test_an_interrupt_at_a_silent_identity_service(sim: Simulator) -> None:
    """Ctrl-C ends a submission at once during a sign-in without a response."""
    cancelled = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        provider = JobSubmissionProvider()
        user = {"username": "deploy", "password": PASSWORD, "domainName": "acme"}
        where = {"endpoint": sim.endpoint, "projectId": sim.project_id}
        iam = {"iamEndpoint": f"http://127.0.0.1:{silent.getsockname()[1]}"}
        values = {f"bms:{key}": value for key, value in {**user, **where, **iam}.items()}
        provider.configure(ConfigureRequest(Config(values, "project")))
        threading.Timer(0.5, cancelled.set).start()
        began = time.monotonic()
        with (
            running(Operation(cancelled=cancelled)),
            pytest.raises(ExpectedError, match=r"^interrupted before anything was sent$"),
        ):
            provider.create({"path": "baremetalservers", "body": {}})
    assert time.monotonic() - began < 10.0
    assert sim.requests == []
