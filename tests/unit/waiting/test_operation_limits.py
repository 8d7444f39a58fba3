"""The rate limits of operations."""

from __future__ import annotations

from pulumi_bms.waiting.operation_limits import OperationLimits
from pulumi_bms.waiting.rate_limit import RateLimit


def test_each_operation_has_its_own_limit() -> None:
    """Requests of an operation stay 5 % below the operation's limit, and wait for no further operation."""
    limits = OperationLimits(RateLimit(60_000.0))
    assert [round(limits.reserve("create", 50, 0.0), 2) for _ in range(3)] == [0.0, 1.26, 2.53]
    assert limits.reserve("get", 1000, 0.0) < 0.1


def test_all_operations_share_one_limit() -> None:
    """Requests of all operations, with or without a separate limit, are spaced by the shared limit."""
    limits = OperationLimits(RateLimit(60.0))
    assert [round(limits.reserve(each, None, 0.0), 2) for each in ("a", "b", "a")] == [0.0, 1.0, 2.0]


def test_a_pause_is_for_one_operation() -> None:
    """After a 429 only the operation pauses, also for callers with a reserved moment."""
    limits = OperationLimits(RateLimit(60_000.0))
    limits.reserve("create", 50, 0.0)
    limits.pause("create", 10.0)
    assert (limits.paused("create", 9.0), limits.paused("create", 10.0), limits.paused("get", 9.0)) == (
        True,
        False,
        False,
    )
    assert (limits.reserve("create", 50, 1.0), round(limits.reserve("get", 1000, 1.0), 2)) == (10.0, 1.0)
