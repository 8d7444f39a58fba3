"""Type checkers on users' programs: no error in right programs, and an error at each mistake."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
MARK = "# refused"

RIGHT = """
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from pulumi_bms import (
    FlavorDetails, Job, JobCompletion, JobStatus, JobSubmission, Quotas, ServerDetails, SubJob, SubJobResult,
    __version__, get_flavors, get_flavors_output, get_job, get_job_output, get_quotas, get_quotas_output, get_server,
    get_server_output, get_servers, get_servers_output,
)

config = pulumi.Config()
order = JobSubmission("order", path="baremetalservers", body={"server": {"adminPass": config.require_secret("pass")}})
power = JobSubmission("power", path=pulumi.Output.concat("a/", "b"), body=pulumi.Output.from_input({}), method="PUT")
least = JobSubmission("least", path="a", triggers=[order.job_id, 3])
web = JobCompletion(
    "web",
    job_id=order.job_id,
    expected_servers=3,
    region="eu-de",
    project_id=config.require_secret("project"),
    endpoint=None,
    opts=pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create="90m"), depends_on=[power]),
)
plain = JobCompletion("plain", job_id="2c9eb2c5544cbf6101544f0602af2b4f")

job_id: pulumi.Output[str] = web.job_id
order_id: pulumi.Output[str | None] = order.order_id
seconds: pulumi.Output[float | None] = web.duration_seconds
server_ids: pulumi.Output[Sequence[str]] = web.server_ids
entities: pulumi.Output[Sequence[Mapping[str, Any]]] = web.entities


def codes(parts: Sequence[SubJobResult]) -> list[str]:
    return [part.error_code or part.status for part in parts]


pulumi.export("codes", web.sub_jobs.apply(codes))
pulumi.export("first", web.server_ids[0])
found: Job = get_job("2c9eb2c5544cbf6101544f0602af2b4f", region="eu-de")
children: Sequence[SubJob] = found.sub_jobs
server: ServerDetails = get_server("bae51750-0089-41a1-9b18-5c777978ff6d", profile="eu")
ips: list[str | None] = [address.ip for address in server.addresses]
servers: tuple[ServerDetails, ...] = get_servers(name_prefix="web", tag="role=web", status="ACTIVE")
flavors: Sequence[FlavorDetails] = get_flavors(availability_zone="az1")
stock: dict[str, int | None] = {flavor.id: flavor.stock for flavor in flavors}
quotas: Quotas = get_quotas()
left: int | None = quotas.instances.left
later: pulumi.Output[ServerDetails] = get_server_output(web.server_ids[0], region=web.job_id)
name: pulumi.Output[str] = later.apply(lambda one: one.name)
all_of_them: pulumi.Output[tuple[ServerDetails, ...]] = get_servers_output(name=name)
on_sale: pulumi.Output[tuple[FlavorDetails, ...]] = get_flavors_output(availability_zone=name)
rest: pulumi.Output[Quotas] = get_quotas_output(project_id=name)
job: pulumi.Output[Job] = get_job_output(order.job_id)
over: bool = found.known_status is JobStatus.SUCCESS and found.server_ids[0] != __version__
"""

WRONG = """
import pulumi

from pulumi_bms import JobCompletion, JobSubmission, get_flavors, get_job, get_quotas, get_server_output, get_servers
from pulumi_bms import JobWaiter  # refused

web = JobCompletion("web", job_id="a")
JobCompletion("a", job_id=3)  # refused
JobCompletion("b", job_id="a", expected_servers="3")  # refused
JobCompletion("c", job_id="a", timeout="90m")  # refused
JobCompletion("d")  # refused
JobCompletion("e", "a")  # refused
JobCompletion("h", job_id="a", region=3)  # refused
JobCompletion("i", job_id="a", regoin="eu-de")  # refused
JobSubmission("j", path="a", opts="b")  # refused
get_job("a", opts=None)  # refused
get_job("a", region=web.job_id)  # refused
JobSubmission("f", path="a", body="b")  # refused
JobSubmission("g", body={})  # refused
pulumi.export("server", web.server_id)  # refused
number: pulumi.Output[int] = web.job_id  # refused
text: pulumi.Output[str] = web.error_code  # refused
status: int = get_job("a").status  # refused
get_job("a").finished  # refused
get_servers(names="web")  # refused
get_servers("web")  # refused
get_servers()[0].ip  # refused
get_flavors(availability_zone=1)  # refused
get_flavors()[0].stocks  # refused
many: str = get_quotas().instances.left  # refused
get_server_output(3)  # refused
get_server_output(web.server_ids[0]).apply(lambda one: one.nmae)  # refused
"""


@pytest.mark.parametrize(
    ("command", "error"),
    [
        pytest.param([BIN / "mypy", "--strict"], r"^(.+?):(\d+): error:", id="mypy"),
        pytest.param([BIN / "pyright", "--pythonpath", sys.executable], r"^ *(.+?):(\d+):\d+ - error:", id="pyright"),
    ],
)
def test_a_type_checker_finds_the_mistakes_and_no_others(command: list[str | Path], error: str, tmp_path: Path) -> None:
    """The example and a program with every feature have no error. In a wrong program each marked line has an error."""
    right, wrong = tmp_path / "right.py", tmp_path / "wrong.py"
    right.write_text(RIGHT)
    wrong.write_text(WRONG)
    marked = [number for number, line in enumerate(WRONG.splitlines(), 1) if line.endswith(MARK)]
    ended = subprocess.run(
        [*command, ROOT / "__main__.py", right, wrong], cwd=ROOT, capture_output=True, text=True, check=False
    )
    messages = {(Path(path).name, int(line)) for path, line in re.findall(error, ended.stdout, re.MULTILINE)}
    result = {(name, line) for name, line in messages if name in {"__main__.py", "right.py", "wrong.py"}}
    assert result == {("wrong.py", number) for number in marked}, ended.stdout + ended.stderr
