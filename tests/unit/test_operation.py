"""The operation that a provider can ask for."""

from __future__ import annotations

import contextvars
from concurrent.futures import ThreadPoolExecutor

import pytest

from pulumi_bms.operation import (
    ExpectedError,
    Operation,
    PartialStateError,
    Purpose,
    current,
    running,
)


def test_on_a_host_that_says_nothing_there_is_an_operation_all_the_same() -> None:
    """It has no timeout, is no preview, keeps no partial state, is not cancelled, and reports nowhere."""
    operation = current()
    assert (operation.urn, operation.name, operation.timeout) == ("", "", None)
    assert (operation.preview, operation.purpose, operation.keeps_partial_state) == (False, Purpose.REFRESH, False)
    assert operation.inputs == {}
    assert not operation.cancelled.is_set()
    for say in (operation.report, operation.note, operation.warn):
        say("anything")
    operation.checkpoint("id", {"status": "RUNNING"}, "not over yet")
    operation.note_at_end(lambda: "anything")


def test_the_running_operation_is_current_inside_only() -> None:
    """Inside there is the innermost one, afterwards the one before, after an error too."""
    outer, inner = Operation(name="outer"), Operation(name="inner")
    before = current()
    with running(outer):
        assert current() is outer
        with running(inner):
            assert current() is inner
        assert current() is outer
        with pytest.raises(ValueError, match="broken"), running(inner):
            raise ValueError("broken")
        assert current() is outer
    assert current() is before


def test_each_thread_has_its_own_operation() -> None:
    """Calls served side by side don't see each other's; a thread is told by the context that it is given."""
    with ThreadPoolExecutor(1) as pool, running(Operation(name="mine")):
        assert pool.submit(lambda: current().name).result() == ""
        assert pool.submit(contextvars.copy_context().run, lambda: current().name).result() == "mine"


def test_each_operation_is_cancelled_by_itself() -> None:
    """Two operations share neither the event nor the inputs."""
    one, other = Operation(), Operation()
    one.cancelled.set()
    assert not other.cancelled.is_set()
    assert one.inputs is not other.inputs


def test_a_partial_state_is_an_expected_error_with_a_text() -> None:
    """A host that can't save what it carries shows the text alone."""
    error = PartialStateError("id", {"status": "FAIL"}, "job FAILED")
    assert isinstance(error, ExpectedError)
    assert (error.id, error.outputs, error.reason, str(error)) == ("id", {"status": "FAIL"}, "job FAILED", "job FAILED")
