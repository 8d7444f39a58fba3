"""The current operation of a provider."""

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
    """Without a host the operation has no timeout, preview, partial state or cancel, and reports have no effect."""
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
    """`current` is the innermost running operation, and the outer operation afterwards, also after an error."""
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
    """Each thread has a separate operation. A thread gets an operation only by a copied context."""
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
    """A `PartialStateError` is an `ExpectedError` with the reason as text."""
    error = PartialStateError("id", {"status": "FAIL"}, "job FAILED")
    assert isinstance(error, ExpectedError)
    assert (error.id, error.outputs, error.reason, str(error)) == ("id", {"status": "FAIL"}, "job FAILED", "job FAILED")
