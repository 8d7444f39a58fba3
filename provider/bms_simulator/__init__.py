"""A simulated Job API of the Bare Metal Server service, over real sockets, to practise and test against."""

from bms_simulator.clock import ManualClock
from bms_simulator.cloud.behaviour import Behaviour
from bms_simulator.cloud.catalogue import FLAVORS, Catalogue, Flavor, Quotas
from bms_simulator.cloud.jobs import ScriptedResponse
from bms_simulator.cloud.models import Eip, Port, Server, Volume
from bms_simulator.cloud.orders import sample_order
from bms_simulator.cloud.world import VOLUME_IDS, WorldView
from bms_simulator.http.recording import RecordedRequest
from bms_simulator.http.responses import Response
from bms_simulator.identity.accounts import AccessKey, Account, Accounts, Project, User
from bms_simulator.scenarios.catalogue import SCENARIOS, Scenario, scenario_of
from bms_simulator.simulator import Simulator

__all__ = [
    "FLAVORS",
    "SCENARIOS",
    "VOLUME_IDS",
    "AccessKey",
    "Account",
    "Accounts",
    "Behaviour",
    "Catalogue",
    "Eip",
    "Flavor",
    "ManualClock",
    "Port",
    "Project",
    "Quotas",
    "RecordedRequest",
    "Response",
    "Scenario",
    "ScriptedResponse",
    "Server",
    "Simulator",
    "User",
    "Volume",
    "WorldView",
    "sample_order",
    "scenario_of",
]
