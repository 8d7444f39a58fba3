"""A stand-in for pulumi-language-python, on machines that can reach package registries only.

The CLI starts it, reads the port from its standard output, and asks it to run the program.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final

import grpc
from cli_build import VERSION
from plugins import plugins_of
from program import Program
from pulumi.runtime.proto import (
    EngineStub,
    LanguageRuntimeServicer,
    LogRequest,
    LogSeverity,
    add_LanguageRuntimeServicer_to_server,
    language_pb2,
    plugin_pb2,
)
from toolchains import Tell, Toolchain, ToolchainError, Uv, check_types, option, output, python_of, toolchain_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from google.protobuf.empty_pb2 import Empty

# As large as the engine's own: a program's config may well be over gRPC's default of 4 MiB.
MESSAGE_BYTES: Final = 400 * 1024 * 1024
PARENT_CHECK_SECONDS: Final = 1.0
GRACE_SECONDS: Final = 1.0
# A program's exit status that says: the error has been shown.
EXPLAINED: Final = 32


class LanguageHost(LanguageRuntimeServicer):
    """What the CLI asks of a language: run the program, and tell about it."""

    def __init__(self, engine_address: str) -> None:
        self._engine_address = engine_address
        self._running: set[Program] = set()
        self._stopped = False
        self._lock = threading.Lock()

    def Run(self, request: language_pb2.RunRequest, context: grpc.ServicerContext) -> language_pb2.RunResponse:
        """Run the program to its end in a child process."""
        with refusing(context):
            toolchain = toolchain_of(request.info)
            if isinstance(toolchain, Uv):
                toolchain.bring_up_to_date()
            check_types(toolchain, request.info)
            # The engine's address comes to this process alone; the request has no other use for `args`.
            request.args[:] = [self._engine_address]
            return response_to(self._run_child(toolchain, request, context))
        raise AssertionError("the call was refused")

    def _run_child(self, toolchain: Toolchain, request: language_pb2.RunRequest, context: grpc.ServicerContext) -> int:
        with self._lock:
            if self._stopped:
                raise RuntimeError("the language host is stopping")
            program = Program(toolchain, request.pwd)
            self._running.add(program)
        # Ends with the CLI: a call without a caller must not create resources.
        if not context.add_callback(program.interrupt):
            program.interrupt()
        try:
            return program.run(request.SerializeToString())
        finally:
            with self._lock:
                self._running.discard(program)

    def stop(self) -> None:
        """End the programs that still run, and start no more."""
        with self._lock:
            self._stopped = True
            running = set(self._running)
        for program in running:
            program.interrupt()
        for program in running:
            program.wait()

    def Cancel(self, request: Empty, context: grpc.ServicerContext) -> Empty:
        """Interrupt the programs that still run."""
        with self._lock:
            for program in self._running:
                program.interrupt()
        return request

    def Handshake(
        self, request: language_pb2.LanguageHandshakeRequest, context: grpc.ServicerContext
    ) -> language_pb2.LanguageHandshakeResponse:
        """Take the engine's address from here too."""
        self._engine_address = request.engine_address or self._engine_address
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        """The version is the CLI's."""
        return plugin_pb2.PluginInfo(version=VERSION)

    def GetRequiredPackages(
        self, request: language_pb2.GetRequiredPackagesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetRequiredPackagesResponse:
        """The plugins of the program's packages, which the CLI downloads; a missing environment is made first."""
        with refusing(context):
            toolchain = toolchain_of(request.info)
            toolchain.prepare(self._tell)
            packages = toolchain.packages(transitive=True)
            result = plugins_of(python_of(toolchain), Path(request.info.program_directory), packages)
            return language_pb2.GetRequiredPackagesResponse(
                packages=[
                    plugin_pb2.PackageDependency(
                        name=plugin.name, version=plugin.version, server=plugin.server, kind="resource"
                    )
                    for plugin in result
                ]
            )
        raise AssertionError("the call was refused")

    def _tell(self, text: bytes) -> None:
        with grpc.insecure_channel(self._engine_address) as channel, contextlib.suppress(grpc.RpcError):
            message = text.decode(errors="replace")
            EngineStub(channel).Log(LogRequest(severity=LogSeverity.INFO, message=message, ephemeral=True))

    def About(self, request: language_pb2.AboutRequest, context: grpc.ServicerContext) -> language_pb2.AboutResponse:
        """Tell which Python runs the program."""
        with refusing(context):
            toolchain = toolchain_of(request.info)
            python = python_of(toolchain)
            ask = "import platform, sys; print(sys.executable); print(platform.python_version())"
            executable, version = output([python, "-c", ask], Path.cwd()).splitlines()
            return language_pb2.AboutResponse(
                executable=executable,
                version=version,
                metadata={
                    "toolchain": (option(request.info, "toolchain") or "auto").capitalize(),
                    "toolchainVersion": toolchain.version(),
                    "typechecker": (option(request.info, "typechecker") or "none").capitalize(),
                },
            )
        raise AssertionError("the call was refused")

    def GetProgramDependencies(
        self, request: language_pb2.GetProgramDependenciesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetProgramDependenciesResponse:
        """List the packages of the program's environment."""
        with refusing(context):
            packages = toolchain_of(request.info).packages(transitive=request.transitiveDependencies)
            result = [language_pb2.DependencyInfo(name=package.name, version=package.version) for package in packages]
            return language_pb2.GetProgramDependenciesResponse(dependencies=result)
        raise AssertionError("the call was refused")

    def InstallDependencies(
        self, request: language_pb2.InstallDependenciesRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.InstallDependenciesResponse]:
        """Make the program's environment, and hand on what its tools print."""
        with refusing(context):
            yield language_pb2.InstallDependenciesResponse(stdout=b"Installing dependencies...\n\n")
            for line in printed(toolchain_of(request.info).install):
                yield language_pb2.InstallDependenciesResponse(stdout=line)
            yield language_pb2.InstallDependenciesResponse(stdout=b"Finished installing dependencies\n\n")

    def RuntimeOptionsPrompts(
        self, request: language_pb2.RuntimeOptionsRequest, context: grpc.ServicerContext
    ) -> language_pb2.RuntimeOptionsResponse:
        """Nothing to ask."""
        return language_pb2.RuntimeOptionsResponse()


@contextlib.contextmanager
def refusing(context: grpc.ServicerContext) -> Iterator[None]:
    """Answer an environment's error as the call's error."""
    try:
        yield
    except ToolchainError as error:
        context.abort(grpc.StatusCode.UNKNOWN, str(error))


def printed(work: Callable[[Tell], None]) -> Iterator[bytes]:
    """What the work tells, while it runs; its error comes last."""
    messages: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(work, messages.put)
        done.add_done_callback(lambda _: messages.put(None))
        while (line := messages.get()) is not None:
            yield line
        done.result()


def response_to(status: int) -> language_pb2.RunResponse:
    """What the CLI is told of a program's exit status; for one that a signal ended the status is -1."""
    if status == EXPLAINED:
        return language_pb2.RunResponse(bail=True)
    if status:
        return language_pb2.RunResponse(error=f"program exited with non-zero exit code: {max(status, -1)}")
    return language_pb2.RunResponse()


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
