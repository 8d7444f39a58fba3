"""What `make up` and `make down` do: this project's program, deployed against the simulator."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Final

import simulator

ROOT: Final = Path(__file__).resolve().parent.parent.parent
DEMO: Final = ROOT / ".demo"
STACK: Final = "demo"
# Disks that the simulator has from the start, one for each server.
VOLUMES: Final = [f"5e7cf1b0-0000-4000-8000-00000000000{number}" for number in (1, 2, 3)]
CONFIG_FILE: Final = DEMO / "Pulumi.demo.yaml"
STATE: Final = DEMO / "state"
PULUMI: Final = ROOT / ".engine" / "bin" / "pulumi"
PYTHON: Final = ROOT / ".venv" / "bin" / "python"
# Protects nothing: the stack holds simulated servers and a token that is written in this folder.
PASSPHRASE: Final = "demo"
OF_REAL_CLOUDS: Final = ("HW_", "HUAWEICLOUD_SDK_", "OS_", "BMS_ENDPOINT")
ON_STACK: Final = ("--stack", STACK, "--config-file", str(CONFIG_FILE))
USAGE: Final = "usage: demo.py up | down | discard"


class DemoError(Exception):
    """The demo can't go on; the text says what to do."""


def main(arguments: list[str]) -> int:
    """Run one command; the exit status is Pulumi's where Pulumi failed."""
    commands = {"up": up, "down": down, "discard": discard}
    if len(arguments) != 1 or arguments[0] not in commands:
        print(USAGE, file=sys.stderr)
        return 2
    try:
        commands[arguments[0]]()
    except (DemoError, simulator.SimulatorError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        return error.returncode if error.returncode > 0 else 1
    except KeyboardInterrupt:
        return 130
    return 0


def up() -> None:
    """Start what is missing, then become `pulumi up`."""
    if not PULUMI.exists() or not PYTHON.exists():
        raise DemoError("not set up: run `make setup`, or start it by `make up`")
    STATE.mkdir(parents=True, exist_ok=True)
    running = simulator.ensure(DEMO, PYTHON)
    say(f"simulator at {running.endpoint}, its log in {simulator.log_of(DEMO)}")
    ensure_stack()
    free_lock()
    configure(running.endpoint)
    # In place of this process, so that Ctrl-C and the exit status are Pulumi's own.
    os.chdir(ROOT)
    sys.stdout.flush()
    os.execve(PULUMI, [str(PULUMI), "up", "--yes", *ON_STACK], environment())


def down() -> None:
    """Destroy the stack, stop the simulator, remove all traces; what is missing already is passed over."""
    if stack_exists() and not PULUMI.exists():
        raise DemoError("there is a stack, and no Pulumi to destroy it: run `make setup`, or `make clean` to drop both")
    if stack_exists():
        destroy()
    discard()


def discard() -> None:
    """Stop the simulator and remove .demo; the stack holds nothing real."""
    if simulator.stop(DEMO):
        say("simulator stopped")
    if DEMO.exists():
        shutil.rmtree(DEMO)
        say(f"removed {DEMO}")


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


def configure(endpoint: str) -> None:
    """Set the config values that differ."""
    wanted = {
        "bms:endpoint": endpoint,
        "bms:projectId": simulator.PROJECT_ID,
        "bms:token": simulator.TOKEN,
        "bms-servers:volumes": json.dumps(VOLUMES),
    }
    listing = pulumi_output("config", "--json", "--show-secrets", *ON_STACK)
    present = {key: found.get("value") for key, found in json.loads(listing).items()}
    for key, value in wanted.items():
        if present.get(key) != value:
            set_config(key, value)


def set_config(key: str, value: str) -> None:
    """Set one value, by standard input: a command line can be seen by others."""
    kind = "--secret" if key == "bms:token" else "--plaintext"
    subprocess.run(
        [PULUMI, "config", "set", kind, key, *ON_STACK], cwd=ROOT, env=environment(), input=value.encode(), check=True
    )


def destroy() -> None:
    """Destroy and remove the stack."""
    free_lock()
    pulumi("destroy", "--yes", *ON_STACK)
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


def pulumi_output(*arguments: str) -> str:
    """Run Pulumi on the demo's backend for what it prints."""
    done = subprocess.run([PULUMI, *arguments], cwd=ROOT, env=environment(), check=True, stdout=subprocess.PIPE)
    return done.stdout.decode()


def environment() -> dict[str, str]:
    """The environment of every Pulumi command of the demo."""
    path = os.pathsep.join([str(PULUMI.parent), os.environ.get("PATH", os.defpath)])
    # A real credential in the environment would count before the demo's token.
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OF_REAL_CLOUDS)}
    return {**kept, "PATH": path, **settings_of_the_demo()}


def settings_of_the_demo() -> dict[str, str]:
    """A backend, a home and a key of its own: nothing of the user's is read or written."""
    return {
        "PULUMI_BACKEND_URL": f"file://{STATE}",
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "PULUMI_HOME": str(DEMO / "home"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }


def say(line: str) -> None:
    """Tell what has been done."""
    print(f"demo: {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
