"""Flavors, stock, quotas, and limits on requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bms_simulator import Behaviour, Catalogue, Flavor, Quotas

SMALL = Flavor("physical.small", vcpus=10, ram=100, stock={"az1": 2}, zones={"az2": "sellout"})


def stock(bench: Any) -> dict[str, tuple[int, str]]:
    path = "baremetalservers/available_resource?availability_zone=az1&availability_zone=az2&availability_zone=az3"
    listed = bench.ask("GET", path)[1]["available_resource"]
    return {each["availability_zone"]: (each["flavors"][0]["count"], each["flavors"][0]["status"]) for each in listed}


def code_of_order(bench: Any, zone: str = "az1", count: int = 1) -> str:
    server = {"name": "web", "count": count, "flavorRef": SMALL.id, "availability_zone": zone}
    body = {"server": {**bench_order(), **server}}
    code: str = bench.code("POST", "baremetalservers", body)
    return code


def bench_order() -> dict[str, Any]:
    return {
        "imageRef": "i",
        "vpcid": "v",
        "nics": [{"subnet_id": "s"}],
        "key_name": "k",
        "metadata": {"op_svc_userid": "u"},
        "extendparam": {"chargingMode": "postPaid"},
    }


def test_stock_runs_out(start: Callable[..., Any]) -> None:
    """Stock is per zone, falls with each order, and limits orders. A zone without a figure has plenty."""
    bench = start(catalogue=Catalogue((SMALL,)))
    assert stock(bench) == {"az1": (2, "normal"), "az2": (0, "sellout"), "az3": (100, "normal")}
    assert code_of_order(bench, count=3) == "BMS.0054"
    assert code_of_order(bench, "az2") == "BMS.0054"
    assert code_of_order(bench, count=2) == ""
    assert stock(bench)["az1"] == (0, "sellout")
    assert code_of_order(bench) == "BMS.0054"
    assert code_of_order(bench, "az3") == ""
    assert bench.code("GET", "baremetalservers/available_resource") == "BMS.0018"


def test_flavors_tell_their_state(start: Callable[..., Any]) -> None:
    """Flavors are listed with the sale status per zone. A flavor abandoned in a zone is not listed for the zone."""
    old = Flavor("physical.old", zones={"az1": "abandon"}, supports_evs=False, boot="Volume")
    bench = start(catalogue=Catalogue((SMALL, old)))
    listed = {each["id"]: each["os_extra_specs"] for each in bench.ask("GET", "baremetalservers/flavors")[1]["flavors"]}
    assert listed["physical.small"]["cond:operation:az"] == "az2(sellout)"
    assert "baremetal:__support_evs" not in listed["physical.old"]
    assert listed["physical.old"]["baremetal:extBootType"] == "Volume"
    flavors = bench.ask("GET", "baremetalservers/flavors?availability_zone=az1")[1]["flavors"]
    assert [each["id"] for each in flavors] == ["physical.small"]


@pytest.mark.parametrize(
    ("quotas", "code"),
    [
        (Quotas(), ""),
        (Quotas(instances=2, cores=20, ram=200), ""),
        (Quotas(instances=1), "BMS.0025"),
        (Quotas(cores=19), "BMS.0026"),
        (Quotas(ram=199), "BMS.0027"),
        (Quotas(instances=1, cores=19), "BMS.0028"),
        (Quotas(instances=1, ram=199), "BMS.0029"),
        (Quotas(cores=19, ram=199), "BMS.0030"),
        (Quotas(instances=1, cores=19, ram=199), "BMS.0031"),
    ],
)
def test_quotas(quotas: Quotas, code: str, start: Callable[..., Any]) -> None:
    """Each exceeded quota, and each combination, has a code."""
    bench = start(catalogue=Catalogue((SMALL,), quotas))
    assert code_of_order(bench, count=2) == code
    absolute = bench.ask("GET", "baremetalservers/limits")[1]["absolute"]
    assert (absolute["maxTotalInstances"], absolute["totalInstancesUsed"]) == (quotas.instances, 0 if code else 2)


def test_requests_over_the_limit_are_refused(start: Callable[..., Any]) -> None:
    """The documented number of requests passes in a minute, and the next is 429. After the minute a request passes."""
    bench = start(behaviour=Behaviour(rate_limits=True))
    codes = [code_of_order(bench) for _ in range(51)]
    assert codes == [""] * 50 + ["APIGW.0308"]
    assert bench.ask("GET", "baremetalservers/detail")[0] == 200
    bench.sim.advance(60.0)
    assert code_of_order(bench) == ""
    assert bench.sim.requests[50].status == 429


def test_no_limits_unless_asked_for(bench: Any) -> None:
    """Without the switch any number of requests passes."""
    assert {code_of_order(bench) for _ in range(60)} == {""}


def test_the_time_to_wait_is_a_switch(start: Callable[..., Any]) -> None:
    """By a switch a 429 has a Retry-After."""
    bench = start(behaviour=Behaviour(rate_limits=True, retry_after=True, rate_window_seconds=10.0))
    for _ in range(50):
        bench.ask("POST", "baremetalservers", {})
    response = bench.session.post(f"{bench.sim.url}/baremetalservers", json={}, timeout=5)
    assert (response.status_code, response.headers["Retry-After"]) == (429, "10")


def test_wrong_switches_are_refused() -> None:
    """A switch with an invalid number of seconds is refused by name."""
    with pytest.raises(ValueError, match="rollback_seconds must be a number of seconds from 0 on"):
        Behaviour(rollback_seconds=-1.0)
