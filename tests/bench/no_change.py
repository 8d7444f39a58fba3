"""`pulumi up` without a change: many completions beside as many trivial resources on Pulumi's host, as a ratio.

Run by `make bench`. The shortest of some rounds counts.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bms_simulator import Simulator
from tests.bench.many_jobs import CLI, TIME_SCALE, Case, prepare

RESOURCES = 300
ROUNDS = 5
TRIVIAL = f"""
from pulumi.dynamic import CreateResult, Resource, ResourceProvider

class Trivial(ResourceProvider):
    def create(self, props):
        return CreateResult("trivial", props)

class Plain(Resource):
    pass

for number in range({RESOURCES}):
    Plain(Trivial(), f"trivial-{{number}}", {{"number": number}})
"""
WAITS = f"""
from pulumi_bms import JobCompletion
for number in range({RESOURCES}):
    JobCompletion(f"job-{{number}}", job_id=f"ok.{{number}}")
"""


def main() -> None:
    """Run both, and print the ratio."""
    with Simulator(token="bench", project_id="bench", time_scale=10 * TIME_SCALE) as simulator:
        trivial = _no_change(Case("trivial", TRIVIAL, own_host=False), simulator.endpoint)
        waits = _no_change(Case("waits", WAITS, own_host=True), simulator.endpoint)
    ratio = waits / trivial
    print(f"no change of {RESOURCES} completions: {waits:.1f} s, {ratio:.2f} times as long as of trivial resources")


def _no_change(case: Case, endpoint: str) -> float:
    """The shortest time of an `up` without a change, in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        environment = prepare(Path(folder), case, endpoint)
        command = [str(CLI), "up", "--yes", "--skip-preview", "--stack", "bench", "--non-interactive"]
        seconds = []
        for _ in range(1 + ROUNDS):
            started_at = time.perf_counter()
            ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
            seconds.append(time.perf_counter() - started_at)
            if ended.returncode:
                sys.exit(ended.stdout)
        return min(seconds[1:])


if __name__ == "__main__":
    main()
