"""A simulator whose time only moves when a test moves it, and a session that it lets in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from bms_simulator import ManualClock, Simulator


@pytest.fixture
def sim() -> Iterator[Simulator]:
    """Return a started simulator with a clock that stands still."""
    with Simulator(clock=ManualClock()) as simulator:
        yield simulator


@pytest.fixture
def session(sim: Simulator) -> Iterator[requests.Session]:
    """Return a session with the right token."""
    with requests.Session() as session:
        session.headers["X-Auth-Token"] = sim.token
        yield session
