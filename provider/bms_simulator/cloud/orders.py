"""Orders of servers: reading of the body, and the names of the servers."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from bms_simulator.cloud.behaviour import Behaviour
from bms_simulator.cloud.call import refuse
from bms_simulator.cloud.catalogue import Catalogue
from bms_simulator.cloud.rules.create_body import CreateBody
from bms_simulator.cloud.rules.create_rules import broken_rule
from bms_simulator.http.json_values import mapping
from bms_simulator.http.responses import Json, JsonObject

HIGHEST_NUMBER = 9999


@dataclass(frozen=True, slots=True)
class CreateOrder:
    """An order of servers that follows all rules."""

    body: CreateBody

    @property
    def name(self) -> str:
        """The name, or the beginning of the names of a batch."""
        return self.body.text("name")

    @property
    def count(self) -> int:
        """The number of servers."""
        return self.body.count

    @property
    def server(self) -> Mapping[str, Json]:
        """The object `server` of the body."""
        return self.body.server

    @property
    def pays_itself(self) -> bool:
        """Whether no payment by hand is needed."""
        return not self.body.prepaid or self.body.terms.get("isAutoPay") == "true"

    def server_names(self, taken: Collection[str]) -> list[str]:
        """Return the names of the servers. The numbers of a batch go on after the highest number in use."""
        if self.count == 1:
            return [self.name]
        matches = (re.fullmatch(re.escape(self.name) + r"-(\d{4})", name) for name in taken)
        highest = max((int(match[1]) for match in matches if match), default=0)
        return [f"{self.name}-{(highest + number) % HIGHEST_NUMBER + 1:04d}" for number in range(self.count)]


def sample_order(name: str, count: int = 1, *, prepaid: bool = False) -> JsonObject:
    """Return a body for `POST baremetalservers` that is right in every field, to try and to test with."""
    period: JsonObject = {"periodType": "month", "periodNum": 1, "isAutoPay": "true"} if prepaid else {}
    return {
        "server": {
            "name": name,
            "count": count,
            "imageRef": "1fc4b3a5-5a4b-4c8e-a0c8-bc7a3e2b1f11",
            "flavorRef": "physical.o2.medium",
            "availability_zone": "az1",
            "vpcid": "0dae26c9-9a70-4392-93f3-87d53115d171",
            "nics": [{"subnet_id": "157ee789-03ea-45b1-a698-76c92660dd83"}],
            "key_name": "practice",
            "metadata": {"op_svc_userid": "8ea65f4099ba412883e2a0da72b96873"},
            "extendparam": {"chargingMode": "prePaid" if prepaid else "postPaid", "regionID": "eu-de", **period},
        },
    }


def read_create_order(body: Json, catalogue: Catalogue, behaviour: Behaviour) -> CreateOrder:
    """Return the order in a body, refused with the documented code for a body that breaks a rule."""
    server = mapping(mapping(body).get("server"))
    if not server:
        refuse("BMS.0003", "The body must hold an object named server.")
    read = CreateBody(server, catalogue, behaviour.most_servers, behaviour.postpaid_accepted)
    rule = broken_rule(read)
    if rule:
        refuse(rule.code, rule.message)
    return CreateOrder(read)
