"""A check of each resource tells what is wrong with the settings, and a preview goes on without what is missing."""

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
    """Every wrong setting is a failure of its own, as a wrong input is; a config without anything is fine."""
    failures = configured(kind, WRONG).check({}, inputs).failures
    assert [(failure.property, failure.reason) for failure in failures] == [("", text) for text in SAID]
    assert configured(kind, {}).check({}, inputs).failures == []


@pytest.mark.parametrize("kind", [JobCompletionProvider, JobCompletionsProvider])
def test_a_preview_goes_on_without_what_is_missing_only(kind: type[BmsProvider]) -> None:
    """Missing settings are one note; wrong ones fail the preview, should a check not have told them."""
    inputs = dict(next(inputs for each, inputs in INPUTS if each is kind))
    notes: list[str] = []
    with running(Operation(preview=True, note=notes.append)):
        assert configured(kind, {}).create(inputs).outs == inputs
        with pytest.raises(ExpectedError, match="bms:endpoint 'x' must be an http"):
            configured(kind, WRONG).create(inputs)
    assert len(notes) <= 1


def test_what_is_missing_is_an_error_of_its_own_kind() -> None:
    """No caller reads the text of an error to tell the two apart."""
    with pytest.raises(MissingSettings):
        configured(JobCompletionProvider, {}).connection({})
    with pytest.raises(ExpectedError) as error:
        configured(JobCompletionProvider, WRONG).connection({})
    assert not isinstance(error.value, MissingSettings)


def test_wrong_inputs_and_wrong_settings_are_told_at_once() -> None:
    """An input that is wrong is told once, beside the config's own values."""
    message = connection_problems({"endpoint": "y", "region": "eu-de"}, WRONG.get, {})
    assert message == [
        "endpoint must be an http(s) URL: write https://HOST, with a port or path prefix if necessary",
        *SAID,
    ]


def test_inputs_that_are_not_known_yet_are_not_judged() -> None:
    """What an unknown input decides is judged once it is known; the config's own values are wrong all the same."""
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
    """Only an order without one could go to another enterprise project than the variable says."""
    config: dict[str, object] = {"bms:profiles": {"eu": {}}}
    assert enterprise_project_problem(inputs, config.get, VARIABLE) is None


def test_no_default_takes_the_place_of_an_enterprise_project() -> None:
    """An order without one is refused where the vendor's tools would put it into the one of the variable."""
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
    """The check of an order says so before anything is sent."""
    monkeypatch.setenv("HW_ENTERPRISE_PROJECT_ID", "ep")
    (failure,) = submission.check({}, ORDER).failures
    assert failure.reason.startswith("HW_ENTERPRISE_PROJECT_ID is set")
    assert sim.requests == []
