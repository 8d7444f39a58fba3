"""A simulator named by the environment, and programs with mocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, TypeVar

import pulumi
import pytest

from bms_simulator import ManualClock, Simulator

T = TypeVar("T")


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Simulator]]:
    """Return a function that starts a simulator with the options. The environment names the simulator."""
    with ExitStack() as stack:

        def started(**options: Any) -> Simulator:
            sim = stack.enter_context(Simulator(clock=ManualClock(), **options))
            monkeypatch.setenv("BMS_ENDPOINT", sim.endpoint)
            monkeypatch.setenv("HW_PROJECT_ID", sim.project_id)
            monkeypatch.setenv("HW_AUTH_TOKEN", sim.token)
            return sim

        yield started


@pytest.fixture
def sim(start: Callable[..., Simulator]) -> Simulator:
    """Return an ordinary simulator."""
    return start()


class NoCloud(pulumi.runtime.Mocks):
    """Mocks without any resource."""

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        return f"{args.name}-id", args.inputs

    def call(self, _args: pulumi.runtime.MockCallArgs) -> tuple[dict[str, Any], None]:
        return {}, None


@pytest.fixture
def run(_own_process: None) -> Callable[..., list[Any]]:
    """Return a function that runs a program under mocks, and returns the values of the program's output."""

    def ran(program: Callable[[], pulumi.Output[Any]], *, preview: bool = False) -> list[Any]:
        seen: list[Any] = []

        @pulumi.runtime.test  # type: ignore[untyped-decorator]
        def under_mocks() -> pulumi.Output[Any]:
            pulumi.runtime.set_mocks(NoCloud(), project="data", preview=preview)
            return program().apply(seen.append)

        under_mocks()
        return seen

    return ran
