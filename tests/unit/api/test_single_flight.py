"""Calls at the same time for the same value share one attempt."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from pulumi_bms.api.errors import NoAnswerError
from pulumi_bms.api.identity.single_flight import Once, SingleFlight

PATIENCE = 10.0
GRACE = 0.3


def joined_by_nine(error: Exception | None) -> tuple[list[object], int]:
    """The results of ten callers that share an attempt, and the number of attempts."""
    single_flight: SingleFlight[str] = SingleFlight()
    started_at, ready, end = threading.Event(), threading.Semaphore(0), threading.Event()
    attempts = []

    def attempt() -> str:
        attempts.append(1)
        started_at.set()
        end.wait(PATIENCE)
        if error:
            raise error
        return "brought"

    def join() -> object:
        ready.release()
        try:
            return single_flight.join(attempt)
        except NoAnswerError as caught:
            return caught

    with ThreadPoolExecutor(10) as pool:
        callers = [pool.submit(join)]
        assert started_at.wait(PATIENCE)
        assert single_flight.under_way
        callers += [pool.submit(join) for _ in range(9)]
        for _ in range(10):
            assert ready.acquire(timeout=PATIENCE)
        # Time for the last caller to join the attempt.
        time.sleep(GRACE)
        end.set()
        return [caller.result(PATIENCE) for caller in callers], len(attempts)


def test_all_get_what_one_brings() -> None:
    """Ten callers cost one attempt, and get the same result."""
    assert joined_by_nine(None) == (["brought"] * 10, 1)


def test_all_get_the_error_of_one() -> None:
    """A failed attempt fails for all callers, with a separate error for each caller."""
    results, attempts = joined_by_nine(NoAnswerError("GET x", status=503))
    assert attempts == 1
    assert {str(error) for error in results} == {"GET x: HTTP 503"}
    assert len({id(error) for error in results}) == 10


def test_the_next_one_is_a_new_attempt() -> None:
    """The result or error of an attempt is not kept for a later call."""
    single_flight: SingleFlight[int] = SingleFlight()

    def fail() -> int:
        raise NoAnswerError("GET x")

    with pytest.raises(NoAnswerError):
        single_flight.join(fail)
    assert not single_flight.under_way
    numbers = iter((1, 2))
    assert [single_flight.join(lambda: next(numbers)) for _ in range(2)] == [1, 2]


def test_a_value_is_made_once() -> None:
    """A call at the very end of the only attempt gets the same value."""
    with ThreadPoolExecutor(8) as pool:
        for _ in range(300):
            once: Once[object] = Once()
            values = list(pool.map(lambda _, once=once: once.get(object), range(16)))
            assert {id(value) for value in values} == {id(values[0])}


def test_an_error_of_the_first_call_is_not_kept() -> None:
    """An error of the first call is not kept: the next call makes the value."""
    once: Once[str] = Once()

    def fail() -> str:
        raise NoAnswerError.never_sent("GET x", "down")

    with pytest.raises(NoAnswerError):
        once.get(fail)
    assert (once.made, once.get(lambda: "made"), once.made) == (None, "made", ("made",))
