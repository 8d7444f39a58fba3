"""Run one Pulumi program, as the language host's child: the request comes by standard input."""

from __future__ import annotations

import asyncio
import logging
import os
import runpy
import signal
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

try:
    import grpc
    import pulumi
    import pulumi.runtime
    from pulumi.runtime.proto import language_pb2
except ImportError as missing:
    print(f"no Pulumi SDK in {sys.prefix} ({missing}): pip install pulumi", file=sys.stderr)
    sys.exit(1)

if TYPE_CHECKING:
    from types import TracebackType

LENGTH_BYTES: Final = 8
# A registration waits in a thread until the engine answers it; the bound keeps `--parallel` without a limit from
# starting thousands.
THREADS_PER_PARALLEL: Final = 4
MOST_THREADS: Final = 1024


def main() -> None:
    """Run the program; what it raises ends in `explain`."""
    # The CLI interrupts the program when a resource has failed; a traceback would hide the real error.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    pipe = take_standard_input()
    request = read_request(pipe)
    threading.Thread(target=die_with, args=(pipe,), daemon=True).start()
    configure(request)
    sys.excepthook = explain
    # When a resource fails the rest of the program is left unfinished, which asyncio would complain about at length.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    asyncio.run(within_stack(request))


def take_standard_input() -> BinaryIO:
    """Keep the pipe to the host, and give the program an empty standard input."""
    pipe = os.fdopen(os.dup(0), "rb")
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)
    return pipe


def read_request(pipe: BinaryIO) -> language_pb2.RunRequest:
    """One message, its length first."""
    length = int.from_bytes(pipe.read(LENGTH_BYTES), "big")
    request: language_pb2.RunRequest = language_pb2.RunRequest.FromString(pipe.read(length))
    return request


def die_with(pipe: BinaryIO) -> None:
    """End this process when the other end of the pipe is gone."""
    pipe.read()
    os._exit(1)


def configure(request: language_pb2.RunRequest) -> None:
    """Connect the SDK to the engine and hand it the stack's config."""
    pulumi.runtime.set_all_config(dict(request.config), list(request.configSecretKeys))
    pulumi.runtime.configure(
        pulumi.runtime.Settings(
            project=request.project,
            stack=request.stack,
            monitor=request.monitor_address,
            engine=request.args[0],
            parallel=request.parallel,
            dry_run=request.dryRun,
            organization=request.organization or "organization",
            root_directory=request.info.root_directory,
        )
    )


async def within_stack(request: language_pb2.RunRequest) -> None:
    """Run the program and wait for all that it has registered."""
    threads = min(max(request.parallel, 1) * THREADS_PER_PARALLEL, MOST_THREADS)
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(max_workers=threads))
    script = script_of(request.info)
    # For good, not while the script runs only: an `apply` may import later.
    sys.path.insert(0, str(script.parent))
    sys.argv = [str(script)]
    await pulumi.runtime.run_in_stack(lambda: run_script(script))


def script_of(info: language_pb2.ProgramInfo) -> Path:
    """The file to run: `main:` of Pulumi.yaml is one, or a folder that holds a __main__.py."""
    entry = Path(info.program_directory, info.entry_point)
    return entry / "__main__.py" if entry.is_dir() else entry


def run_script(script: Path) -> None:
    """Run the file as Python itself would."""
    if not script.is_file():
        raise pulumi.RunError(f"no program to run: {script} does not exist")
    runpy.run_path(str(script), run_name="__main__")


def explain(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Tell the user what ended the program, in place of Python's own traceback."""
    if isinstance(error, pulumi.RunError):
        tell(str(error))
    elif not is_engine_gone(error):
        shown = in_program(trace)
        if shown is None and not isinstance(error, SyntaxError):
            shown = trace
        tell("the program raised an exception\n" + "".join(traceback.format_exception(kind, error, shown)))


def is_engine_gone(error: BaseException) -> bool:
    """Whether the engine has ended the deployment; it tells the user why by itself."""
    return isinstance(error, grpc.Call) and error.code() is grpc.StatusCode.UNAVAILABLE


def tell(message: str) -> None:
    """Show an error on the stack's row, or on standard error when there is no engine any more."""
    try:
        pulumi.log.error(message)
    except grpc.RpcError:
        print(message, file=sys.stderr)


def in_program(trace: TracebackType | None) -> TracebackType | None:
    """The part of a traceback that starts in the program; None where it was never reached."""
    while trace and is_runner(trace.tb_frame.f_code.co_filename, trace.tb_frame.f_globals.get("__name__", "")):
        trace = trace.tb_next
    return trace


def is_runner(file: str, module: str) -> bool:
    """Whether a frame belongs to what runs a program: this file, runpy, asyncio, the SDK's runtime."""
    return file in {__file__, "<frozen runpy>"} or module.startswith(("asyncio.", "pulumi.runtime."))


if __name__ == "__main__":
    main()
