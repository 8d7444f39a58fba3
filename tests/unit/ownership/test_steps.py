"""Locks of servers, and the common parts of a step of all job resources."""

from __future__ import annotations

import threading
import time

import pytest

from pulumi_bms.api.errors import ApiError, NoAnswerError, RefusedError
from pulumi_bms.lifecycle.connection import connect
from pulumi_bms.lifecycle.job_resource import Kept, Step
from pulumi_bms.lifecycle.server_locks import ServerLocks
from pulumi_bms.operation import ExpectedError, Operation, PartialStateError

SETTINGS = {"bms:endpoint": "http://127.0.0.1:1", "bms:projectId": "p", "bms:token": "t"}


def step(operation: Operation | None = None, timeout: float = 5.0) -> Step:
    """A step without requests."""
    kept = Kept(operation or Operation(keeps_partial_state=True), "id", {"old": 1})
    return Step(connect({}, SETTINGS.get, {}), kept, time.monotonic() + timeout)


def test_steps_on_one_server_wait_for_each_other() -> None:
    """Two steps with the same servers in different order never run at the same time, and never deadlock."""
    locks, inside, most = ServerLocks(), [], []

    def work(server_ids: list[str]) -> None:
        for _ in range(20):
            with locks.hold(server_ids, Operation()):
                inside.append(1)
                most.append(len(inside))
                inside.pop()

    threads = [threading.Thread(target=work, args=(ids,)) for ids in (["a", "b"], ["b", "a"], ["a", "a"])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert (max(most), len(most)) == (1, 60)


def test_steps_on_other_servers_do_not_wait() -> None:
    """Steps on different servers do not wait."""
    locks = ServerLocks()
    with locks.hold(["a"], Operation()), locks.hold(["b"], Operation()):
        pass


def test_a_cancel_ends_the_wait_for_a_lock() -> None:
    """The error of a cancelled wait names the server, and all held locks are released."""
    locks, operation = ServerLocks(), Operation()
    operation.cancelled.set()
    with (
        locks.hold(["b"], Operation()),
        pytest.raises(ExpectedError, match="server b"),
        locks.hold(["a", "b"], operation),
    ):
        pass
    with locks.hold(["a", "b"], operation):
        pass


def test_an_error_before_a_checkpoint_leaves_no_state() -> None:
    """An error before the first checkpoint leaves no state."""
    with pytest.raises(ExpectedError) as caught, step().explained():
        raise RefusedError("GET x", status=403)
    assert not isinstance(caught.value, PartialStateError)


def test_an_error_after_a_checkpoint_keeps_the_state() -> None:
    """State reported by a checkpoint stays after any later error."""
    one = step()
    one.kept.keep(server_ids=["red"])
    with pytest.raises(PartialStateError) as caught, one.explained():
        raise RefusedError("GET x", status=403)
    assert caught.value.outputs == {"old": 1, "server_ids": ["red"]}


def test_polls_tolerate_missing_responses_alone() -> None:
    """A missing response is polled again, and a refusal ends the step."""
    errors: list[ApiError] = [NoAnswerError("GET x"), NoAnswerError("GET x", status=503)]

    def poll() -> str | None:
        if errors:
            raise errors.pop()
        return "value"

    assert step().until(poll) == "value"
    errors.append(RefusedError("GET x", status=403))
    with pytest.raises(RefusedError):
        step().until(poll)


@pytest.mark.parametrize("timeout", [None, 0.1])
def test_polls_end_at_the_timeout_or_the_deadline(timeout: float | None) -> None:
    """A poll without a value in time returns None."""
    assert step(timeout=0.2).until(lambda: None, timeout) is None


def test_polls_end_at_a_cancel_with_the_state() -> None:
    """A cancel ends the pause between polls at once, with the state."""
    operation = Operation(keeps_partial_state=True)
    threading.Timer(0.1, operation.cancelled.set).start()
    began_at = time.monotonic()
    with pytest.raises(PartialStateError, match="interrupted"):
        step(operation, timeout=60.0).until(lambda: None)
    assert time.monotonic() - began_at < 5.0
