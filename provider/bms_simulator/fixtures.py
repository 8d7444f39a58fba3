"""A pytest fixture: `pytest_plugins = ["bms_simulator.fixtures"]` in a conftest.py makes it known."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bms_simulator.simulator import Simulator

TIME_SCALE = 60.0


@pytest.fixture(name="bms_simulator")
def bms_simulator_fixture() -> Iterator[Simulator]:
    """Return a started simulator in which a minute takes a second. Ended after the test."""
    with Simulator(time_scale=TIME_SCALE) as simulator:
        yield simulator
