"""Nothing is ordered twice: kills at every moment of a slow order, missing responses, changes that order anew.

`ORDER_KILLS` is the number of seeds on each host, by default a few. `ORDER_KILLS_FROM` is the first seed.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from bms_simulator import Simulator
from tests.e2e.conftest import Ended, Stack, on_both_hosts
from tests.slow_line import slow_line

FIRST_SEED = int(os.environ.get("ORDER_KILLS_FROM", "0"))
SEEDS = range(FIRST_SEED, FIRST_SEED + int(os.environ.get("ORDER_KILLS", "2")))
THERE, BACK = 0.7, 1.1
"""Seconds of an order on the way to the API, and of the response on the way back."""
LONGEST = 60.0

PROGRAM = """
    import pulumi
    from pulumi_bms import JobCompletion, JobSubmission
    from bms_simulator import sample_order

    config = pulumi.Config()
    body = sample_order(config.get("server") or "web", 2)
    del body["server"]["key_name"]
    body["server"]["adminPass"] = config.get("password") or "hunter2-Passw0rd"
    body["server"]["count"] = config.get_int("count") or 2
    keep = pulumi.ResourceOptions(ignore_changes=["body.server.adminPass"] if config.get("ignore") else [])
    order = JobSubmission("order", path="baremetalservers", body=body, triggers=config.get("again"), opts=keep)
    if config.get("wait"):
        pulumi.export("server_ids", JobCompletion("web", job_id=order.job_id).server_ids)
    pulumi.export("job_id", order.job_id)
"""
UNRESOLVED = "nothing was sent: an earlier request of this resource is unresolved."


def records(stack: Stack) -> list[dict[str, Any]]:
    """The records on the machine of a stack."""
    folder = stack.folder / "home" / "bms" / "orders"
    return [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]


def host_of(process: subprocess.Popen[str]) -> int | None:
    """The plugin process of a command, of either host, or None."""
    command = ["/bin/ps", "-o", "pid=,args=", "--ppid", str(process.pid)]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    result = [line.split()[0] for line in listed.splitlines() if "pulumi_bms.host" in line or "pulumi.dynamic" in line]
    return int(result[0]) if result else None


def kill_cli(process: subprocess.Popen[str], number: signal.Signals) -> None:
    if process.poll() is None:
        process.send_signal(number)


def kill_host(process: subprocess.Popen[str], number: signal.Signals) -> None:
    host = host_of(process)
    if host is not None:
        os.kill(host, number)


def kill_both(process: subprocess.Popen[str], number: signal.Signals) -> None:
    host = host_of(process)
    kill_cli(process, number)
    if host is not None:
        os.kill(host, number)


def kill_twice(process: subprocess.Popen[str], number: signal.Signals) -> None:
    kill_cli(process, number)
    time.sleep(0.2)
    kill_cli(process, number)


Kill = Callable[[subprocess.Popen[str], signal.Signals], None]
KILLS: list[tuple[Kill, signal.Signals]] = [
    (kill_cli, signal.SIGKILL),
    (kill_host, signal.SIGKILL),
    (kill_both, signal.SIGKILL),
    (kill_both, signal.SIGTERM),
    (kill_host, signal.SIGTERM),
    (kill_host, signal.SIGINT),
    (kill_cli, signal.SIGINT),
    (kill_twice, signal.SIGINT),
    (kill_twice, signal.SIGTERM),
]


def run_again(stack: Stack) -> Ended:
    """The README's commands after a kill."""
    stack.run("cancel", "--yes")
    stack.refresh("--clear-pending-creates").ok()
    return stack.up()


