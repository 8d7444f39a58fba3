"""A simulator, and both providers configured as in a plugin process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pulumi.dynamic import Config, ConfigureRequest

from bms_simulator import Simulator, sample_order
from pulumi_bms.lifecycle.orderer import ORDERED_BY
from pulumi_bms.resources.job_completion_provider import JobCompletionProvider
from pulumi_bms.resources.job_submission_provider import JobSubmissionProvider
from pulumi_bms.settings.variables import VARIABLES

PASSWORD = "hunter2-Passw0rd"
TRIGGER = "trigger-that-is-nobodys-business"


def order(name: str = "web", count: float = 1.0, *, prepaid: bool = False) -> dict[str, Any]:
    """Inputs that order servers, with numbers as Pulumi passes numbers."""
    body: dict[str, Any] = json.loads(json.dumps(sample_order(name, prepaid=prepaid)))
    del body["server"]["key_name"]
    body["server"] |= {"count": count, "adminPass": PASSWORD}
    sent = {"path": "baremetalservers", "method": "POST", "body": body, "triggers": TRIGGER}
    return {**sent, ORDERED_BY: "acme/urn:order", "__provider": "gASV"}


def created(provider: JobSubmissionProvider, props: dict[str, Any]) -> dict[str, Any]:
    """The outputs of a create. The resource id is the job id."""
    result = provider.create(props)
    assert result.outs is not None
    assert result.id == result.outs["job_id"]
    return result.outs


@pytest.fixture(autouse=True)
def orders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder of the records, in a separate home for the test."""
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("PULUMI_BACKEND_URL", raising=False)
    return tmp_path / "home" / "bms" / "orders"


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings of the user who runs the tests, and no proxy before the simulator."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable.name, raising=False)
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def configured(sim: Simulator) -> ConfigureRequest:
    """The stack config with the simulator's address."""
    values = {"bms:endpoint": sim.endpoint, "bms:projectId": sim.project_id, "bms:token": sim.token}
    return ConfigureRequest(Config(values, "project"))


@pytest.fixture
def completion(configured: ConfigureRequest) -> JobCompletionProvider:
    provider = JobCompletionProvider()
    provider.configure(configured)
    return provider


@pytest.fixture
def submission(configured: ConfigureRequest) -> JobSubmissionProvider:
    provider = JobSubmissionProvider()
    provider.configure(configured)
    return provider
