"""A hundred servers, one resource per server, beside one server: wall clock as a ratio, and responses with 429.

Run by `make bench`. The simulator has the limits of the API for each minute.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bms_simulator import Behaviour, Simulator
from tests.bench.many_jobs import CLI, Case, prepare

SERVERS = 100
TOO_MANY = 429
PROGRAM = """
from pulumi_bms import Servers
for number in range({count}):
    Servers(
        f"server-{{number}}", name=f"web-{{number}}", flavor_id="physical.s3.large", count=1, key_pair="ops",
        image_id="1fb1bfa5-cc8b-4f63-bd4e-4fc6a3b4a5f0", availability_zone="cn-north-4a", user_id="u",
        vpc_id="0dae26c9-9a70-4392-93f3-87d53115d171", nics=[{{"subnet_id": "157ee789-03ea-45b1-a698-76c92660dd83"}}],
    )
"""


def main() -> None:
    """Run both cases, and print the ratio and the refusals."""
    alone, _ = _up(1)
    together, refusals = _up(SERVERS)
    print(
        f"{SERVERS} servers: {together:.0f} s, {together / alone:.1f} times as long as one"
        f"; refused by limits: {refusals}"
    )


def _up(count: int) -> tuple[float, int]:
    """Seconds of `pulumi up`, and the responses with 429."""
    behaviour = Behaviour(rate_limits=True)
    case = Case("servers", PROGRAM.format(count=count), own_host=True)
    with (
        Simulator(token="bench", project_id="bench", time_scale=60.0, behaviour=behaviour) as simulator,
        tempfile.TemporaryDirectory() as folder,
    ):
        environment = prepare(Path(folder), case, simulator.endpoint)
        command = [str(CLI), "up", "--yes", "--skip-preview", "--stack", "bench", "--parallel", "200"]
        started_at = time.perf_counter()
        ended = subprocess.run(
            [*command, "--non-interactive"], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        seconds = time.perf_counter() - started_at
        if ended.returncode:
            sys.exit(ended.stdout)
        created = len(simulator.setup.world().servers)
        assert created == count, f"{created} servers"
        return seconds, sum(request.status == TOO_MANY for request in simulator.requests)


if __name__ == "__main__":
    main()
