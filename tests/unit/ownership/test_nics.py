"""Later NICs and security groups of existing servers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.ownership.conftest import QUICK, Bench, Killed

FIRST: dict[str, Any] = QUICK["nics"][0]
SUBNET = FIRST["subnet_id"]
OTHER = "257ee789-03ea-45b1-a698-76c92660dd83"
AUTOMATIC: dict[str, Any] = {"subnet_id": SUBNET}
FIXED: dict[str, Any] = {"subnet_id": SUBNET, "ip_address": "192.168.0.77"}


def wired(*later: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Inputs of one server with the given NICs after the first NIC."""
    return {**QUICK, "count": 1.0, "nics": [FIRST, *later], **more}


def ports(bench: Bench) -> list[Any]:
    """The ports of the only server, in the order of the server."""
    (server,) = bench.existing().values()
    known = {port.id: port for port in bench.sim.setup.world().ports}
    return [known[port_id] for port_id in server.nic_ids]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([], [AUTOMATIC]),
        ([AUTOMATIC], []),
        ([AUTOMATIC], [FIXED]),
        ([FIXED], [AUTOMATIC]),
        ([AUTOMATIC], [{"subnet_id": OTHER}]),
    ],
    ids=["added", "removed", "another with an address", "another without an address", "another subnet"],
)
def test_the_nics_are_as_the_program_has_them(
    before: list[dict[str, Any]], after: list[dict[str, Any]], bench: Bench
) -> None:
    """An update adds and removes NICs as in the program. The primary NIC stays, and a second update sends nothing."""
    outputs = bench.create(wired(*before))
    primary = ports(bench)[0]
    bench.next_run()
    outputs = bench.update(outputs, wired(*after))
    first, *later = ports(bench)
    assert first.id == primary.id
    assert sorted(port.subnet_id for port in later) == sorted(nic["subnet_id"] for nic in after)
    assert {nic["ip_address"] for nic in after if "ip_address" in nic} <= {port.ip_address for port in later}
    sent = len(bench.writes())
    assert bench.changes(outputs, wired(*after)) is False
    bench.update(outputs, wired(*after))
    assert len(bench.writes()) == sent


def cut_off(bench: Bench, before: dict[str, Any], news: dict[str, Any], moment: int) -> None:
    """Update, killed at the event. The next run updates again."""
    bench.next_run(kill_at=moment)
    try:
        bench.update(before, news)
    except Killed:
        bench.next_run()
        bench.update(before, news)


@pytest.mark.parametrize("moment", [2, 3, 4, 5, 6])
def test_a_killed_run_adds_no_nic_twice(moment: int, bench: Bench) -> None:
    """After a kill the next run adds no NIC twice."""
    before, news = bench.create(wired()), wired(AUTOMATIC)
    cut_off(bench, before, news, moment)
    assert len(ports(bench)) == 2


def test_security_groups_change_and_stay(bench: Bench) -> None:
    """All NICs get the groups of the program. Without groups in the program, nothing is sent."""
    outputs = bench.create(wired(AUTOMATIC, security_groups=["one"]))
    bench.next_run()
    outputs = bench.update(outputs, wired(AUTOMATIC, security_groups=["two", "three"]))
    assert {tuple(sorted(port.security_groups)) for port in ports(bench)} == {("three", "two")}
    bench.next_run()
    sent = len(bench.writes())
    outputs = bench.update(outputs, wired(AUTOMATIC))
    assert len(bench.writes()) == sent
    assert any("the security groups of the servers stay" in text for text in bench.run.told)
    assert bench.changes(outputs, wired(AUTOMATIC)) is False


@pytest.mark.parametrize("moment", [2, 4, 6, 8, 10, 12])
def test_an_exchanged_nic_is_there_once(moment: int, bench: Bench) -> None:
    """A run cut off between adding and removing a NIC is finished without a second NIC."""
    before, news = bench.create(wired(AUTOMATIC)), wired({"subnet_id": OTHER})
    cut_off(bench, before, news, moment)
    assert [port.subnet_id for port in ports(bench)] == [SUBNET, OTHER]


def test_a_nic_outside_the_program_is_told(bench: Bench) -> None:
    """The NIC of a killed run stays after a change of the program, and the user is told."""
    before = bench.create(wired())
    bench.update(before, wired({"subnet_id": OTHER}))
    left = ports(bench)[1].id
    bench.next_run()
    bench.update(before, wired(AUTOMATIC))
    assert any(f"NICs outside the program: {left} stay" in text for text in bench.run.told)
