"""The decisions of the package, without the words of messages.

Run as a program, the module prints the decisions as JSON.

- Waits: each scenario of the simulator in virtual time: the end, the error, the rule, the polls, the stored outputs.
- Refreshes, previews and submissions of the scenarios: the result or the class of the error, outputs, number of notes.
- Sign-ins, good and bad: the error, and the number of requests.
- Responses of every shape: the class and the fields of the error, and which hints are equal.
- Settings, checks and the remaining messages of the golden files: the number of lines, and which texts are equal.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from pulumi.dynamic import Config, ConfigureRequest

import pulumi_bms
from bms_simulator import (
    SCENARIOS,
    AccessKey,
    Account,
    Accounts,
    ManualClock,
    Project,
    Simulator,
    User,
    sample_order,
)
from pulumi_bms.api.auth import hints
from pulumi_bms.api.auth.credential import TokenCredential
from pulumi_bms.api.auth.lockout_guard import LockoutGuard
from pulumi_bms.api.channel import Channel
from pulumi_bms.api.classification import read_object
from pulumi_bms.api.client import Client
from pulumi_bms.api.errors import ApiError
from pulumi_bms.api.http.response import Response
from pulumi_bms.api.identity.projects import GivenProject
from pulumi_bms.api.jobs import JobApi
from pulumi_bms.api.operation_codes import says_not_found
from pulumi_bms.lifecycle.connection import connect
from pulumi_bms.lifecycle.job_outputs import outputs_of, stored_status
from pulumi_bms.operation import ExpectedError, Operation, PartialStateError, Purpose, running
from pulumi_bms.resources.job_completion_provider import JobCompletionProvider
from pulumi_bms.resources.job_completions_provider import JobCompletionsProvider
from pulumi_bms.resources.job_submission_provider import JobSubmissionProvider
from pulumi_bms.waiting.job_wait import Plan
from pulumi_bms.waiting.outcome import Outcome
from pulumi_bms.waiting.poll_loop import PollLoop
from tests.unit.messages.golden import errors, resources, settings, submissions, waits

TOO_SLOW = {"slow", "hang", "huge", "invisible"}
"""Scenarios in real seconds."""
_TEXTS = ("error", "text", "record", "sent_at", "attempt", "request")
"""Outputs of an unresolved request with texts, times and random names."""


class _Clock:
    """Virtual seconds, for the simulator too."""

    cancelled = False

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._now = 0.0

    def now(self) -> float:
        return self._now

    def sleep_until(self, moment: float) -> None:
        seconds = max(0.0, moment - self._now)
        self._simulator.advance(seconds)
        self._now += seconds


def _error(error: ApiError | None) -> object:
    if error is None:
        return None
    credential = error.credential.kind.name if error.credential else None
    names = ("status", "code", "retry_after", "sent", "is_page", "is_missing_in_nova")
    fields = {name: getattr(error, name) for name in names}
    return [
        type(error).__name__,
        fields,
        credential,
        error.next_step is None,
        error.hint is None,
        error.excerpt is None,
    ]


def _outcome(outcome: Outcome, rows: int) -> object:
    judgement = outcome.judgement
    stood = [judgement.ruling.name, judgement.finality.name, judgement.rule] if judgement else None
    outputs = outputs_of(outcome.job_id, outcome.job, stored_status(outcome))
    times = [round(outcome.elapsed), round(outcome.outage)]
    return [outcome.end.name, outcome.rule, stood, _error(outcome.error), times, rows, outputs]


def each_wait() -> dict[str, object]:
    """The wait for a job of each scenario, with the default timeout of an hour."""
    ended: dict[str, object] = {}
    for name in sorted(SCENARIOS.keys() - TOO_SLOW):
        with Simulator(clock=ManualClock(), token="token", project_id="p") as simulator:
            client = Client(simulator.endpoint, TokenCredential("token", "here"), lockout_guard=LockoutGuard())
            api, rows = JobApi(Channel(client, GivenProject("p"))), 0

            def observe(_: object) -> None:
                nonlocal rows
                rows += 1

            loop = PollLoop(api.get_job, _Clock(simulator), observer=observe, chance=lambda: 0.0)
            (outcome,) = loop.wait([Plan(f"{name}.1", 3600.0)])
            ended[name] = [_outcome(outcome, rows), simulator.count()]
    return ended


def _tried(call: Callable[[], Any], lines: list[str]) -> object:
    """A result or an error without texts, and the number of notes."""
    try:
        result = call()
        outs = getattr(result, "outs", None)
    except PartialStateError as error:
        result, outs = error, error.outputs
    except ExpectedError as error:
        result, outs = error, None
    changes = [getattr(result, name, None) for name in ("changes", "replaces")]
    return [type(result).__name__, changes, _without_texts(outs), len(lines)]


def _without_texts(outs: Mapping[str, Any] | None) -> object:
    if outs is None:
        return None
    kept = {name: value for name, value in outs.items() if name not in ("digests", "job_id", "order_id")}
    left = kept.get("unresolved")
    if isinstance(left, dict):
        kept["unresolved"] = {name: value for name, value in left.items() if name not in (*_TEXTS, "ids")}
    return {"has job": bool(outs.get("job_id")), "has order": bool(outs.get("order_id")), **kept}


def _operation(lines: list[str], **fields: Any) -> Operation:
    return Operation(keeps_partial_state=True, note=lines.append, warn=lines.append, **fields)


def each_resource() -> dict[str, object]:
    """Previews, refreshes, differences and submissions by scenario."""
    done: dict[str, object] = {}
    with Simulator(clock=ManualClock(), token="token", project_id="p") as simulator:
        config = {
            "bms:endpoint": simulator.endpoint,
            "bms:projectId": "p",
            "bms:token": "token",
            "bms:maxRequestsPerMinute": "60000",
        }
        request = ConfigureRequest(Config(config, "project"))
        single, many, order = JobCompletionProvider(), JobCompletionsProvider(), JobSubmissionProvider()
        for provider in (single, many, order):
            provider.configure(request)
        for name in sorted(SCENARIOS.keys() - TOO_SLOW):
            for purpose in (Purpose.REFRESH, Purpose.IMPORT, Purpose.GET):
                lines: list[str] = []
                stored = {"job_id": f"{name}.1", "status": "RUNNING"}
                # An import waits, unless in a preview.
                fields = {"purpose": purpose, "preview": purpose is Purpose.IMPORT, "inputs": {"job_id": f"{name}.1"}}
                with running(_operation(lines, **fields)):
                    read = _tried(lambda stored=stored: single.read(stored["job_id"], stored), lines)  # type: ignore[misc]
                done[f"{purpose.name} {name}"] = read
            lines = []
            with running(_operation(lines, preview=True)):
                done[f"preview {name}"] = _tried(lambda name=name: single.create({"job_id": f"{name}.2"}), lines)  # type: ignore[misc]
                jobs = {"job_ids": {"a": f"{name}.1", "b": "ok.1"}}
                done[f"preview of two {name}"] = _tried(lambda jobs=jobs: many.create(jobs), lines)  # type: ignore[misc]
            done[f"submission {name}"] = _submissions(order, name, simulator)
    return done


def _submissions(provider: JobSubmissionProvider, name: str, simulator: Simulator) -> object:
    """An order sent, sent again, refreshed, changed and deleted, and the number of requests."""
    sent = simulator.count("POST")
    props = {"path": "baremetalservers", "method": "POST", "body": sample_order(name), "ordered_by": f"acme/{name}"}
    steps: list[object] = []
    with tempfile.TemporaryDirectory() as home:
        os.environ["PULUMI_HOME"] = home
        for _ in range(2):
            lines: list[str] = []
            with running(_operation(lines, urn=f"urn:{name}")):
                steps.append(_tried(lambda: provider.create(dict(props)), lines))
        lines = []
        stored = {"job_id": "j", "unresolved": {"attempt": name, "request": "POST x", "sent_at": "now"}}
        with running(_operation(lines, urn=f"urn:{name}", inputs=props)):
            steps.append(_tried(lambda: provider.read("j", dict(stored)), lines))
            steps.append(_tried(lambda: provider.diff("j", dict(stored), dict(props)), lines))
            steps.append(_tried(lambda: provider.update("j", dict(stored), dict(props)), lines))
            steps.append(_tried(lambda: provider.delete("j", dict(stored)), lines))
    return [*steps, simulator.count("POST") - sent]


_BODIES: dict[str, bytes] = {
    "empty": b"",
    "page": b"<html>Not Found</html>",
    "half": b'{"status": "RUN',
    "job": b'{"status": "RUNNING"}',
    "other": b'{"x": 1}',
    "nova": b'{"error": {"code": "BMS.1", "message": "{\\"itemNotFound\\": {}}"}}',
    "title": b'{"error": {"code": 401, "title": "Unauthorized"}}',
    "nobody knows": b'{"error_code": "XX.1", "error_msg": "from bms: is not JSON"}',
    **{
        code: json.dumps({"error": {"code": code, "message": "m"}}).encode()
        for code in ("Common.0011", "Common.0018", "Common.0013", "APIGW.0101", "APIGW.0301", "APIGW.0307", "BMS.0212")
    },
}


def each_response() -> dict[str, object]:
    """The error of a response, and whether hints exist, by status and body."""
    read: dict[str, object] = {}
    for status in (200, 202, 302, 400, 401, 403, 404, 408, 429, 500, 503):
        for name, body in _BODIES.items():
            try:
                read_object(Response(status, {}, body), "GET x", lambda document: "status" in document)
                read[f"{status} {name}"] = "as requested"
            except ApiError as error:
                steps = [
                    hints.next_step_of(error, credential, None, errors.POLL) is None
                    for credential in (errors.KEY, errors.TOKEN, errors.USER)
                ]
                flags = [hints.concerns_credential(error), hints.shows_acceptance(error), says_not_found(error)]
                read[f"{status} {name}"] = [_error(error), steps, flags]
    return read


_KEY = {"HW_ACCESS_KEY": "AK", "HW_SECRET_KEY": "SK"}
_USER = {"HW_USER_NAME": "deploy", "HW_USER_PASSWORD": "right horse", "HW_DOMAIN_NAME": "acme"}
_SIGN_INS: dict[str, dict[str, str]] = {
    "key": _KEY,
    "wrong key": {**_KEY, "HW_SECRET_KEY": "wrong"},
    "unknown key": {**_KEY, "HW_ACCESS_KEY": "other"},
    "denied key": {"HW_ACCESS_KEY": "AKD", "HW_SECRET_KEY": "SKD"},
    "user": _USER,
    "wrong user": {**_USER, "HW_USER_PASSWORD": "wrong"},
    "unknown domain": {**_USER, "HW_DOMAIN_NAME": "other"},
    "wrong token": {"HW_AUTH_TOKEN": "wrong"},
}


def each_sign_in() -> dict[str, object]:
    """Three polls with each credential, for a project by id, by name, and by a wrong name, and the requests."""
    done: dict[str, object] = {}
    account = Account("acme", (Project("p", "web"),), (User("deploy", "right horse"),), _KEYS)
    for title, environ in _SIGN_INS.items():
        for project in ({"HW_PROJECT_ID": "p"}, {"HW_PROJECT_NAME": "web"}, {"HW_PROJECT_NAME": "other"}):
            with Simulator(clock=ManualClock(), accounts=Accounts((account,))) as simulator:
                places = {"BMS_ENDPOINT": simulator.endpoint, "HW_AUTH_URL": simulator.endpoint}
                api = connect({}, lambda _: None, {**places, **project, **environ}).jobs
                polls = [_polled(api) for _ in range(3)]
                done[f"{title} {project}"] = [polls, simulator.count()]
    return done


_KEYS = (AccessKey("AK", "SK"), AccessKey("AKD", "SKD", denied=True))


def _polled(api: JobApi) -> object:
    try:
        return api.get_job("ok.1").job.status
    except ApiError as error:
        return _error(error)


def _shapes(cases: Iterable[tuple[str, str]]) -> dict[str, object]:
    """The number of lines of each text, and the first case with the same last line."""
    last: dict[str, str] = {}
    shapes: dict[str, object] = {}
    for title, text in cases:
        lines = text.splitlines() or [""]
        shapes[title] = [len(lines), last.setdefault(lines[-1], title)]
    return shapes


def decisions() -> dict[str, object]:
    """All decisions, and the texts of the golden files as a proof of different words."""
    rooms = (waits, errors, settings, submissions, resources)
    texts = {room.__name__: dict(room.cases()) for room in rooms}
    return {
        "package": str(Path(pulumi_bms.__file__).parent),
        "texts": texts,
        "decisions": {
            "waits": each_wait(),
            "resources": each_resource(),
            "responses": each_response(),
            "sign-ins": each_sign_in(),
            **{name: _shapes(cases.items()) for name, cases in texts.items()},
        },
    }


_VOLATILE = re.compile(
    r"20\d\d-\d\d-\d\d[T ][\d:.]+Z?|\b[0-9a-f]{32}\b|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|http://127[^ \"]+"
)
"""Times, random ids and ports."""


if __name__ == "__main__":
    sys.stdout.write(_VOLATILE.sub("~", json.dumps(decisions(), default=str)))
