"""Run one Pulumi program, as the language host's child: the request comes by standard input."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import runpy
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

# This file's folder is first: a program's `import engine` must not find a file there.
del sys.path[0]

try:
    import pulumi
    import pulumi.runtime
    from pulumi.runtime.proto import language_pb2
except ImportError:
    traceback.print_exc()
    print(f"\nThe Pulumi SDK is not installed in {sys.prefix}: run `pulumi install`.", file=sys.stderr)
    sys.exit(1)

if TYPE_CHECKING:
    from collections.abc import Callable

LENGTH_BYTES: Final = 8
THREADS_PER_PARALLEL: Final = 4
# Of the program's process: its error has been shown, the language host has nothing to add.
EXPLAINED: Final = 32


def main() -> int:
    """Run the program to its end; the exit status."""
    pipe = take_standard_input()
    request = read_request(pipe)
    threading.Thread(target=die_with, args=(pipe,), daemon=True).start()
    configure(request)
    os.chdir(request.pwd)
    sys.argv = [request.info.entry_point]
    # When a resource fails the rest of the program is left unfinished, which asyncio would complain about at length.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    entry = request.info.entry_point
    file = Path(entry, "__main__.py").resolve() if Path(entry).is_dir() else Path(entry).resolve()
    try:
        run_in_loop(lambda: run_entry(entry, file), max(request.parallel, 1) * THREADS_PER_PARALLEL)
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        return 1
    except Exception as error:  # noqa: BLE001  (whatever the program raises is shown as the program's error)
        pulumi.log.error(f"Program failed with an unhandled exception:\n{program_trace(error, file)}")
        return EXPLAINED
    return 0


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
    """Connect the SDK to the engine and hand it the stack's config, which programs started from here may read too."""
    config, secret_keys = dict(request.config), list(request.configSecretKeys)
    os.environ["PULUMI_CONFIG"] = json.dumps(config)
    os.environ["PULUMI_CONFIG_SECRET_KEYS"] = json.dumps(secret_keys)
    pulumi.runtime.set_all_config(config, secret_keys)
    pulumi.runtime.configure(
        pulumi.runtime.Settings(
            project=request.project,
            stack=request.stack,
            monitor=request.monitor_address,
            engine=request.args[0],
            parallel=request.parallel,
            dry_run=request.dryRun,
            organization=request.organization or None,
            root_directory=request.info.root_directory,
        )
    )


def run_in_loop(program: Callable[[], None], threads: int) -> None:
    """Run the program and wait for all that it has registered."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    # A registration waits in a thread until the engine answers it.
    executor = ThreadPoolExecutor(max_workers=threads)
    loop.set_default_executor(executor)
    try:
        loop.run_until_complete(pulumi.runtime.run_in_stack(program))
    finally:
        executor.shutdown(wait=True)
        loop.close()
        sys.stdout.flush()
        sys.stderr.flush()


def run_entry(entry: str, file: Path) -> None:
    """Run the program as Python itself would; its folder is on the path only meanwhile."""
    if not file.is_file():
        pulumi.log.error(f"there is no program {file}")
        sys.exit(EXPLAINED)
    runpy.run_path(entry, run_name="__main__")


def program_trace(error: Exception, file: Path) -> str:
    """The traceback from the program's own file on; the whole one where that file is not in it."""
    frames = traceback.extract_tb(error.__traceback__)
    files = [Path(frame.filename).resolve() for frame in frames]
    limit = len(files) - files.index(file) if file in files else len(files)
    return "".join(traceback.format_exception(error, limit=-limit))


if __name__ == "__main__":
    sys.exit(main())
