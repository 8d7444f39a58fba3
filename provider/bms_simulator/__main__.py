"""The simulator by hand: `python -m bms_simulator --port 8080 --time-scale 12`."""

# ruff: noqa: T201 - a command talks by printing

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import threading
from collections.abc import Sequence

from bms_simulator.clock import LONGEST_SECONDS
from bms_simulator.cloud.behaviour import Behaviour
from bms_simulator.http.recording import RecordedRequest
from bms_simulator.identity.accounts import Accounts
from bms_simulator.scenarios.catalogue import table
from bms_simulator.simulator import DAY_SECONDS, Simulator

HIGHEST_PORT = 65535


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM. Return 0 after a clean end, 2 for a wrong argument or a port in use."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.scenarios:
        print(table())
        return 0
    try:
        simulator = _simulator(options)
    except ValueError as error:
        # Each argument is right, but not all together.
        parser.error(str(error))
    return _serve(simulator)


def _simulator(options: argparse.Namespace) -> Simulator:
    return Simulator(
        host=options.host,
        port=options.port,
        time_scale=options.time_scale,
        token=options.token,
        project_id=options.project_id,
        log=_log,
        accounts=options.accounts,
        token_seconds=options.token_seconds,
        clock_offset=options.clock_offset,
        behaviour=Behaviour(rate_limits=options.rate_limits),
    )


def _serve(simulator: Simulator) -> int:
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: ended.set())
    try:
        simulator.start()
    except OSError as error:
        print(f"bms_simulator cannot listen on {simulator.endpoint}: {error.strerror or error}", file=sys.stderr)
        return 2
    _announce(simulator)
    ended.wait()
    simulator.close()
    return 0


def _announce(simulator: Simulator) -> None:
    lines = (
        f"bms_simulator listening on {simulator.endpoint}",
        f"project id: {simulator.project_id}",
        f"token: {simulator.token}",
    )
    print("\n".join(lines), flush=True)


def _log(request: RecordedRequest) -> None:
    # A path may hold anything that a client sends: control characters must not reach a terminal.
    path = request.path.encode("unicode_escape").decode()
    # One write keeps the lines of several threads apart. A log without a reader must not end the service.
    with contextlib.suppress(OSError):
        sys.stderr.write(f"{request.method} {path} {request.status or 'no response'}\n")
        sys.stderr.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="bms_simulator", description="A simulated Job API of bare metal servers.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=0, help="port to listen on (default: any free one)")
    parser.add_argument(
        "--time-scale",
        type=_time_scale,
        default=1.0,
        help="how many times as fast as real time jobs run; with 12 a create job takes 20 s (default: %(default)s)",
    )
    parser.add_argument("--token", help="the X-Auth-Token that is accepted (default: a random one)")
    parser.add_argument("--project-id", help="the project in the paths (default: a random one)")
    _add_accounts(parser)
    parser.add_argument("--rate-limits", action="store_true", help="refuse requests over the documented limits (429)")
    parser.add_argument("--scenarios", action="store_true", help="print the table of scenarios and end")
    return parser


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > HIGHEST_PORT:
        message = f"{text!r} is not a port: a number from 0 to {HIGHEST_PORT}"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def _add_accounts(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--accounts", type=_accounts, metavar="FILE", help="a JSON file of accounts that are there beside the token"
    )
    parser.add_argument(
        "--token-seconds",
        type=_life,
        default=DAY_SECONDS,
        metavar="N",
        help="real seconds that an issued token lives (default: %(default)s)",
    )
    parser.add_argument(
        "--clock-offset",
        type=_offset,
        default=0.0,
        metavar="N",
        help="seconds by which the simulator's wall clock is ahead of this machine's (default: %(default)s)",
    )


def _accounts(text: str) -> Accounts:
    try:
        return Accounts.load(text)
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{text}: {error.strerror or error}") from None
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _time_scale(text: str) -> float:
    value = _number(text)
    if not 0 < value < float("inf"):
        message = f"{text!r} is not a time scale: a number above 0"
        raise argparse.ArgumentTypeError(message)
    return value


def _life(text: str) -> float:
    value = _number(text)
    if not 0 < value <= LONGEST_SECONDS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a life: a number above 0 and up to {LONGEST_SECONDS}")
    return value


def _offset(text: str) -> float:
    value = _number(text)
    if not abs(value) <= LONGEST_SECONDS:
        raise argparse.ArgumentTypeError(f"{text!r} is not an offset: a number up to {LONGEST_SECONDS}, or below 0")
    return value


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


if __name__ == "__main__":
    sys.exit(main())
