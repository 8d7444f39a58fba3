"""The import of a resource beside the import of Pulumi alone: the time as a ratio.

Run by `make bench`. Every program runs in a separate process, in turn. The shortest time of every program counts.
"""

from __future__ import annotations

import subprocess
import sys
import time

ROUNDS = 10
ALONE = "import pulumi"
PROGRAMS = {
    "JobCompletion": "import pulumi; from pulumi_bms import JobCompletion",
    "all resources": "import pulumi; from pulumi_bms import JobCompletion, JobSubmission, Servers, VolumeAttachment",
    "get_job": "import pulumi; from pulumi_bms import get_job",
}


def main() -> None:
    """Measure and print."""
    programs = [ALONE, *PROGRAMS.values()]
    rounds = [[_seconds(program) for program in programs] for _ in range(ROUNDS)]
    alone, *others = map(min, zip(*rounds, strict=True))
    print(f"import pulumi: {alone:.2f} s")
    for name, seconds in zip(PROGRAMS, others, strict=True):
        print(f"with {name}: {seconds:.2f} s, {seconds / alone:.2f} times as long")


def _seconds(program: str) -> float:
    started_at = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], check=True)
    return time.perf_counter() - started_at


if __name__ == "__main__":
    main()
