"""The provider of `Servers`: order, change, refresh, import, delete."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pulumi.dynamic import CheckResult, CreateResult, DiffResult, ReadResult, UpdateResult

from pulumi_bms.lifecycle import input_checks
from pulumi_bms.lifecycle.backend import backend_of
from pulumi_bms.lifecycle.job_resource import Kept, Step, pending_job_of
from pulumi_bms.lifecycle.orderer import ORDERED_BY
from pulumi_bms.lifecycle.provider import ONCE, BmsProvider, tell, tell_of_stock_host
from pulumi_bms.lifecycle.record import Order as RecordedOrder
from pulumi_bms.lifecycle.record import RecordError, Records, orders_folder
from pulumi_bms.operation import ExpectedError, Purpose, current
from pulumi_bms.resources.servers_changes import Changes, changes, effects
from pulumi_bms.resources.servers_consequences import consequences
from pulumi_bms.resources.servers_deleting import Deleting
from pulumi_bms.resources.servers_inputs import problems, warnings
from pulumi_bms.resources.servers_marker import is_marker, marker_of, replacing_inputs
from pulumi_bms.resources.servers_ordering import PENDING_ORDER, Ordering
from pulumi_bms.resources.servers_outputs import (
    EMPTY,
    INPUTS,
    count_of,
    documents,
    drifted,
    slots_of,
    stored_inputs,
    survivors_of,
    unfinished_of,
)
from pulumi_bms.resources.servers_updating import Updating

_IN_PLACE = ("name", "tags", "metadata", "agency_name", "auto_renew")


class ServersProvider(BmsProvider):
    """Serves `Servers`."""

    resource_name = "Servers"

    def check(self, olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Check the inputs, offline. Fills in no defaults."""
        broken = problems(news, ordering=_orders(olds, news))
        for warning in warnings(news):
            if ONCE.first(f"{current().urn} {warning}"):
                tell(current(), str(warning))
        return input_checks.result(news, [*map(str, broken), *self.connection_problems(news)])

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """Compare with the stored inputs. Unfinished work and empty slots are changes, too.

        Says in words what is ordered, deleted, wiped and charged.
        """
        _forget(olds)
        change = changes(olds, news, [slot for slot, server_id in enumerate(slots_of(olds)) if server_id == EMPTY])
        current().explain(effects(change, olds, news))
        for line in consequences(change, olds, news):
            if ONCE.first(f"{current().urn} {line}"):
                tell(current(), line)
        if change.replacing:
            return DiffResult(changes=None, replaces=list(change.replacing))
        return DiffResult(changes=bool(change) or _is_unfinished(olds) or len(slots_of(olds)) != count_of(news))

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Order the servers, and wait. A preview sends nothing."""
        if current().preview:
            return CreateResult("", _known_in_preview(props))
        marker = marker_of(props)
        nothing = {"job_id": None, "order_id": None, "server_ids": [EMPTY] * count_of(props)}
        kept = Kept(current(), marker, {**stored_inputs(props), **nothing})
        step = self._step(kept, props)
        with step.explained():
            self._fill(step, props, marker, is_first=True)
            outputs = step.done(**Updating(step, props).read_back())
        return CreateResult(marker, outputs)

    def update(self, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """Finish unfinished work, then change in place: fewer servers, properties, more servers."""
        if current().preview:
            return UpdateResult(_after_update(olds, news))
        _forget(olds)
        marker = id_ if is_marker(id_) else marker_of(news)
        kept = Kept(current(), id_, dict(olds))
        step = self._step(kept, news)
        with step.explained():
            self._resume(step, news, marker)
            self._shrink(step, news)
            self._change(step, olds, news)
            kept.keep(server_ids=[*slots_of(kept.outputs), *[EMPTY] * (count_of(news) - len(slots_of(kept.outputs)))])
            self._fill(step, news, marker, is_first=not any(slots_of(olds)))
            kept.outputs.update(stored_inputs(news))
            outputs = step.done(**Updating(step, news).read_back())
        return UpdateResult(_without_dropped(outputs, news))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Read the servers. A slot whose server is gone becomes empty, and the next `up` fills the slot.

        An import takes the server ids, joined by commas.
        """
        operation = current()
        if operation.purpose is not Purpose.REFRESH:
            return self._import(id_, props)
        _forget(props)
        step = self._step(Kept(operation, id_, dict(props)), {**props, **operation.inputs})
        with step.explained():
            servers = [Updating(step, props).server(server_id) for server_id in slots_of(props)]
        if not any(servers) and not _is_unfinished(props) and not survivors_of(props):
            return ReadResult("", {})
        outputs = {**props, **documents(servers), **drifted(props, [server for server in servers if server])}
        if operation.keeps_partial_state and _is_unfinished(props):
            step.kept.outputs = outputs
            raise step.kept.failure("the order is not finished: run `pulumi up` to go on")
        return ReadResult(id_, outputs)

    def delete(self, id_: str, props: dict[str, Any]) -> None:
        """Delete all servers of the resource: in slots, of a failed order, and of an unfinished order."""
        _forget(props)
        operation = current()
        inputs = {**props, **operation.inputs}
        step = self._step(Kept(operation, id_, dict(props)), inputs)
        with step.explained():
            self._resume(step, inputs, id_ if is_marker(id_) else marker_of(inputs))
            owned = [each for each in slots_of(step.kept.outputs) if each != EMPTY]
            Deleting(step, inputs).delete([*owned, *survivors_of(step.kept.outputs)])

    def _step(self, kept: Kept, inputs: Mapping[str, Any]) -> Step:
        tell_of_stock_host(kept.operation)
        return Step.begin(self.connection(inputs), kept, inputs)

    def _ordering(self, step: Step, inputs: Mapping[str, Any], marker: str) -> Ordering:
        return Ordering(step, inputs, marker, _records(), _recorded(inputs, slots_of(step.kept.outputs)))

    def _fill(self, step: Step, inputs: Mapping[str, Any], marker: str, *, is_first: bool) -> None:
        """Fill the empty slots, and complete all servers that are new."""
        self._ordering(step, inputs, marker).fill(is_first=is_first)
        Updating(step, inputs).complete_order(marker)

    def _resume(self, step: Step, inputs: Mapping[str, Any], marker: str) -> None:
        """Wait for the unfinished order of an earlier run."""
        if pending_job_of(step.kept.outputs) or step.kept.outputs.get(PENDING_ORDER):
            self._ordering(step, inputs, marker).resume()

    def _shrink(self, step: Step, news: Mapping[str, Any]) -> None:
        slots, count = slots_of(step.kept.outputs), count_of(news)
        if count < len(slots):
            deleting = Deleting(step, {**step.kept.outputs, **news})
            deleting.delete([each for each in slots[count:] if each != EMPTY])
            step.kept.keep(server_ids=slots[:count])

    def _change(self, step: Step, olds: Mapping[str, Any], news: Mapping[str, Any]) -> None:
        """Change the properties of the existing servers that differ from the stored inputs."""
        change: Changes = changes(olds, news)
        existing = {slot: each for slot, each in enumerate(slots_of(step.kept.outputs)) if each != EMPTY}
        ids, updating = list(existing.values()), Updating(step, news)
        if "name" in change.in_place:
            updating.rename(existing, count_of(news))
        if "tags" in change.in_place:
            updating.retag(ids)
        if "metadata" in change.in_place or "agency_name" in change.in_place:
            updating.remember(ids, olds)
        if "auto_renew" in change.in_place and news.get("charging_mode") == "prePaid":
            updating.renew(ids)
        step.kept.keep(**{name: news.get(name) for name in _IN_PLACE if name in change.in_place})

    def _import(self, id_: str, inputs: dict[str, Any]) -> ReadResult:
        """Take over existing servers, in the order of the ids."""
        operation = current()
        server_ids = [part.strip() for part in id_.split(",") if part.strip()]
        if len(server_ids) != count_of(inputs):
            raise ExpectedError(
                f"import_ has {len(server_ids)} ids, and count is {count_of(inputs)}: write the same number"
            )
        step = self._step(Kept(operation, id_), inputs)
        with step.explained():
            servers = [Updating(step, inputs).server(server_id) for server_id in server_ids]
        missing = [server_id for server_id, server in zip(server_ids, servers, strict=True) if server is None]
        if missing:
            raise ExpectedError(f"these servers do not exist: {', '.join(missing)}; check ids, region and project")
        actual = drifted(stored_inputs(inputs), [server for server in servers if server])
        stored = {**stored_inputs(inputs), **actual, "surviving_server_ids": []}
        return ReadResult(id_, {**stored, **documents(servers), "job_id": None, "order_id": None})


