"""Whatever happens to a stack, no secret of a credential is shown or kept: not by commands, logs or state."""

from __future__ import annotations

import base64
import os
import signal
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest

from bms_simulator import Simulator
from tests.e2e.conftest import Stack, host_of
from tests.e2e.test_credentials import ACCOUNTS, KINDS, PROJECT, WAIT, exported

LOUD = ("-v=9", "--logtostderr", "--logflow")
WAITING = 'from pulumi_bms import JobCompletion\nJobCompletion("late", job_id="stuck")'
CRASHING = WAITING.replace("stuck", "quick") + '\nraise RuntimeError("the program has crashed")'
Until = Callable[[Callable[[], bool]], None]


def secrets_of(kind: str, simulator: Simulator) -> Iterator[str]:
    """What must not be found, in the spellings in which it might be."""
    for secret in (*KINDS[kind].secret.values(), *simulator.issued_tokens):
        encoded = base64.b64encode(secret.encode()).decode().rstrip("=")[:-1]
        yield from {secret, encoded, quote(secret, safe=""), secret.encode().hex()}


def life_of(stack: Stack, simulator: Simulator, until: Until, host: str, *flags: str) -> Iterator[str]:
    """What commands print in good and bad times: a success, a failed job, a crashed program, a killed plugin."""
    stack.program(WAIT)
    yield stack.up(*flags).ok().output
    yield stack.preview(*flags).ok().output
    yield stack.refresh(*flags).ok().output
    stack.program(WAIT.replace("quick-web", "fail-one-web"))
    yield stack.up(*flags).failed().output
    stack.program(CRASHING)
    yield stack.up(*flags).failed().output
    if host == "own":
        stack.program(WAITING)
        process = stack.start("up", "--yes", "--skip-preview", *flags)
        until(lambda: simulator.count("GET", path_contains="/jobs/stuck") > 0)
        os.kill(host_of(process), signal.SIGKILL)
        yield stack.ended(process, 120.0).failed().output


def kept(stack: Stack) -> Iterator[str]:
    """Every file of the stack: program, config, state and its history, logs."""
    for path in stack.folder.rglob("*"):
        if path.is_file():
            yield path.read_bytes().decode("latin-1")


@pytest.mark.parametrize(("kind", "host"), [*((kind, "own") for kind in KINDS), ("user", "stock")])
def test_secrets_of_the_environment(
    make_stack: Callable[..., Stack], simulator_with: Callable[..., Simulator], until: Until, kind: str, host: str
) -> None:
    """A secret of the environment is nowhere: not in the engine's fullest log, nor in a state shown with secrets."""
    simulator = simulator_with(accounts=ACCOUNTS)
    stack = make_stack()
    stack.environment |= exported(simulator, KINDS[kind])
    shown = [*life_of(stack, simulator, until, host, *LOUD)]
    shown += [stack.run("stack", "export", "--show-secrets").ok().output, *kept(stack)]
    assert any("baremetalBatchCreate" in text for text in shown)
    for secret in secrets_of(kind, simulator):
        assert [text for text in shown if secret in text] == []


@pytest.mark.parametrize(("kind", "host"), [("temporary-key", "own"), ("user", "own"), ("temporary-key", "stock")])
def test_secrets_of_the_config(
    make_stack: Callable[..., Stack], simulator_with: Callable[..., Simulator], until: Until, kind: str, host: str
) -> None:
    """A secret of the config is in no output, and only encrypted in the files of the stack."""
    simulator = simulator_with(accounts=ACCOUNTS)
    stack = make_stack()
    where = {"endpoint": simulator.endpoint, "iamEndpoint": simulator.endpoint, "projectId": PROJECT}
    stack.configure({**where, **KINDS[kind].plain}, KINDS[kind].secret)
    shown = [*life_of(stack, simulator, until, host)]
    shown += [stack.run("stack", "export").ok().output, *kept(stack)]
    assert any("secure: " in text for text in shown)
    for secret in secrets_of(kind, simulator):
        assert [text for text in shown if secret in text] == []
