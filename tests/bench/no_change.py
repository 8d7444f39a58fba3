"""`pulumi up` without a change: many completions beside as many trivial resources on Pulumi's host, as ratios.

One kind of trivial resource has one output. The second kind has as many outputs as a completion, because each output of
a resource costs the SDK a task in the program. Run by `make bench`. The shortest of some rounds counts.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from bms_simulator import Simulator
from pulumi_bms.lifecycle.output_types import OUTPUTS
from tests.bench.many_jobs import CLI, TIME_SCALE, Case, prepare

RESOURCES = 300
ROUNDS = 5
TRIVIAL = f"""
OUTPUTS = []
from pulumi.dynamic import CreateResult, Resource, ResourceProvider

class Trivial(ResourceProvider):
    def create(self, props):
        return CreateResult("trivial", props)

class Plain(Resource):
    pass

for number in range({RESOURCES}):
    Plain(Trivial(), f"trivial-{{number}}", {{"number": number, **dict.fromkeys(OUTPUTS)}})
"""
WIDE = TRIVIAL.replace("OUTPUTS = []", f"OUTPUTS = {OUTPUTS!r}")
WAITS = f"""
from pulumi_bms import JobCompletion
for number in range({RESOURCES}):
    JobCompletion(f"job-{{number}}", job_id=f"ok.{{number}}")
"""


CASES = (
    Case("trivial", TRIVIAL, own_host=False),
    Case("wide", WIDE, own_host=False),
    Case("waits", WAITS, own_host=True),
)


def main() -> None:
    """Run all cases in turn, so that a slow minute of the machine counts for all cases, and print the ratios."""
    with Simulator(token="bench", project_id="bench", time_scale=10 * TIME_SCALE) as simulator, ExitStack() as stack:
        folders = [Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in CASES]
        environments = [prepare(folder, case, simulator.endpoint) for folder, case in zip(folders, CASES, strict=True)]
        runs = [[_up(*each) for each in zip(folders, environments, strict=True)] for _ in range(1 + ROUNDS)]
    trivial, wide, waits = (min(seconds[1:]) for seconds in zip(*runs, strict=True))
    print(
        f"no change of {RESOURCES} completions: {waits:.1f} s, {waits / trivial:.2f} times as long as of trivial "
        f"resources, {waits / wide:.2f} times as long as of trivial resources with as many outputs"
    )


def _up(folder: Path, environment: dict[str, str]) -> float:
    """The time of one `up`, in seconds."""
    command = [str(CLI), "up", "--yes", "--skip-preview", "--stack", "bench", "--non-interactive"]
    started_at = time.perf_counter()
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if ended.returncode:
        sys.exit(ended.stdout)
    return time.perf_counter() - started_at


if __name__ == "__main__":
    main()