@on_both_hosts
@pytest.mark.parametrize("seed", SEEDS)
def test_a_kill_orders_nothing_twice(stack: Stack, simulator: Simulator, seed: int) -> None:
    """After a kill at any moment of a slow order there is one order in all, or a refusal with the sent request."""
    rng = random.Random(seed)  # noqa: S311  (a kill, not a key)
    kill, number = rng.choice(KILLS)
    moment = rng.uniform(-0.3, THERE + BACK + 0.4)
    stack.program(PROGRAM)
    with slow_line(simulator, there=THERE, back=BACK) as line:
        stack.environment["BMS_ENDPOINT"] = line.endpoint
        process = stack.start("up", "--yes", "--skip-preview")
        assert line.connected.wait(LONGEST) if moment > 0 else True
        if moment <= 0:
            while host_of(process) is None and process.poll() is None:
                time.sleep(0.02)
            time.sleep(rng.uniform(0.0, 1.5))
        time.sleep(max(0.0, moment))
        host = host_of(process)
        kill(process, number)
        stack.ended(process, LONGEST)
        ended = run_again(stack)
        line.settle()
    if host is not None:
        # Pulumi's host outlives a killed CLI.
        with suppress(ProcessLookupError):
            os.kill(host, signal.SIGKILL)
    what = f"seed {seed}: {kill.__name__} {number.name} at {moment:+.2f} s"
    orders = simulator.count("POST")
    print(f"{what}: up again {ended.code}, {orders} orders, {len(records(stack))} records")  # noqa: T201
    if ended.code:
        assert UNRESOLVED in ended.output, f"{what}\n{ended.output}"
        assert f"POST {line.endpoint}/v1/" in ended.output
        assert orders <= 1, what
    else:
        assert orders == 1, f"{what}\n{ended.output}"
        (placed,) = {server.name.partition("-")[0] for server in simulator.world.servers}
        assert placed == "web"
        assert records(stack) == [], what
        assert stack.outputs()["job_id"] == stack.resources()["order"]["id"]


@on_both_hosts
def test_an_order_without_a_response_is_never_repeated(stack: Stack, simulator: Simulator, host: str) -> None:
    """After a lost response no later command repeats the order. New `triggers` order anew and warn of old servers."""
    stack.program(PROGRAM)
    stack.set(server="loses-answer")
    first = stack.up().failed().output
    assert "The outcome is unknown: the request may have started a job" in first
    assert "hunter2" not in first
    for _ in range(2):
        assert UNRESOLVED in stack.up().failed().output
    if host == "own":
        result = stack.resources()["order"]
        assert result["id"].startswith("unresolved-")
        assert "ciphertext" in result["outputs"]["digests"]
        assert UNRESOLVED in stack.preview().failed().output
        stack.refresh().ok()
        assert stack.resources()["order"]["initErrors"]
        assert UNRESOLVED in stack.up().failed().output
    assert simulator.count("POST") == 1

    stack.set(server="web")
    output = stack.up().ok().output
    assert "Servers of the request may exist and be billed" in output
    assert simulator.count("POST") == 2
    assert stack.outputs()["job_id"] == stack.resources()["order"]["id"]


def test_an_unresolved_order_can_be_destroyed(stack: Stack, simulator: Simulator) -> None:
    """A destroy works, warns of possible servers, and leaves no record. The same inputs order again."""
    stack.program(PROGRAM)
    stack.set(server="loses-answer")
    stack.up().failed()
    assert "Servers of the request may exist and be billed" in stack.destroy().ok().output
    assert (stack.resources(), records(stack)) == ({}, [])
    stack.up().failed()
    assert simulator.count("POST") == 2


def test_what_ended_well_is_forgotten(stack: Stack, simulator: Simulator) -> None:
    """A successful `up` leaves no record: `destroy` and `up` order anew, and `up` after `state delete` orders anew."""
    stack.program(PROGRAM)
    stack.up().ok()
    assert records(stack) == []
    stack.up("--expect-no-changes").ok()
    stack.destroy().ok()
    stack.up().ok()
    assert simulator.count("POST") == 2
    stack.run("state", "delete", stack.resources()["order"]["urn"], "--yes").ok()
    stack.up().ok()
    assert simulator.count("POST") == 3
    assert records(stack) == []


def test_a_preview_says_what_a_change_costs(stack: Stack, simulator: Simulator) -> None:
    """The preview of a changed body shows that a new order is placed, and that the earlier servers stay."""
    stack.program(PROGRAM)
    stack.up().ok()
    job_id = stack.outputs()["job_id"]
    stack.set(ignore="yes")
    stack.set(password="another-Passw0rd")
    stack.preview("--expect-no-changes").ok()

    stack.set(count="3")
    words = f"so a new order is placed (POST baremetalservers), and the 2 servers of job {job_id} stay and are billed"
    assert f"body changed, {words}" in stack.preview().ok().output
    assert simulator.count("POST") == 1
    assert words in stack.up().ok().output
    assert simulator.count("POST") == 2


def test_an_asset_is_never_sent(stack: Stack, simulator: Simulator) -> None:
    """An asset among the inputs fails preview and `up`. The error has the path of the asset."""
    stack.program("""
        import pulumi
        from pulumi_bms import JobSubmission

        JobSubmission("order", path="baremetalservers", body={"server": {"image": pulumi.StringAsset("x")}})
    """)
    for ended in (stack.preview(), stack.up()):
        assert "body.server.image is an asset, not JSON: write" in ended.failed().output
    assert simulator.count("POST") == 0
