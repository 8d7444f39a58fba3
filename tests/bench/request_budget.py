"""A hundred waits in one `pulumi up` with 300 requests a minute: the requests in the simulator's fullest minute.

Run by `make bench`. The jobs take two and a half minutes.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from bisect import bisect_left
from collections import Counter
from pathlib import Path

from bms_simulator import Simulator
from tests.bench.many_jobs import CLI, EACH, Case, prepare

WAITS = 100
BUDGET = 300
JOB_SECONDS = 150.0
CASE = Case("budget", EACH.format(count=WAITS), own_host=True, rate_limit=BUDGET)


def main() -> None:
    """Run the case and print the counts."""
    scale = 240.0 / JOB_SECONDS
    with (
        Simulator(token="bench", project_id="bench", time_scale=scale) as simulator,
        tempfile.TemporaryDirectory() as folder,
    ):
        environment = prepare(Path(folder), CASE, simulator.endpoint)
        command = [str(CLI), "up", "--yes", "--skip-preview", "--stack", "bench", "--parallel", "200"]
        ended = subprocess.run(
            [*command, "--non-interactive"], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        if ended.returncode:
            sys.exit(ended.stdout)
        moments = sorted(request.at for request in simulator.requests)
        polls = Counter(request.path for request in simulator.requests)
    fullest = max(bisect_left(moments, begin + 60) - index for index, begin in enumerate(moments))
    print(f"{WAITS} waits, {BUDGET} requests a minute: {len(moments)} requests in {moments[-1] - moments[0]:.0f} s")
    print(f"the fullest minute has {fullest}; each job was polled {min(polls.values())} to {max(polls.values())} times")


if __name__ == "__main__":
    main()
