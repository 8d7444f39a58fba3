"""Many waits in one `pulumi up`, beside a single wait: wall clock as a ratio, and the host's peak memory.

Run by `make bench`. The simulator's jobs take 20 s. The simulator is a separate process. Linux only, for /proc.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[2]
CLI = ROOT / ".engine" / "bin" / "pulumi"
HOST = ROOT / "provider" / "pulumi_bms" / "host"
JOB_SECONDS = 20.0
TIME_SCALE = 240.0 / JOB_SECONDS

EACH = """
from pulumi_bms import JobCompletion
for number in range({count}):
    JobCompletion(f"job-{{number}}", job_id=f"ok.{{number}}")
"""
TOGETHER = """
from pulumi_bms import JobCompletions
JobCompletions("jobs", job_ids={{str(number): f"ok.{{number}}" for number in range({count})}})
"""


@dataclass(frozen=True)
class Case:
    """One `pulumi up`: a name, the program, the host, and the flags."""

    name: str
    program: str
    own_host: bool
    flags: tuple[str, ...] = ()
    rate_limit: int = 1200
    jobs: int = 1


CASES = (
    Case("1 JobCompletion, own host", EACH.format(count=1), own_host=True, jobs=1),
    Case(
        "300 JobCompletion, own host, --parallel 400",
        EACH.format(count=300),
        own_host=True,
        jobs=300,
        flags=("--parallel", "400"),
    ),
    Case(
        "the same, 6,000 requests a minute",
        EACH.format(count=300),
        own_host=True,
        jobs=300,
        flags=("--parallel", "400"),
        rate_limit=6000,
    ),
    Case(
        "40 JobCompletion, stock host, --parallel 400",
        EACH.format(count=40),
        own_host=False,
        jobs=40,
        flags=("--parallel", "400"),
    ),
    Case("200 in one JobCompletions, own host", TOGETHER.format(count=200), own_host=True, jobs=200),
    Case("200 in one JobCompletions, stock host", TOGETHER.format(count=200), own_host=False, jobs=200),
)


def main() -> None:
    """Run the cases and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", help="run cases whose name holds this text, and the first one")
    only = parser.parse_args().only
    alone = 0.0
    print("| case | wall clock | of one alone | host's peak memory | requests |")
    print("|---|---|---|---|---|")
    for case in CASES:
        if only and case is not CASES[0] and only not in case.name:
            continue
        seconds, peak, requests = run(case)
        alone = alone or seconds
        print(f"| {case.name} | {seconds:.1f} s | {seconds / alone:.2f} | {peak:.0f} MB | {requests} |", flush=True)


def run(case: Case) -> tuple[float, float, int]:
    """Wall clock in seconds, the host's peak resident memory in MB, and how many requests the simulator saw."""
    with tempfile.TemporaryDirectory() as folder, simulator(Path(folder)) as (endpoint, log):
        environment = prepare(Path(folder), case, endpoint)
        begin_jobs(endpoint, case.jobs)
        peak = Peak()
        started_at = time.monotonic()
        command = [str(CLI), "up", "--yes", "--skip-preview", "--stack", "bench", "--non-interactive", *case.flags]
        with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as process:
            peak.watch(process.pid)
            output, _ = process.communicate()
        seconds = time.monotonic() - started_at
        if process.returncode:
            sys.exit(output)
        return seconds, peak.stop(), sum("/jobs/" in line for line in log.read_text().splitlines())


def begin_jobs(endpoint: str, count: int, scenario: str = "ok") -> None:
    """Poll every job once: the first poll starts the job's clock, and all jobs end at the same time."""
    with requests.Session() as session:
        for number in range(count):
            response = session.get(
                f"{endpoint}/v1/bench/jobs/{scenario}.{number}", headers={"X-Auth-Token": "bench"}, timeout=10
            )
            response.raise_for_status()


class simulator:  # noqa: N801  (used as a context manager)
    """The simulator as a separate process."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "simulator.log"

    def __enter__(self) -> tuple[str, Path]:
        options = ["--time-scale", str(TIME_SCALE), "--token", "bench", "--project-id", "bench"]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bms_simulator", *options],
            stdout=subprocess.PIPE,
            stderr=self._log.open("w"),
            text=True,
        )
        assert self._process.stdout
        return self._process.stdout.readline().split()[-1], self._log

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.communicate()


def prepare(folder: Path, case: Case, endpoint: str) -> dict[str, str]:
    """A project with a stack. Returns the environment for the stack's commands."""
    plugins = {"providers": [{"name": "pulumi-python", "path": str(HOST)}]} if case.own_host else {}
    runtime = {"name": "python", "options": {"virtualenv": sys.prefix}}
    project = {"name": "bench", "runtime": runtime, "plugins": plugins}
    (folder / "Pulumi.yaml").write_text(json.dumps(project))
    (folder / "__main__.py").write_text(case.program)
    (folder / "state").mkdir()
    environment = {
        **os.environ,
        "PATH": f"{CLI.parent}{os.pathsep}{os.environ['PATH']}",
        "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "bench",
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "BMS_ENDPOINT": endpoint,
        "HW_PROJECT_ID": "bench",
        "HW_AUTH_TOKEN": "bench",
    }
    for arguments in (["stack", "init", "bench"], ["config", "set", "bms:maxRequestsPerMinute", str(case.rate_limit)]):
        subprocess.run([CLI, *arguments], cwd=folder, env=environment, check=True, capture_output=True)
    return environment


class Peak:
    """The largest resident memory of the dynamic host below a process."""

    def __init__(self) -> None:
        self._megabytes = 0.0
        self._over = threading.Event()

    def watch(self, cli: int) -> None:
        """Begin to measure, twice a second."""
        self._thread = threading.Thread(target=self._poll, args=(cli,), daemon=True)
        self._thread.start()

    def stop(self) -> float:
        """The peak in MB."""
        self._over.set()
        self._thread.join()
        return self._megabytes

    def _poll(self, cli: int) -> None:
        while not self._over.wait(0.5):
            for status in Path("/proc").glob("[0-9]*/status"):
                self._megabytes = max(self._megabytes, _peak_of(status, cli))


def _peak_of(status: Path, cli: int) -> float:
    try:
        fields = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        command = (status.parent / "cmdline").read_bytes()
    except OSError:
        return 0.0
    is_host = int(fields.get("PPid", "0")) == cli and (b"pulumi_bms.host" in command or b"pulumi.dynamic" in command)
    return float(fields["VmHWM"].split()[0]) / 1024 if is_host and "VmHWM" in fields else 0.0


if __name__ == "__main__":
    main()
