"""What `make up`, `make pulumi` and `make down` do: this project's program, deployed against the simulator."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import simulator

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT: Final = Path(__file__).resolve().parent.parent.parent
DEMO: Final = ROOT / ".demo"
STACK: Final = "demo"
# Disks that the simulator has from the start, one for each server.
VOLUMES: Final = [f"5e7cf1b0-0000-4000-8000-00000000000{number}" for number in (1, 2, 3)]
CONFIG_FILE: Final = DEMO / "Pulumi.demo.yaml"
STATE: Final = DEMO / "state"
SCENARIO_NOTE: Final = DEMO / "scenario"
PULUMI: Final = ROOT / ".engine" / "bin" / "pulumi"
PYTHON: Final = ROOT / ".venv" / "bin" / "python"
# The name of the first server, which for the simulator may be the name of a scenario.
SERVER: Final = "bms-servers:serverName"
USUAL_SERVER: Final = "web"
# Protects nothing: the stack holds simulated servers.
PASSPHRASE: Final = "demo"
OF_REAL_CLOUDS: Final = ("HW_", "HUAWEICLOUD_", "HC_CONTAINER_", "OS_", "BMS_ENDPOINT")
CONFIGURED: Final = ("--config-file", str(CONFIG_FILE))
# Only these commands know `--config-file`; `config` has it for its own commands, too.
WITH_CONFIG_FILE: Final = frozenset(
    {"config", "destroy", "dn", "down", "import", "logs", "pre", "preview", "refresh", "up", "update", "watch"}
)
USAGE: Final = "usage: demo.py up [SCENARIO] | pulumi [ARGUMENTS] | down | discard"


class DemoError(Exception):
    """The demo can't go on; the text says what to do."""


def main(arguments: list[str]) -> int:
    """Run one command; the exit status is Pulumi's where Pulumi failed."""
    match arguments:
        case ["up"]:
            return run(up)
        case ["up", scenario]:
            return run(lambda: up(scenario))
        case ["pulumi", *rest]:
            return run(lambda: on_stack(*rest))
        case ["down"]:
            return run(down)
        case ["discard"]:
            return run(discard)
    print(USAGE, file=sys.stderr)
    return 2


