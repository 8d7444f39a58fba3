"""Flavors, stock and quotas."""

from __future__ import annotations

from bms_simulator.cloud.availability import NOT_SOLD, left, used
from bms_simulator.cloud.call import Call, refuse
from bms_simulator.cloud.catalogue import UNLIMITED, Flavor
from bms_simulator.cloud.cloud import Cloud
from bms_simulator.http.responses import Json, JsonObject, Response

PLENTY = 100


def list_flavors(cloud: Cloud, call: Call) -> Response:
    """GET baremetalservers/flavors, those of an availability zone if the query names one."""
    zone = call.query.get("availability_zone")
    flavors = [each for each in cloud.catalogue.flavors if zone is None or _state(each, zone) != "abandon"]
    shown: list[Json] = [_flavor(each) for each in flavors]
    return Response(200, {"flavors": shown})


def _state(flavor: Flavor, zone: str) -> str:
    return flavor.zones.get(zone, flavor.status)


def _flavor(flavor: Flavor) -> JsonObject:
    specs: JsonObject = {
        "resource_type": "ironic",
        "capabilities:cpu_arch": "x86_64",
        "capabilities:hypervisor_type": "ironic",
        "capabilities:board_type": flavor.id.removeprefix("physical.").replace(".", "")[:3],
        "baremetal:extBootType": "Volume" if flavor.boot == "Volume" else "LocalDisk",
        "baremetal:net_num": str(flavor.nics),
        "baremetal:cpu_detail": f"{flavor.vcpus} vCPUs",
        "baremetal:memory_detail": f"{flavor.ram // 1024} GB",
        "baremetal:disk_detail": f"{flavor.disk} GB",
        "baremetal:netcard_detail": "2 x 10 GE",
        "cond:operation:status": flavor.status,
        "cond:operation:az": ", ".join(f"{zone}({state})" for zone, state in flavor.zones.items()),
    }
    if flavor.supports_evs:
        specs["baremetal:__support_evs"] = "true"
    return {
        "id": flavor.id,
        "name": flavor.id,
        "vcpus": str(flavor.vcpus),
        "ram": flavor.ram,
        "disk": str(flavor.disk),
        "swap": "",
        "OS-FLV-EXT-DATA:ephemeral": 0,
        "OS-FLV-DISABLED:disabled": False,
        "rxtx_factor": 1.0,
        "os-flavor-access:is_public": True,
        "links": [],
        "os_extra_specs": specs,
    }


def list_stock(cloud: Cloud, call: Call) -> Response:
    """GET baremetalservers/available_resource?availability_zone=a&availability_zone=b."""
    zones = call.values("availability_zone")
    if not zones:
        refuse("BMS.0018", "availability_zone is missing.")
    flavor_ids = call.values("flavor_id")
    flavors = [each for each in cloud.catalogue.flavors if not flavor_ids or each.id in flavor_ids]
    shown: list[Json] = [
        {"availability_zone": zone, "flavors": [_stock(cloud, each, zone, call) for each in flavors]} for zone in zones
    ]
    return Response(200, {"available_resource": shown})


def _stock(cloud: Cloud, flavor: Flavor, zone: str, call: Call) -> JsonObject:
    state, stock = _state(flavor, zone), left(cloud, flavor, zone, call)
    count = 0 if state in NOT_SOLD else PLENTY if stock is None else stock
    return {"flavor_id": flavor.id, "count": count, "status": state if count else "sellout"}


def show_limits(cloud: Cloud, call: Call) -> Response:
    """GET baremetalservers/limits."""
    quotas, before = cloud.catalogue.quotas, used(cloud, call)
    unlimited = dict.fromkeys(("maxTotalKeypairs", "maxServerGroups", "maxTotalFloatingIps"), UNLIMITED)
    figures: JsonObject = {
        "maxTotalInstances": quotas.instances,
        "maxTotalCores": quotas.cores,
        "maxTotalRAMSize": quotas.ram,
        "totalInstancesUsed": before["instances"],
        "totalCoresUsed": before["cores"],
        "totalRAMUsed": before["ram"],
        "maxServerMeta": 128,
        **unlimited,
    }
    return Response(200, {"absolute": figures})
