"""A stand-in for pulumi-language-python, on machines that can reach package registries only.

The CLI starts it, reads the port from its standard output, and asks it to run the program.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final

import grpc
from pulumi.runtime.proto import (
    LanguageRuntimeServicer,
    add_LanguageRuntimeServicer_to_server,
    language_pb2,
    plugin_pb2,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.protobuf.empty_pb2 import Empty

RUNNER: Final = Path(__file__).resolve().with_name("run_program.py")
LIST_PACKAGES: Final = """
import importlib.metadata, json
print(json.dumps({found.name: found.version for found in importlib.metadata.distributions()}))
"""
# As large as the engine's own: a program's config may well be over gRPC's default of 4 MiB.
MESSAGE_BYTES: Final = 400 * 1024 * 1024
PARENT_CHECK_SECONDS: Final = 1.0
GRACE_SECONDS: Final = 1.0


class LanguageHost(LanguageRuntimeServicer):
    """What the CLI asks of a language: run the program, and tell about it."""

    def __init__(self, engine_address: str) -> None:
        self._engine_address = engine_address
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopped = False
        self._lock = threading.Lock()

    def Run(self, request: language_pb2.RunRequest, context: grpc.ServicerContext) -> language_pb2.RunResponse:
        """Run the program to its end in a child process."""
        try:
            python = program_python(request.info)
        except FileNotFoundError as error:
            return language_pb2.RunResponse(error=str(error))
        # The engine's address comes to this process alone; the request has no other use for `args`.
        request.args[:] = [self._engine_address]
        status = self._run_child(python, request, context)
        return response_to(status)

    def _run_child(self, python: str, request: language_pb2.RunRequest, context: grpc.ServicerContext) -> int:
        with self._child(python, request.pwd) as child:
            # Gone when the CLI is: a call without a caller must not create resources.
            if not context.add_callback(child.kill):
                child.kill()
            send(child, request.SerializeToString())
            return child.wait()

    @contextlib.contextmanager
    def _child(self, python: str, folder: str) -> Iterator[subprocess.Popen[bytes]]:
        with self._lock:
            if self._stopped:
                raise RuntimeError("the language host is stopping")
            child = start(python, folder)
            self._running.add(child)
        try:
            yield child
        finally:
            child.kill()
            child.wait()
            if child.stdin:
                # A child that died early leaves unread bytes behind.
                with contextlib.suppress(BrokenPipeError):
                    child.stdin.close()
            with self._lock:
                self._running.discard(child)

    def stop(self) -> None:
        """End the programs that still run, and start no more."""
        with self._lock:
            self._stopped = True
            for child in self._running:
                child.kill()

    def Cancel(self, request: Empty, context: grpc.ServicerContext) -> Empty:
        """Accept; the CLI's interrupt, which follows, ends the program."""
        return request

    def Handshake(
        self, request: language_pb2.LanguageHandshakeRequest, context: grpc.ServicerContext
    ) -> language_pb2.LanguageHandshakeResponse:
        """Take the engine's address from here too."""
        self._engine_address = request.engine_address or self._engine_address
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        """No version: the CLI takes any."""
        return plugin_pb2.PluginInfo()

    def GetRequiredPlugins(
        self, request: language_pb2.GetRequiredPluginsRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetRequiredPluginsResponse:
        """None: the CLI gets a plugin when a resource first needs it."""
        return language_pb2.GetRequiredPluginsResponse()

    def GetRequiredPackages(
        self, request: language_pb2.GetRequiredPackagesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetRequiredPackagesResponse:
        """None: the CLI gets a plugin when a resource first needs it."""
        return language_pb2.GetRequiredPackagesResponse()

    def About(self, request: language_pb2.AboutRequest, context: grpc.ServicerContext) -> language_pb2.AboutResponse:
        """Tell which Python runs the program."""
        python = program_python(request.info)
        version = subprocess.check_output([python, "-c", "import platform; print(platform.python_version())"])
        return language_pb2.AboutResponse(executable=python, version=version.decode().strip())

    def GetProgramDependencies(
        self, request: language_pb2.GetProgramDependenciesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetProgramDependenciesResponse:
        """List the packages of the program's Python."""
        listing = subprocess.check_output([program_python(request.info), "-c", LIST_PACKAGES])
        packages = sorted(json.loads(listing).items())
        found = [language_pb2.DependencyInfo(name=name, version=version) for name, version in packages]
        return language_pb2.GetProgramDependenciesResponse(dependencies=found)

    def InstallDependencies(
        self, request: language_pb2.InstallDependenciesRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.InstallDependenciesResponse]:
        """Leave installing to the project's own commands."""
        yield language_pb2.InstallDependenciesResponse(stdout=b"Packages are installed by `make setup`.\n")

    def RuntimeOptionsPrompts(
        self, request: language_pb2.RuntimeOptionsRequest, context: grpc.ServicerContext
    ) -> language_pb2.RuntimeOptionsResponse:
        """Nothing to ask."""
        return language_pb2.RuntimeOptionsResponse()


def program_python(info: language_pb2.ProgramInfo) -> str:
    """The Python of the project's virtual environment, or else the one of this host."""
    option = info.options.fields["virtualenv"].string_value if "virtualenv" in info.options.fields else ""
    if not option:
        return sys.executable
    venv = Path(info.root_directory, option)
    python = venv / "bin" / "python"
    if not python.is_file():
        raise FileNotFoundError(
            f"no Python in {venv}, which Pulumi.yaml names as runtime.options.virtualenv: "
            "make it by `make setup` or `python3 -m venv`, and install the program's packages into it"
        )
    return str(python)


def start(python: str, folder: str) -> subprocess.Popen[bytes]:
    """Start the process that will run the program it is sent."""
    venv_bin = str(Path(python).parent)
    env = {**os.environ, "PATH": os.pathsep.join([venv_bin, os.environ.get("PATH", os.defpath)])}
    # Standard output is free again: the CLI shows what a program prints. No process group of its own:
    # the CLI ends its plugins by group.
    return subprocess.Popen([python, "-u", str(RUNNER)], cwd=folder, env=env, stdin=subprocess.PIPE)


def send(child: subprocess.Popen[bytes], request: bytes) -> None:
    """Send the request by a pipe, as config may hold secrets, and leave the pipe open as a sign of life."""
    if child.stdin is None:
        raise RuntimeError("the program's process has no pipe")
    # A child that could not start says why on standard error, and by its status.
    with contextlib.suppress(BrokenPipeError):
        child.stdin.write(len(request).to_bytes(8, "big") + request)
        child.stdin.flush()


def response_to(status: int) -> language_pb2.RunResponse:
    """What the CLI is told of an exit status; 1 has been explained to the user already."""
    if status == 0:
        return language_pb2.RunResponse()
    if status in {1, -signal.SIGINT}:
        return language_pb2.RunResponse(bail=True)
    how = f"was ended by {signal.Signals(-status).name}" if status < 0 else f"exited with status {status}"
    return language_pb2.RunResponse(error=f"the program {how}")


def serve(engine_address: str) -> None:
    """Serve until the CLI interrupts this process or is gone."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    host = LanguageHost(engine_address)
    options = [("grpc.max_receive_message_length", MESSAGE_BYTES), ("grpc.max_send_message_length", MESSAGE_BYTES)]
    server = grpc.server(ThreadPoolExecutor(max_workers=4), options=options)
    add_LanguageRuntimeServicer_to_server(host, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    parent = os.getppid()
    while not stopped.wait(PARENT_CHECK_SECONDS) and os.getppid() == parent:
        pass
    host.stop()
    server.stop(GRACE_SECONDS).wait()


if __name__ == "__main__":
    serve(sys.argv[-1])
