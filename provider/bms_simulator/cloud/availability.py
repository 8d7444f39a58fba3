"""Whether an order can be fulfilled: quotas of the project, stock of the flavor."""

from __future__ import annotations

from collections.abc import Mapping

from bms_simulator.cloud.call import Call, refuse
from bms_simulator.cloud.catalogue import UNLIMITED, Flavor
from bms_simulator.cloud.cloud import Cloud
from bms_simulator.cloud.models import DELETED, Server
from bms_simulator.cloud.orders import CreateOrder
from bms_simulator.http.json_values import text

# The code for each set of quotas that are not enough.
CODES: Mapping[frozenset[str], str] = {
    frozenset({"instances"}): "BMS.0025",
    frozenset({"cores"}): "BMS.0026",
    frozenset({"ram"}): "BMS.0027",
    frozenset({"instances", "cores"}): "BMS.0028",
    frozenset({"instances", "ram"}): "BMS.0029",
    frozenset({"cores", "ram"}): "BMS.0030",
    frozenset({"instances", "cores", "ram"}): "BMS.0031",
}
NOT_SOLD = frozenset({"abandon", "sellout"})


def counted_servers(cloud: Cloud, call: Call) -> list[Server]:
    """Return all servers that count for quotas and stock, ordered servers included."""
    return [each for each in cloud.world.servers.all_until(call.now) if each.status != DELETED]


def used(cloud: Cloud, call: Call) -> dict[str, int]:
    """Return how much of each quota is used."""
    servers = counted_servers(cloud, call)
    flavors = [cloud.catalogue.flavor(text(server.order, "flavorRef")) for server in servers]
    return {
        "instances": len(servers),
        "cores": sum(flavor.vcpus for flavor in flavors),
        "ram": sum(flavor.ram for flavor in flavors),
    }


def check_quotas(cloud: Cloud, order: CreateOrder, call: Call) -> None:
    """Refuse an order for more than a quota allows."""
    flavor, quotas, before = order.body.flavor, cloud.catalogue.quotas, used(cloud, call)
    limits = {"instances": quotas.instances, "cores": quotas.cores, "ram": quotas.ram}
    more = {"instances": order.count, "cores": flavor.vcpus * order.count, "ram": flavor.ram * order.count}
    short = {name for name, limit in limits.items() if limit != UNLIMITED and before[name] + more[name] > limit}
    if short:
        figures = ", ".join(f"{name}: used {before[name]}, limit {limits[name]}" for name in sorted(short))
        refuse(CODES[frozenset(short)], f"The quota is not enough ({figures}).")


def check_stock(cloud: Cloud, order: CreateOrder, call: Call) -> None:
    """Refuse an order for more servers than are left of the flavor in the zone."""
    flavor, zone = order.body.flavor, order.body.text("availability_zone")
    state = flavor.zones.get(zone, flavor.status)
    stock = left(cloud, flavor, zone, call)
    if state in NOT_SOLD or (stock is not None and stock < order.count):
        have = 0 if state in NOT_SOLD else stock
        refuse("BMS.0054", f"The capacity of the flavor {flavor.id} is {have}, requested were {order.count}.")


def left(cloud: Cloud, flavor: Flavor, zone: str, call: Call) -> int | None:
    """Return the stock of a flavor in a zone, None for plenty."""
    stock = flavor.stock.get(zone)
    if stock is None:
        return None
    orders = [server.order for server in counted_servers(cloud, call)]
    taken = sum(text(o, "flavorRef") == flavor.id and text(o, "availability_zone") == zone for o in orders)
    return max(0, stock - taken)
