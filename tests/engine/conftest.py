"""The language host of `make setup`, started as a process, for machines without Pulumi."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import grpc
from google.protobuf import json_format
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import LanguageRuntimeStub, language_pb2

from tests.host.conftest import PATIENCE, running_engine

LANGUAGE_HOST = Path(__file__).parents[2] / "tools" / "engine" / "language_host.py"


@contextmanager
def running_language_host(environment: Mapping[str, str]) -> Iterator[LanguageRuntimeStub]:
    """A language host with the given variables, after the host has printed the port."""
    with (
        running_engine() as (_, address),
        subprocess.Popen(
            [sys.executable, LANGUAGE_HOST, address], stdout=subprocess.PIPE, env=environment, stdin=subprocess.DEVNULL
        ) as process,
    ):
        too_late = threading.Timer(PATIENCE, process.kill)
        too_late.start()
        try:
            assert process.stdout is not None
            port = process.stdout.readline().decode().strip()
            too_late.cancel()
            assert port.isdigit(), port
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                yield LanguageRuntimeStub(channel)
        finally:
            too_late.cancel()
            process.kill()


def program_info(root: Path, options: Mapping[str, object], main: str = ".") -> language_pb2.ProgramInfo:
    """A project, as the CLI describes a project."""
    return language_pb2.ProgramInfo(
        root_directory=str(root),
        program_directory=str((root / main).resolve()),
        entry_point=".",
        options=json_format.ParseDict(dict(options), Struct()),
    )
