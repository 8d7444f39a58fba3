"""Reading the bodies of orders: what the API would refuse is refused here, with the code that it documents."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from bms_simulator.http.json_values import mapping, objects, text
from bms_simulator.http.responses import Json, JsonObject, Refused, service_error

MOST_SERVERS = 24
MOST_NICS = 2
LONGEST_NAME = 63
LONGEST_BATCH_NAME = 58  # room for the suffix -0000
NAME = re.compile(r"[A-Za-z0-9_.\u4e00-\u9fff-]+")
FLAVOR_PREFIX = "physical."


@dataclass(frozen=True, slots=True)
class CreateOrder:
    """An order of servers that has been read and found right."""

    name: str
    count: int
    server: Mapping[str, Json]

    @property
    def prepaid(self) -> bool:
        """Whether it is paid by month or year, and so has an order id."""
        return text(mapping(self.server.get("extendparam")), "chargingMode") == "prePaid"

    def server_names(self) -> list[str]:
        """Return the names of its servers: numbered when there are several."""
        if self.count == 1:
            return [self.name]
        return [f"{self.name}-{number:04d}" for number in range(1, self.count + 1)]


def sample_order(name: str, count: int = 1, *, prepaid: bool = False) -> JsonObject:
    """Return a body for `POST baremetalservers` that is right in every field, to try and to test with."""
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
            "extendparam": {"chargingMode": "prePaid" if prepaid else "postPaid", "regionID": "eu-de"},
        },
    }


def read_create_order(body: Json) -> CreateOrder:
    """Return the order in a body, refused with the documented code if anything in it is wrong."""
    server = mapping(mapping(body).get("server"))
    if not server:
        refuse("BMS.0003", "The body must hold an object named server.")
    count = _read_count(server)
    name = _read_name(server, count)
    _check_hardware(server)
    _check_network(server, count)
    _check_account(server)
    return CreateOrder(name, count, server)


def _read_count(server: Mapping[str, Json]) -> int:
    count = server.get("count", 1)
    if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= MOST_SERVERS:
        refuse("BMS.0205", f"count must be a number from 1 to {MOST_SERVERS}, not {count!r}.")
    return count


def _read_name(server: Mapping[str, Json], count: int) -> str:
    name = text(server, "name")
    longest = LONGEST_NAME if count == 1 else LONGEST_BATCH_NAME
    if not NAME.fullmatch(name) or len(name) > longest:
        refuse("BMS.0206", f"name must be 1 to {longest} letters, digits, hyphens, underscores or dots.")
    return name


def _check_hardware(server: Mapping[str, Json]) -> None:
    for key in ("imageRef", "flavorRef", "availability_zone"):
        if not text(server, key):
            refuse("BMS.0018", f"{key} is missing or not a string.")
    if not text(server, "flavorRef").startswith(FLAVOR_PREFIX):
        refuse("BMS.0021", f"flavorRef must begin with {FLAVOR_PREFIX}")


def _check_network(server: Mapping[str, Json], count: int) -> None:
    if not text(server, "vpcid"):
        refuse("BMS.0246", "vpcid is missing or not a string.")
    nics = objects(server.get("nics"))
    if not 1 <= len(nics) <= MOST_NICS:
        refuse("BMS.0018", f"nics must be a list of 1 to {MOST_NICS} objects.")
    for nic in nics:
        if not text(nic, "subnet_id") and not text(nic, "port_id"):
            refuse("BMS.0018", "each of nics needs a subnet_id.")
        if count > 1 and text(nic, "ip_address"):
            refuse("BMS.0207", "ip_address must be left out when count is more than 1.")


def _check_account(server: Mapping[str, Json]) -> None:
    if not text(mapping(server.get("metadata")), "op_svc_userid"):
        refuse("BMS.0217", "metadata.op_svc_userid is missing or not a string.")
    if not isinstance(server.get("extendparam"), Mapping):
        refuse("BMS.0018", "extendparam is missing or not an object.")
    ways = {key for key in ("adminPass", "key_name") if server.get(key)}
    if len(ways) > 1 or not (ways or server.get("user_data")):
        refuse("BMS.0111", "Exactly one of adminPass and key_name is needed, or else user_data.")


def refuse(code: str, message: str, status: int = 400) -> NoReturn:
    """End the request with an error of the service."""
    raise Refused(service_error(code, message, status))
