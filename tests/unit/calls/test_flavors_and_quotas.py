"""Flavors, stock and quotas, against the simulator."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from bms_simulator import Catalogue, Flavor, Quotas
from pulumi_bms.api.flavors import FlavorApi
from pulumi_bms.api.quotas import QuotaApi

if TYPE_CHECKING:
    from tests.unit.calls.conftest import Bench


def test_flavors(start: Callable[..., Bench]) -> None:
    """A flavor has figures, the kind of boot, support for volumes, and a sale status per zone."""
    flavors = (
        Flavor("physical.a", vcpus=16, ram=1024, disk=10, zones={"az2": "sellout"}),
        Flavor("physical.b", boot="Volume", supports_evs=False, zones={"az1": "abandon"}, status="promotion"),
    )
    api = FlavorApi(start(catalogue=Catalogue(flavors)).channel)
    first, second = api.list()
    assert (first.id, first.vcpus, first.ram, first.disk, first.nic_count) == ("physical.a", 16, 1024, 10, 2)
    assert [(each.boots_from_volume, each.supports_volumes) for each in (first, second)] == [
        (False, True),
        (True, False),
    ]
    assert [each.sale_in(zone) for each in (first, second) for zone in ("az1", "az2")] == [
        *("normal", "sellout"),
        *("abandon", "promotion"),
    ]
    assert [each.id for each in api.list("az1")] == ["physical.a"]


def test_stock(start: Callable[..., Bench]) -> None:
    """The stock has a count and a status for each zone and flavor."""
    flavors = (Flavor("physical.a", stock={"az1": 2}), Flavor("physical.b", zones={"az1": "sellout"}))
    stock = FlavorApi(start(catalogue=Catalogue(flavors)).channel).stock(["az1", "az2"])
    result = {(each.availability_zone, each.flavor_id): (each.count, each.status) for each in stock}
    assert result["az1", "physical.a"] == (2, "normal")
    assert result["az1", "physical.b"] == (0, "sellout")
    assert len(result) == 4


def test_quotas(start: Callable[..., Bench]) -> None:
    """A quota has limit and use. -1 means no limit."""
    bench = start(catalogue=Catalogue(quotas=Quotas(instances=3)))
    bench.sim.setup.add_server()
    quotas = QuotaApi(bench.channel).get()
    assert (quotas.instances.limit, quotas.instances.used, quotas.instances.left) == (3, 1, 2)
    assert (quotas.cores.limit, quotas.cores.left) == (None, None)
