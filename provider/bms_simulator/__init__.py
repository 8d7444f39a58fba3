"""A simulated Job API of the Bare Metal Server service, over real sockets, to practise and test against."""

from bms_simulator.accounts import AccessKey, Account, Accounts, Project, User
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
    "AccessKey",
    "Account",
    "Accounts",
    "Answer",
    "Frame",
    "ManualClock",
    "Project",
    "RecordedRequest",
    "Scenario",
    "Server",
    "Simulator",
    "User",
    "Volume",
    "WorldView",
    "sample_order",
    "scenario_of",
]
