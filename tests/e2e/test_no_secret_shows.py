"""No secret of a credential is shown or kept in any case: not by commands, logs or state."""

from __future__ import annotations

import base64
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from textwrap import dedent
from urllib.parse import quote

import pytest

from bms_simulator import Simulator
from tests.e2e.conftest import Stack, host_of
from tests.e2e.test_credentials import ACCOUNTS, KINDS, PROJECT, WAIT, exported

LOUD = ("-v=9", "--logtostderr", "--logflow")
Until = Callable[[Callable[[], bool]], None]


EVERY = [secret for kind in KINDS.values() for secret in kind.secret.values()]


def spellings(secrets: Iterable[str]) -> Iterator[str]:
    """The forms in which a secret might appear."""
    for secret in secrets:
        encoded = base64.b64encode(secret.encode()).decode().rstrip("=")[:-1]
        yield from {secret, encoded, quote(secret, safe=""), secret.encode().hex()}


def life_of(stack: Stack, program: str, simulator: Simulator, until: Until, *flags: str) -> Iterator[str]:
    """The output of commands in good and bad cases: a success, a failed job, a crashed program, a killed plugin."""
    program = dedent(program)
    stack.program(program)
    yield stack.up(*flags).ok().output
    yield stack.preview(*flags).ok().output
    yield stack.refresh(*flags).ok().output
    stack.program(program.replace("quick-web", "fail-one-web"))
    yield stack.up(*flags).failed().output
    stack.program(program.replace("quick-web", "quick-two") + '\nraise RuntimeError("the program has crashed")')
    yield stack.up(*flags).failed().output
    if "pulumi_bms" in (stack.folder / "Pulumi.yaml").read_text():
        stack.program(program.replace("quick-web", "stuck"))
        orders = simulator.count("POST", path_contains="/baremetalservers")
        process = stack.start("up", "--yes", "--skip-preview", *flags)
        # The process's output is read meanwhile: a full pipe would stop the process.
        with ThreadPoolExecutor(1) as pool:
            ended = pool.submit(stack.ended, process, 120.0)
            until(lambda: simulator.count("POST", path_contains="/baremetalservers") > orders)
            os.kill(host_of(process), signal.SIGKILL)
            yield ended.result().failed().output


def kept(stack: Stack) -> Iterator[str]:
    """Every file of the stack: program, config, state with history, logs."""
    for path in stack.folder.rglob("*"):
        if path.is_file():
            yield path.read_bytes().decode("latin-1")


@pytest.mark.parametrize(("turn", "host"), [(0, "own"), (3, "stock")])
def test_secrets_of_the_environment(
    make_stack: Callable[..., Stack], simulator_with: Callable[..., Simulator], until: Until, turn: int
) -> None:
    """A secret of the environment is nowhere: not in the engine's fullest log, nor in a state shown with secrets.

    Each command signs in by a different kind of credential.
    """
    simulator = simulator_with(accounts=ACCOUNTS)
    stack = make_stack()
    kinds = cycle([*KINDS.values()][turn:] + [*KINDS.values()][:turn])
    shown, life = [], life_of(stack, WAIT, simulator, until, *LOUD)
    while True:
        stack.environment = exported(simulator, next(kinds))
        text = next(life, None)
        if text is None:
            break
        shown.append(text)
    shown += [stack.run("stack", "export", "--show-secrets").ok().output, *kept(stack)]
    assert any("baremetalBatchCreate" in text for text in shown)
    assert simulator.issued_tokens
    for text in spellings([*EVERY, *simulator.issued_tokens]):
        assert not any(text in each for each in shown), text


BY_EACH = """
    from pulumi_bms import JobCompletion, JobSubmission
    from bms_simulator import sample_order

    for profile in {profiles}:
        body = sample_order("quick-web", 1)
        order = JobSubmission(f"{{profile}}-order", path="baremetalservers", body=body, profile=profile)
        JobCompletion(f"{{profile}}-done", job_id=order.job_id, profile=profile)
"""


def test_secrets_of_the_config(
    make_stack: Callable[..., Stack], simulator_with: Callable[..., Simulator], until: Until
) -> None:
    """A secret of the config, of any kind, is in no output. The stack's files hold the secret only encrypted."""
    simulator = simulator_with(accounts=ACCOUNTS)
    stack = make_stack()
    where = {"endpoint": simulator.endpoint, "iamEndpoint": simulator.endpoint, "projectId": PROJECT}
    plain, secret = (
        {f"profiles.{name}.{key}": value for name, values in kinds.items() for key, value in values.items()}
        for kinds in (
            {name: {**where, **kind.plain} for name, kind in KINDS.items()},
            {name: kind.secret for name, kind in KINDS.items()},
        )
    )
    stack.configure(plain, secret)
    shown = [*life_of(stack, BY_EACH.format(profiles=[*KINDS]), simulator, until)]
    shown += [stack.run("stack", "export").ok().output, *kept(stack)]
    assert any("secure: " in text for text in shown)
    for text in spellings([*EVERY, *simulator.issued_tokens]):
        assert not any(text in each for each in shown), text
