"""`check` reports wrong settings for each resource, and a preview continues without missing settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from pulumi.dynamic import Config, ConfigureRequest
from pulumi.output import Unknown

from bms_simulator import Simulator
from pulumi_bms.lifecycle.connection import MissingSettings
from pulumi_bms.lifecycle.provider import BmsProvider
from pulumi_bms.lifecycle.settings_checks import connection_problems, enterprise_project_problem
from pulumi_bms.operation import ExpectedError, Operation, running
from pulumi_bms.resources.job_completion_provider import JobCompletionProvider
from pulumi_bms.resources.job_completions_provider import JobCompletionsProvider
from pulumi_bms.resources.job_submission_provider import JobSubmissionProvider

INPUTS: list[tuple[type[BmsProvider], dict[str, Any]]] = [
    (JobCompletionProvider, {"job_id": "j"}),
    (JobCompletionsProvider, {"job_ids": {"a": "j"}}),
    (JobSubmissionProvider, {"path": "baremetalservers"}),
]
WRONG = {"bms:endpoint": "x", "bms:projectId": "a b"}
SAID = [
    "bms:projectId 'a b' must have 1 to 64 letters, digits, - and _, with a letter or digit first",
    "bms:endpoint 'x' must be an http(s) URL: write https://HOST, with a port or path prefix if necessary",
]
ORDER = {"path": "baremetalservers", "body": {"server": {"name": "web", "extendparam": {}}}}
UNKNOWN = Unknown()  # type: ignore[no-untyped-call]
NOTHING: dict[str, object] = {}
VARIABLE: Mapping[str, str] = {"HW_ENTERPRISE_PROJECT_ID": "ep"}


def configured(kind: type[BmsProvider], config: Mapping[str, Any]) -> BmsProvider:
    provider = kind()
    provider.configure(ConfigureRequest(Config(dict(config), "project")))
    return provider


@pytest.mark.parametrize(("kind", "inputs"), INPUTS, ids=lambda value: getattr(value, "__name__", ""))
def test_each_resource_is_refused_for_wrong_settings(kind: type[BmsProvider], inputs: dict[str, Any]) -> None:
    """Each wrong setting is a separate failure. An empty config is accepted."""
    failures = configured(kind, WRONG).check({}, inputs).failures
    assert [(failure.property, failure.reason) for failure in failures] == [("", text) for text in SAID]
    assert configured(kind, {}).check({}, inputs).failures == []


@pytest.mark.parametrize("kind", [JobCompletionProvider, JobCompletionsProvider])
def test_a_preview_goes_on_without_what_is_missing_only(kind: type[BmsProvider]) -> None:
    """Missing settings are one note in a preview. Wrong settings fail the preview."""
    inputs = dict(next(inputs for each, inputs in INPUTS if each is kind))
    notes: list[str] = []
    with running(Operation(preview=True, note=notes.append)):
        assert configured(kind, {}).create(inputs).outs == inputs
        with pytest.raises(ExpectedError, match="bms:endpoint 'x' must be an http"):
            configured(kind, WRONG).create(inputs)
    assert len(notes) <= 1


def test_what_is_missing_is_an_error_of_its_own_kind() -> None:
    """Missing settings have a separate error class."""
    with pytest.raises(MissingSettings):
        configured(JobCompletionProvider, {}).connection({})
    with pytest.raises(ExpectedError) as error:
        configured(JobCompletionProvider, WRONG).connection({})
    assert not isinstance(error.value, MissingSettings)


def test_wrong_inputs_and_wrong_settings_are_told_at_once() -> None:
    """A wrong input is reported once, together with wrong settings of the config."""
    message = connection_problems({"endpoint": "y", "region": "eu-de"}, WRONG.get, {})
    assert message == [
        "endpoint must be an http(s) URL: write https://HOST, with a port or path prefix if necessary",
        *SAID,
    ]


def test_inputs_that_are_not_known_yet_are_not_judged() -> None:
    """Settings that depend on an unknown input are not checked. Wrong values of the config are reported."""
    config = {**WRONG, "bms:region": "private-1"}
    assert connection_problems({"region": UNKNOWN}, config.get, {}) == SAID
    assert connection_problems({"profile": UNKNOWN}, config.get, {}) == []


@pytest.mark.parametrize(
    "inputs",
    [
        {**ORDER, "body": {"server": {"extendparam": {"enterprise_project_id": "0"}}}},
        {**ORDER, "body": {"server": UNKNOWN}},
        {**ORDER, "body": UNKNOWN},
        {"path": "baremetalservers/action", "body": {"reboot": {}}},
        {**ORDER, "method": "DELETE"},
        {**ORDER, "profile": "eu"},
    ],
)
def test_an_order_that_names_its_enterprise_project(inputs: dict[str, Any]) -> None:
    """A request is accepted with a named or unknown enterprise project, with a profile, or without an order."""
    config: dict[str, object] = {"bms:profiles": {"eu": {}}}
    assert enterprise_project_problem(inputs, config.get, VARIABLE) is None


def test_no_default_takes_the_place_of_an_enterprise_project() -> None:
    """An order without an enterprise project is refused if the variable names an enterprise project."""
    message = enterprise_project_problem(ORDER, NOTHING.get, VARIABLE)
    assert message is not None
    assert message.startswith(
        "HW_ENTERPRISE_PROJECT_ID is set, and the body names no enterprise project, so the servers"
    )
    assert 'write body["server"]["extendparam"]["enterprise_project_id"]' in message
    assert enterprise_project_problem(ORDER, NOTHING.get, {}) is None
    assert enterprise_project_problem(ORDER, NOTHING.get, {"HW_ENTERPRISE_PROJECT_ID": "0"}) is None
    assert enterprise_project_problem(ORDER, NOTHING.get, {**VARIABLE, "OS_TOKEN": "t"}) is None


def test_a_submission_is_refused_for_its_enterprise_project(
    monkeypatch: pytest.MonkeyPatch, sim: Simulator, submission: JobSubmissionProvider
) -> None:
    """The check of an order refuses a missing enterprise project before any request."""
    monkeypatch.setenv("HW_ENTERPRISE_PROJECT_ID", "ep")
    (failure,) = submission.check({}, ORDER).failures
    assert failure.reason.startswith("HW_ENTERPRISE_PROJECT_ID is set")
    assert sim.requests == []