def _is_unfinished(outputs: Mapping[str, Any]) -> bool:
    return bool(pending_job_of(outputs) or outputs.get(PENDING_ORDER) or unfinished_of(outputs))


def _known_in_preview(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in stored_inputs(inputs).items() if not input_checks.is_unknown(value)}


def _after_update(olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs known in a preview of an update: the ids stay known if no server comes or goes."""
    known = _known_in_preview(news)
    is_stable = len(slots_of(olds)) == count_of(news) and EMPTY not in slots_of(olds) and not pending_job_of(olds)
    return {**known, "server_ids": olds["server_ids"]} if is_stable else known


def _without_dropped(outputs: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs without inputs that the program no longer has."""
    kept = stored_inputs(news)
    return {name: value for name, value in outputs.items() if name not in _STORED or name in kept}


_STORED = frozenset(INPUTS)


def _orders(olds: Mapping[str, Any], news: Mapping[str, Any]) -> bool:
    """Whether the inputs order servers: the first servers, or more servers."""
    before, now = olds.get("count", 1), news.get("count", 1)
    known = isinstance(before, int | float) and isinstance(now, int | float)
    return not olds or not known or now > before


def _records() -> Records:
    try:
        return Records(orders_folder(os.environ))
    except RecordError as error:
        raise ExpectedError(str(error)) from None


def _recorded(inputs: Mapping[str, Any], slots: list[str]) -> RecordedOrder:
    """The order as the record knows the order: who orders, with what inputs, beside which servers."""
    beside = sorted(each for each in slots if each != EMPTY)
    text = json.dumps([replacing_inputs(inputs), beside, len(slots)], sort_keys=True, default=str)
    orderer = str(inputs.get(ORDERED_BY) or current().urn or "a resource without a name")
    return RecordedOrder(orderer, text, backend_of(os.environ, Path.cwd()))


def _forget(outputs: Mapping[str, Any]) -> None:
    """Remove the record of an order in the state."""
    job_id, order_id = outputs.get("job_id"), outputs.get("order_id")
    # An unfinished order of the state may be without a job: then the order is known by its own id.
    if job_id or order_id:
        _records().settle(job_id=job_id, order_id=order_id)
