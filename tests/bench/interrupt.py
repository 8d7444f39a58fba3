"""Ctrl-C during the wait for many jobs: the time until the CLI is back, and the processor time of engine and host.

Run by `make bench`. The floor is an equal number of resources of a provider that keeps one value and does nothing. The
engine writes the whole state at the end of each step, so the engine uses most of the time. The time of the engine grows
with the square of the number of resources. The difference between `JobCompletion` and the floor is this project's part.
Linux only, for /proc.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.bench.many_jobs import CLI, Case, begin_jobs, prepare, simulator

SETTLED = 5.0
"""Seconds of a quiet run before the signal: the work under way has ended."""
PARALLEL = ("--parallel", "2000")

WAITS = """
from pulumi_bms import JobCompletion
for number in range({count}):
    JobCompletion(f"job-{{number}}", job_id=f"stuck.{{number}}")
"""
FLOOR = """
from tests.bench.floor import Floor
for number in range({count}):
    Floor(f"job-{{number}}", job_id=f"stuck.{{number}}")
"""


@dataclass(frozen=True)
class Cost:
    """Seconds until the CLI is back, and seconds of processor time of the engine and the host."""

    wall: float
    engine: float
    host: float


def main() -> None:
    """Print a table: the floor first, then the waits, with the ratio to the floor."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=500)
    count = parser.parse_args().count
    print("| case | back after Ctrl-C | engine's CPU | host's CPU | of the floor's CPU |")
    print("|---|---|---|---|---|")
    least = 0.0
    for name, program in (("floor", FLOOR), ("JobCompletion", WAITS)):
        cost = run(Case(f"{count} {name}", program.format(count=count), own_host=True, flags=PARALLEL, jobs=count))
        total = cost.engine + cost.host
        least = least or total
        print(
            f"| {count} {name} | {cost.wall:.1f} s | {cost.engine:.1f} s | {cost.host:.1f} s | {total / least:.2f} |",
            flush=True,
        )


def run(case: Case) -> Cost:
    """Start the case, press Ctrl-C once every create is under way, and measure until the CLI is back."""
    with tempfile.TemporaryDirectory() as folder, simulator(Path(folder)) as (endpoint, _):
        environment = prepare(Path(folder), case, endpoint)
        environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        begin_jobs(endpoint, case.jobs, "stuck")
        output = Path(folder) / "output"
        with (
            output.open("w") as written,
            subprocess.Popen(
                [str(CLI), "up", "--yes", "--skip-preview", "--stack", "bench", "--non-interactive", *case.flags],
                cwd=folder,
                env=environment,
                stdout=written,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            ) as process,
        ):
            _until_all_report(output, case.jobs)
            return _cost_of_interrupt(process)


def _until_all_report(output: Path, count: int) -> None:
    while output.read_text().count("RUNNING") < count:
        time.sleep(0.5)
    time.sleep(SETTLED)


def _cost_of_interrupt(process: subprocess.Popen[bytes]) -> Cost:
    host = _host_of(process.pid)
    before = cpu = (_cpu(process.pid), _cpu(host))
    started_at = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    while process.poll() is None:
        try:
            cpu = (_cpu(process.pid), _cpu(host))
        except OSError:
            break
        time.sleep(0.05)
    process.wait()
    return Cost(time.monotonic() - started_at, cpu[0] - before[0], cpu[1] - before[1])


def _host_of(cli: int) -> int:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            command = (stat.parent / "cmdline").read_bytes()
        except OSError:
            continue
        if parent == cli and b"pulumi_bms.host" in command:
            return int(stat.parent.name)
    raise LookupError("the CLI has started no host")


def _cpu(process_id: int) -> float:
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
