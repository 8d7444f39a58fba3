"""The texts about orders of `Servers`. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from pulumi_bms.api.errors import ApiError
from pulumi_bms.api.models.order import Order
from pulumi_bms.api.models.server import Server
from pulumi_bms.api.server_state import state_of
from pulumi_bms.lifecycle.record import Record
from pulumi_bms.resources.servers_body import OUR_TAG

NO_RESPONSE = "the run ended before a response arrived"


def going_on(record: Record) -> str:
    """The warning of a run that goes on with a known job or order."""
    named = f"job {record.job_id}" if record.job_id else f"order {record.order_id}"
    return (
        f"an earlier run, which did not end well, sent {record.request} at {record.sent_at}: its {named} is taken "
        "before anything is ordered"
    )


def searching(record: Record) -> str:
    """The warning of a run that searches for the servers of a lost order."""
    return f"an earlier run sent {record.request} at {record.sent_at} without a response: its servers are searched for"


def left_behind(record: Record) -> str:
    """The warning about an order of the same resource with other inputs."""
    job = f", started job {record.job_id}" if record.job_id else ""
    return (
        f"an earlier order of this resource with other inputs is left behind: {record.request}, sent at "
        f"{record.sent_at}{job}; servers of the order may exist and be billed, with a tag {OUR_TAG}=ordered...; check "
        f"and delete the servers, then delete the record {record.path}"
    )


def response_lost(error: ApiError) -> str:
    """The warning about a lost response."""
    return f"the response to the order was lost, so the servers are searched for: {error}"


def lost(request: str, since: str, tag: str, seconds: float) -> str:
    """The error of an order whose servers were never found."""
    return "\n".join(
        (
            f"{request} was sent at {since}, and no response arrived.",
            f"No server with the tag {OUR_TAG}={tag} appeared in {seconds:.0f} s.",
            "Check the cloud's console (servers, orders).",
            "The next `pulumi up` searches once more, and orders anew if there is still no server.",
        )
    )


def no_servers(job_id: str) -> str:
    """The lines after a job without known servers."""
    return (
        f"No server of job {job_id} was found. Check the cloud's console (servers, orders).\n"
        "The next `pulumi up` searches once more, and orders anew if there is still no server."
    )


def finished(server_ids: Sequence[str]) -> str:
    """The refusal to order beside the servers of a finished resource."""
    return "\n".join(
        (
            f"servers of a finished resource with the same inputs exist: {', '.join(server_ids)}",
            "Nothing was ordered. The ways on:",
            "- to replace the servers on purpose, change `triggers`,",
            f'- if the state was lost, import the servers: opts=ResourceOptions(import_="{",".join(server_ids)}"),',
            "- else delete the servers in the cloud's console.",
        )
    )


def other_orders(orders: Sequence[Order], record: Record | None) -> str:
    """The refusal to order beside open orders."""
    rest = f", and delete the record {record.path}" if record else ""
    return (
        "nothing was ordered: the response to an earlier order was lost, and open orders exist since.\n"
        f"The orders: {', '.join(order.order_id for order in orders)}\n"
        "Check the orders in the console. Wait for the end of the lost order, and run `pulumi up`. If no order is the "
        f"lost order, pay or cancel the orders{rest}"
    )


def short(expected: int, missing: int) -> str:
    """The error of an adopted order with too few servers."""
    return f"an earlier order brought {expected - missing} of {expected} servers: run `pulumi up` to order the rest"


def unneeded(server_ids: Sequence[str]) -> str:
    """The warning about servers of an earlier order that no slot waits for."""
    return (
        f"an earlier order has more servers than `count`: {', '.join(server_ids)} exist and are billed. "
        "`pulumi destroy` deletes the servers"
    )


def failed(text: str, survivors: Sequence[Server]) -> str:
    """The error of a failed order, with the servers that are left."""
    left = [f"server {server.id} ({state_of(server)}) exists and is billed" for server in survivors]
    if not left:
        return f"{text}\nNo server of the order is left. The next `pulumi up` orders again"
    return "\n".join([text, *left, "`pulumi up` orders the missing servers, and `pulumi destroy` deletes all"])