def run(command: Callable[[], int]) -> int:
    """The exit status of a command, whose errors are told in one line."""
    try:
        return command()
    except (DemoError, simulator.SimulatorError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        return error.returncode if error.returncode > 0 else 1
    except KeyboardInterrupt:
        return 130


def up(scenario: str = "") -> int:
    """Start what is missing, then run `pulumi up`, and say how it ended."""
    shows = about(scenario) if scenario else ""
    if not PULUMI.exists() or not PYTHON.exists():
        raise DemoError("not set up: run `make setup`, or start the demo by `make up`")
    begin(scenario)
    running = simulator.ensure(DEMO, PYTHON)
    say(f"simulator at {running.endpoint}, its log in {simulator.log_of(DEMO)}")
    ensure_stack()
    free_lock()
    is_expected = {"bms-servers:volumes": json.dumps(VOLUMES), SERVER: scenario or USUAL_SERVER}
    settings = [part for name, value in is_expected.items() for part in ("--config", f"{name}={value}")]
    status = in_foreground("up", "--yes", *settings, *CONFIGURED)
    tell_end(status, f" (scenario {scenario}: {shows})" if scenario else "")
    return status


def begin(scenario: str) -> None:
    """Make the demo's folder; another scenario gets a new one, since disks are attached to the servers of the last."""
    if DEMO.exists() and scenario != (SCENARIO_NOTE.read_text() if SCENARIO_NOTE.exists() else ""):
        free_lock()
        say("another scenario than last time: beginning anew")
        discard()
    STATE.mkdir(parents=True, exist_ok=True)
    SCENARIO_NOTE.write_text(scenario)


def about(scenario: str) -> str:
    """What a scenario shows; the list of all where there is none of that name."""
    # Only here: `make down` and `make clean` work without the packages.
    from bms_simulator import SCENARIOS  # noqa: PLC0415

    if scenario not in SCENARIOS:
        raise DemoError(f"there is no scenario {scenario!r}: SCENARIO is one of {', '.join(SCENARIOS)}")
    return SCENARIOS[scenario].shows


def tell_end(status: int, scenario: str) -> None:
    """Say as the last thing how it ended, and what can be done next."""
    poll = 'look around by `make pulumi ARGS="stack"`, end it by `make down`'
    if status == 0:
        say(f"deployed{scenario}: {poll}")
    else:
        say(f"FAILED with exit status {status}{scenario}: the reason is above, under Diagnostics; {poll}")


def on_stack(*arguments: str) -> int:
    """Run any Pulumi command on the demo's stack."""
    if not stack_exists():
        raise DemoError("there is no stack: run `make up` first")
    if not PULUMI.exists() or not PYTHON.exists():
        raise DemoError("not set up: run `make setup`")
    simulator.ensure(DEMO, PYTHON)
    return in_foreground(*arguments, *(CONFIGURED if set(arguments[:1]) & WITH_CONFIG_FILE else ()))


def down() -> int:
    """Destroy the stack, stop the simulator, remove all traces; what is missing already is passed over."""
    if stack_exists() and not PULUMI.exists():
        raise DemoError("there is a stack, and no Pulumi to destroy it: run `make setup`, or `make clean` to drop both")
    if stack_exists():
        destroy()
    return discard()


def discard() -> int:
    """Stop the simulator and remove .demo; the stack holds nothing real."""
    if simulator.stop(DEMO):
        say("simulator stopped")
    if DEMO.exists():
        shutil.rmtree(DEMO)
        say(f"removed {DEMO}")
    return 0


def stack_exists() -> bool:
    """Whether the local backend has the demo's stack."""
    return any((STATE / ".pulumi" / "stacks").glob(f"*/{STACK}.json*"))


def ensure_stack() -> None:
    """Make the stack, its settings file beside it and out of the project's folder."""
    if not stack_exists():
        make_stack()
    elif not CONFIG_FILE.exists():
        raise DemoError(f"{CONFIG_FILE} is gone, and with it the key of the stack: run `make clean`, then `make up`")


def make_stack() -> None:
    """`pulumi stack init` knows no --config-file: let it write where it does, and move that."""
    written = ROOT / CONFIG_FILE.name
    before = written.read_bytes() if written.exists() else None
    if before is not None:
        written.unlink()
    try:
        pulumi("stack", "init", STACK)
        shutil.move(written, CONFIG_FILE)
    finally:
        if before is not None:
            written.write_bytes(before)


def destroy() -> None:
    """Destroy and remove the stack."""
    free_lock()
    pulumi("destroy", "--yes", *CONFIGURED)
    pulumi("stack", "rm", "--yes", STACK)


def free_lock() -> None:
    """Remove the lock that a killed Pulumi left behind; one that may still be held is left alone."""
    locks = list((STATE / ".pulumi" / "locks").rglob("*.json"))
    if not locks:
        return
    if not all(is_left_behind(lock) for lock in locks):
        raise DemoError(
            "another Pulumi holds the stack: wait for it or end it. If there is none, free the stack by\n"
            f"  {as_command('cancel', '--yes', '--stack', STACK)}"
        )
    say("a Pulumi was killed in the middle of its work: freeing the stack")
    pulumi("cancel", "--yes", "--stack", STACK)


def is_left_behind(lock: Path) -> bool:
    """Whether the lock's process ran on this machine and is gone."""
    try:
        holder = json.loads(lock.read_text())
        return bool(holder["hostname"] == socket.gethostname() and not simulator.command_of(int(holder["pid"])))
    except FileNotFoundError:
        return True
    except (ValueError, TypeError, KeyError):
        return False


def as_command(*arguments: str) -> str:
    """A Pulumi command as one would type it, with the demo's environment."""
    settings = " ".join(f"{name}={value}" for name, value in settings_of_the_demo().items())
    return " ".join([settings, str(PULUMI), *arguments])


def pulumi(*arguments: str) -> None:
    """Run Pulumi on the demo's backend, in sight of the user."""
    sys.stdout.flush()
    subprocess.run([PULUMI, *arguments], cwd=ROOT, env=environment(), check=True)


def in_foreground(*arguments: str) -> int:
    """Run Pulumi as the user's own command: signals are for Pulumi to obey, and the exit status is Pulumi's."""
    sys.stdout.flush()
    # A Ctrl-C reaches both processes; SIGTERM reaches this one only.
    signal.signal(signal.SIGINT, lambda *_: None)
    process = subprocess.Popen([PULUMI, *arguments], cwd=ROOT, env=environment())
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    status = process.wait()
    return status if status >= 0 else 128 - status


def environment() -> dict[str, str]:
    """The environment of every Pulumi command of the demo: the simulator is the only cloud in it."""
    path = os.pathsep.join([str(PULUMI.parent), os.environ.get("PATH", os.defpath)])
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OF_REAL_CLOUDS)}
    return {**kept, "PATH": path, **settings_of_the_demo(), **settings_of_the_simulator()}


def settings_of_the_demo() -> dict[str, str]:
    """A backend, a home and a key of its own: nothing of the user's is read or written."""
    return {
        "PULUMI_BACKEND_URL": f"file://{STATE}",
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "PULUMI_HOME": str(DEMO / "home"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }


def settings_of_the_simulator() -> dict[str, str]:
    """Address and credential of the running simulator; by the environment, so that none is stored."""
    running = simulator.remembered(DEMO)
    if running is None:
        return {}
    return {
        "BMS_ENDPOINT": running.endpoint,
        "HW_PROJECT_ID": simulator.PROJECT_ID,
        "HW_AUTH_TOKEN": simulator.TOKEN,
    }


def say(line: str) -> None:
    """Tell what has been done."""
    print(f"demo: {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
