"""The switches of the cloud: each is a point that no page of the API settles, so tests can run with every response."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

JobTypes: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """One possible cloud. Seconds are simulated ones unless a line says otherwise.

    Orders
        postpaid_accepted: False refuses on-demand servers (BMS.0020).
        most_servers: the largest `count` of one order. The pages say 24, the API definition 100.
        prepaid_answer: which ids the response to a prepaid order has.
        batch_ids_follow_names: False lists the sub-jobs of a batch against the order of the servers' names.
        balance: "low" refuses every prepaid order that pays itself (BMS.0216).

    Visibility
        listing_lag_seconds: how long a server that exists is in no list and answers 404.
        deleted_shown_seconds: how long a deleted server reads DELETED before it is gone.
        recycle_bin: True puts deleted servers into the recycle bin for that time: SHUTOFF instead of DELETED.
        gone_server: how a GET of a server that is gone is refused.
        tag_filter: how a list reads `tags=key=value`. "unknown" fits no server, "ignored" fits every server.
        name_filter: how a list compares `name`.
        vm_state_off: the vm_state of a stopped server.
        addresses_in_order: False lists the addresses of a server from the last NIC to the first.
        list_without_project: the servers of a list without `enterprise_project_id`: all, or those of project "0".

    Failed batches
        rollback_seconds: how long a server that failed is shown as ERROR before it vanishes.
        siblings: "vanish" rolls the other servers of a failed batch back too, that long after the job has failed.
        rollback_keeps_volumes: True leaves data volumes and elastic IPs of servers that vanish.

    Operations
        one_at_a_time: False lets several jobs run on one server.
        busy_code: the refusal of a job while volumes or ports of the server change.
        power_mixed: a power action on servers of which some are in the wanted state already is refused as a whole,
            or the sub-jobs of those servers fail.
        attach_status: the HTTP status of attaching and detaching.
        attach_answer: "attachment" responds to attaching with the attachment in place of a job id.
        device_as_asked: False gives each volume the next free device, whatever device the request names.
        prepaid_delete_code: the refusal to delete a prepaid server.
        delete_types, nic_types: job types that no page names, of the job and of its sub-jobs.
        nic_kept_by_default: True keeps the port of a removed NIC unless it is marked for deletion.

    Billing
        unsubscribe_lag_seconds: how long the server notices nothing of its unsubscription.
        refund_seconds: how long a failed order is "to be refunded" (2) before it is cancelled (4).

    Rate limits
        rate_limits: True refuses requests over the documented limits (429), counted per project and operation.
        rate_window_seconds: the real seconds of the sliding window that the limits are for.
        retry_after: True adds Retry-After to a 429.
    """

    postpaid_accepted: bool = True
    most_servers: int = 24
    prepaid_response: Literal["both", "order_id", "job_id"] = "both"
    batch_ids_follow_names: bool = True
    balance: Literal["enough", "low"] = "enough"

    listing_lag_seconds: float = 0.0
    deleted_shown_seconds: float = 60.0
    recycle_bin: bool = False
    gone_server: Literal["404", "400 with nova text"] = "404"
    tag_filter: Literal["exact", "unknown", "ignored"] = "exact"
    name_filter: Literal["part", "regex", "exact"] = "part"
    vm_state_off: Literal["stopped", "shutoff"] = "stopped"
    addresses_in_order: bool = True
    list_without_project: Literal["all", "default"] = "all"

    rollback_seconds: float = 10.0
    siblings: Literal["stay", "vanish"] = "stay"
    rollback_keeps_volumes: bool = False

    one_at_a_time: bool = True
    busy_code: str = "BMS.1006"
    power_mixed: Literal["refused", "sub-job fails"] = "refused"
    attach_status: Literal[200, 202] = 202
    attach_response: Literal["job_id", "attachment"] = "job_id"
    device_as_asked: bool = True
    prepaid_delete_code: str = "BMS.0018"
    delete_types: JobTypes = ("baremetalBatchDelete", "baremetalSingleDelete")
    nic_types: JobTypes = ("baremetalBatchNic", "baremetalSingleNic")
    nic_kept_by_default: bool = False

    unsubscribe_lag_seconds: float = 20.0
    refund_seconds: float = 60.0

    rate_limits: bool = False
    rate_window_seconds: float = 60.0
    retry_after: bool = False

    def __post_init__(self) -> None:
        """Refuse times that no clock can reach."""
        seconds = {name: getattr(self, name) for name in self.__slots__ if name.endswith("_seconds")}
        wrong = [name for name, value in seconds.items() if not 0 <= value < math.inf]
        if wrong:
            raise ValueError(f"{wrong[0]} must be a number of seconds from 0 on, not {seconds[wrong[0]]!r}")


DEFAULT = Behaviour()
