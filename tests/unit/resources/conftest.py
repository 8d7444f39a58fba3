"""A simulator, and both providers configured for it as a plugin process does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pulumi.dynamic import Config, ConfigureRequest

from bms_simulator import Simulator
from pulumi_bms.resources.job_completion import JobCompletionProvider
from pulumi_bms.resources.job_submission import JobSubmissionProvider
from pulumi_bms.settings.variables import VARIABLES


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings of whoever runs the tests, and no proxy between them and the simulator."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable.name, raising=False)
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def sim() -> Iterator[Simulator]:
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def configured(sim: Simulator) -> ConfigureRequest:
    """The stack config that names the simulator."""
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
