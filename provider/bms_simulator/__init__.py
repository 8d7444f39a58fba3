"""A simulated Job API of the Bare Metal Server service, over real sockets, to practise and test against."""

from bms_simulator.answers import Answer
from bms_simulator.clock import ManualClock
from bms_simulator.jobs import Frame
from bms_simulator.orders import sample_order
from bms_simulator.recording import RecordedRequest
from bms_simulator.scenarios import SCENARIOS, Scenario, scenario_of
from bms_simulator.simulator import Simulator
from bms_simulator.world import VOLUME_IDS, Server, Volume, WorldView

__all__ = [
    "SCENARIOS",
    "VOLUME_IDS",
    "Answer",
    "Frame",
    "ManualClock",
    "RecordedRequest",
    "Scenario",
    "Server",
    "Simulator",
    "Volume",
    "WorldView",
    "sample_order",
    "scenario_of",
]
