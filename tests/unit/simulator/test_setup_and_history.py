"""Changes by tests without the API, and the history."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from bms_simulator import VOLUME_IDS, Response


def test_the_world_over_time(bench: Any) -> None:
    """The history has every moment of a change, for example the most servers down at the same time."""
    ids = [bench.sim.setup.add_server(f"web-{number}").id for number in range(3)]
    bench.power("os-stop", *ids[:2])
    bench.sim.advance(60.0)
    bench.power("os-start", ids[0])
    bench.sim.advance(60.0)
    down = [sum(not server.running for server in world.servers) for _second, world in bench.sim.history]
    assert (max(down), down[-1]) == (2, 1)
    assert [second for second, _world in bench.sim.history] == sorted({second for second, _ in bench.sim.history})


def test_the_future_is_no_history(bench: Any) -> None:
    """A planned change is in the history only after the change's time."""
    bench.order("web")
    assert [world.servers for _second, world in bench.sim.history] == [()]
    bench.sim.advance(240.0)
    statuses = [server.status for _second, world in bench.sim.history for server in world.servers]
    assert statuses == ["BUILD", "ACTIVE"]


def test_things_that_are_there_from_the_beginning(bench: Any) -> None:
    """Servers with volumes, ports and prepaid orders can exist without an order of the test."""
    server = bench.sim.setup.add_server(
        "old", id="own", prepaid=True, tags={"a": "b"}, order={"flavorRef": "physical.x"}
    )
    volume = bench.sim.setup.add_volume(attached_to=server.id, size=40)
    shown = bench.ask("GET", f"baremetalservers/{server.id}")[1]["server"]
    assert shown["id"] == "own"
    assert (shown["name"], shown["tags"], shown["flavor"]["id"]) == ("old", ["a=b", "__type_baremetal"], "physical.x")
    assert [each["id"] for each in shown["os-extended-volumes:volumes_attached"]] == [volume.id]
    assert (shown["metadata"]["chargingMode"], bool(shown["metadata"]["metering.order_id"])) == ("1", True)
    assert len(bench.ask("GET", f"baremetalservers/{server.id}/os-interface")[1]["interfaceAttachments"]) == 1


def test_things_change_and_go_elsewhere(bench: Any) -> None:
    """A test can change and remove resources, like a foreign tool."""
    setup = bench.sim.setup
    kept, gone, lost = (setup.add_server(name) for name in ("kept", "gone", "lost"))
    setup.add_volume(id="v", attached_to=gone.id)
    setup.change_server(kept.id, status="SHUTOFF", name="other")
    setup.remove_server(gone.id)
    setup.remove_server(lost.id, shown_as_deleted=False)
    setup.change_volume(VOLUME_IDS[0], status="error")
    setup.remove_volume(VOLUME_IDS[1])
    world = bench.sim.world
    assert [(server.name, server.status) for server in world.servers] == [("other", "SHUTOFF"), ("gone", "DELETED")]
    assert (world.volume("v").server_id, world.volumes[0].status) == (None, "error")
    assert VOLUME_IDS[1] not in {volume.id for volume in world.volumes}
    with pytest.raises(ValueError, match="server lost does not exist"):
        setup.remove_server("lost")


def test_the_next_requests_are_spoilt(bench: Any) -> None:
    """A fault hits the next requests of a method and path, before or after the request has taken effect."""
    throttled = Response(429, {"error_code": "APIGW.0308", "error_msg": "too many"}, {"Retry-After": "1"})
    bench.sim.spoil_next(throttled, method="GET", path_contains="/detail", times=2)
    statuses = [bench.ask("GET", "baremetalservers/detail")[0] for _ in range(3)]
    assert (statuses, bench.ask("GET", "baremetalservers/flavors")[0]) == ([429, 429, 200], 200)
    server_id = bench.sim.setup.add_server().id
    bench.sim.spoil_next("reset", method="PUT", carried_out=True)
    with pytest.raises(requests.ConnectionError):
        bench.ask("PUT", f"baremetalservers/{server_id}", {"server": {"name": "db"}})
    bench.sim.spoil_next("reset", method="PUT")
    with pytest.raises(requests.ConnectionError):
        bench.ask("PUT", f"baremetalservers/{server_id}", {"server": {"name": "never"}})
    assert bench.sim.world.server(server_id).name == "db"
