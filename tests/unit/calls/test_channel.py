"""Common parts of all typed calls: the table of operations, rate limits, deadlines, cancellation."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from bms_simulator import Response
from pulumi_bms.api import error_codes, operations
from pulumi_bms.api.channel import Channel
from pulumi_bms.api.errors import ApiError, NoAnswerError, RefusedError
from pulumi_bms.api.flavors import FlavorApi
from pulumi_bms.api.identity.key_owner import UserApi
from pulumi_bms.api.operation_codes import MEANINGS
from pulumi_bms.api.orders import OrderApi
from pulumi_bms.api.ports import PortApi
from pulumi_bms.api.power import PowerApi
from pulumi_bms.api.quotas import QuotaApi
from pulumi_bms.api.server_properties import ServerPropertyApi
from pulumi_bms.api.servers import ServerApi
from pulumi_bms.api.volumes import VolumeApi

if TYPE_CHECKING:
    from tests.unit.calls.conftest import Bench

APIS = (FlavorApi, OrderApi, PortApi, PowerApi, QuotaApi, ServerApi, ServerPropertyApi, UserApi, VolumeApi)
CALLS = [
    pytest.param(call, id=f"{api.__name__}.{name}")
    for api in APIS
    for name, call in vars(api).items()
    if callable(call) and not name.startswith("_")
]
LINE = re.compile(r"(GET|POST|PUT|DELETE) (/\S+) \((?:(\d+) a minute|no limit)")


@pytest.mark.parametrize("call", CALLS)
def test_each_docstring_begins_with_what_is_sent(call: Callable[..., object]) -> None:
    """A docstring begins with the method, path and limit of the table."""
    result = LINE.match(call.__doc__ or "")
    assert result, call.__doc__
    method, path, limit = result.groups()
    documented = {(each.method, each.path): each.per_minute for each in operations.OPERATIONS}
    assert documented[method, path] == (int(limit) if limit else None)


def test_the_table_of_operations() -> None:
    """The table has each operation once, and an id stays a single part of the path."""
    every = [each for each in vars(operations).values() if isinstance(each, operations.Operation)]
    assert sorted(each.name for each in every) == sorted({each.name for each in operations.OPERATIONS})
    assert (
        operations.GET_SERVER.address(project_id="p", server_id="a/../b?c") == "/v1/p/baremetalservers/a%2F..%2Fb%3Fc"
    )


def test_the_table_of_codes() -> None:
    """Every code of the table is a code of the vendor's pages, in the spelling of the table of codes."""
    assert {code for _, code in MEANINGS} <= error_codes.CODES.keys()
    assert {name for name, _ in MEANINGS} <= {each.name for each in operations.OPERATIONS}


class Noting:
    """A pace that records the reserved moments."""

    def __init__(self, wait: float = 0.0) -> None:
        self.wait = wait
        self.reserved: list[tuple[str, float | None]] = []
        self.pauses: list[str] = []

    def reserve(self, operation: str, per_minute: float | None, now: float) -> float:
        self.reserved.append((operation, per_minute))
        return now + self.wait

    def pause(self, operation: str, until: float) -> None:
        del until
        self.pauses.append(operation)

    def paused(self, operation: str, now: float) -> bool:
        """True once: the caller reserves a second moment."""
        del now
        return len([each for each, _ in self.reserved if each == operation]) < 2


def paced(bench: Bench, pace: Noting, **within: Any) -> ServerApi:
    channel = Channel(bench.transport, bench.channel.project, pace)
    return ServerApi(channel.within(**within))


def test_requests_wait_for_the_rate_limit(bench: Bench) -> None:
    """Each request reserves a moment in the operation's rate limit, and reserves again after a pause."""
    pace = Noting()
    paced(bench, pace).list()
    assert pace.reserved == [("list servers", 1000)] * 2
    assert bench.sim.count() == 1


@pytest.mark.parametrize("within", [{"timeout": 5.0}, {"unwanted": lambda: True}], ids=["deadline", "cancelled"])
def test_no_room_in_the_rate_limit(within: dict[str, Any], bench: Bench) -> None:
    """A request beyond the deadline, or cancelled during the wait, is never sent."""
    calls: tuple[Callable[[ServerApi], object], ...] = (ServerApi.list, lambda api: api.create(bench.order()))
    for call in calls:
        with pytest.raises(NoAnswerError) as caught:
            call(paced(bench, Noting(wait=3600.0), **within))
        assert caught.value.sent is False
    assert bench.sim.requests == []


def test_the_last_moment_before_a_change(bench: Bench) -> None:
    """`may_send` gets each change just before the sending, and can refuse. Reads are sent without a question."""
    messages: list[str] = []

    def may_send(request: str) -> bool:
        messages.append(request)
        return False

    api = ServerApi(bench.channel.within(may_send=may_send))
    with pytest.raises(NoAnswerError) as caught:
        api.create(bench.order())
    api.list()
    assert (caught.value.sent, bench.sim.count("POST")) == (False, 0)
    assert messages == [f"POST {bench.sim.url}/baremetalservers"]


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (Response(429, {"error_code": "APIGW.0308", "error_msg": "x"}), NoAnswerError),
        (Response(503, {"error_code": "APIGW.0613", "error_msg": "x"}, {"Retry-After": "3"}), NoAnswerError),
        (Response(403, {"error": {"code": "BMS.0033", "message": "x"}}), None),
    ],
)
def test_an_operation_pauses(response: Response, kind: type[ApiError] | None, bench: Bench) -> None:
    """After a 429 or a `Retry-After`, only the operation of the request pauses."""
    bench.sim.spoil_next(response, method="GET")
    pace = Noting()
    with pytest.raises(kind or RefusedError):
        paced(bench, pace).list()
    assert pace.pauses == (["list servers"] if kind else [])
