"""The provider of `Servers`: order, change, refresh, import, delete."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from pulumi.dynamic import CheckResult, CreateResult, DiffResult, ReadResult, UpdateResult

from pulumi_bms.lifecycle import input_checks
from pulumi_bms.lifecycle.job_resource import CHANGE, Kept, Step, pending_job_of
from pulumi_bms.lifecycle.once import ONCE
from pulumi_bms.lifecycle.provider import BmsProvider, tell, tell_of_stock_host
from pulumi_bms.lifecycle.record import utc_now
from pulumi_bms.operation import ExpectedError, Operation, Purpose, current
from pulumi_bms.resources.servers_changes import LOCAL, changes, effects, installs, is_taken
from pulumi_bms.resources.servers_consequences import consequences, of_new
from pulumi_bms.resources.servers_deleting import Deleting
from pulumi_bms.resources.servers_finding import Finding
from pulumi_bms.resources.servers_in_place import InPlace
from pulumi_bms.resources.servers_inputs import problems, warnings
from pulumi_bms.resources.servers_installing import INSTALLING, forget_installed, outdated
from pulumi_bms.resources.servers_marker import is_marker, marker_of
from pulumi_bms.resources.servers_memory import ADOPTED, Memory, forget_saved
from pulumi_bms.resources.servers_ordering import Ordering
from pulumi_bms.resources.servers_outputs import (
    EMPTY,
    INPUTS,
    LOST_ORDER,
    PENDING_ORDER,
    count_of,
    documents,
    drifted,
    slots_of,
    stored_inputs,
    survivors_of,
    unfinished_of,
)
from pulumi_bms.resources.servers_power import power_drift, stopped_of
from pulumi_bms.resources.servers_reading import Reading, differences, remarks
from pulumi_bms.resources.servers_times import TIMES, Times
from pulumi_bms.resources.servers_updating import Updating


class ServersProvider(BmsProvider):
    """Serves `Servers`."""

    resource_name = "Servers"

    def __init__(self, times: Times = TIMES) -> None:
        """Serve with these waits. Tests have shorter waits."""
        super().__init__()
        self._times = times

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
        _forget_records(current(), news, olds)
        change = changes(olds, news, [slot for slot, server_id in enumerate(slots_of(olds)) if server_id == EMPTY])
        current().explain(effects(change, olds, news))
        _say(consequences(change, olds, news))
        if change.replacing:
            first = is_taken(olds, news)
            return DiffResult(changes=None, replaces=list(change.replacing), delete_before_replace=first)
        work_is_left = (
            _is_unfinished(olds)
            or len(slots_of(olds)) != count_of(news)
            or _is_outdated(olds, news)
            or bool(stopped_of(olds))
            or Memory.of(current(), news, slots_of(olds)).is_left()
        )
        return DiffResult(changes=bool(change) or work_is_left)

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Order the servers, and wait. A preview sends nothing."""
        if current().preview:
            _say(of_new(props))
            return CreateResult("", _known_in_preview(props))
        marker = marker_of(props)
        nothing = {"job_id": None, "order_id": None, "server_ids": [EMPTY] * count_of(props)}
        step = self._step(Kept(current(), marker, {**stored_inputs(props), **nothing}), props)
        with step.explained(keeps_all=True):
            self._fill(step, props, marker, is_first=True)
            InPlace(step, props, props, self._times).power()
            outputs = step.done(**Updating(step, props).read_back())
        # At the end of the run the engine has saved the resource. The text of the note is empty, so no note shows.
        step.operation.note_at_end(partial(_forget_records, step.operation, props, outputs))
        return CreateResult(marker, outputs)

    def update(self, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """Finish unfinished work, then change in place: fewer servers, properties, more servers."""
        if current().preview:
            return UpdateResult(_after_update(olds, news))
        forget_saved(olds)
        marker = id_ if is_marker(id_) else marker_of(news)
        step = self._step(Kept(current(), id_, {**olds, **{name: news.get(name) for name in LOCAL}}), news)
        with step.explained(keeps_all=True):
            self._ordering(step, news, marker).resume()
            self._shrink(step, news)
            InPlace(step, olds, news, self._times).change()
            self._grow(step, news, marker, is_first=not any(slots_of(olds)))
            step.kept.outputs.update(stored_inputs(news))
            InPlace(step, news, news, self._times).power()
            outputs = _without_dropped(step.done(**Updating(step, news).read_back()), news)
        # At the end of the run the engine has saved the change. The text of the note is empty, so no note shows.
        step.operation.note_at_end(partial(_forget_records, step.operation, news, outputs))
        return UpdateResult(outputs)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Read the servers. A slot whose server is gone becomes empty, and the next `up` fills the slot.

        An import takes the server ids, joined by commas.
        """
        operation = current()
        if operation.purpose is not Purpose.REFRESH:
            return self._import(id_, props)
        forget_saved(props)
        step = self._step(Kept(operation, id_, dict(props)), {**props, **operation.inputs})
        with step.explained():
            servers = [Reading(step).server(server_id) for server_id in slots_of(props)]
            survivors = [server.id for server in Reading(step).existing(survivors_of(props))]
        if not any(servers) and not _is_unfinished(props) and not survivors:
            return ReadResult("", {})
        present = [server for server in servers if server]
        actual = {**drifted(props, present), **power_drift(props, present)}
        outputs = {**props, **documents(servers), **actual, "surviving_server_ids": survivors}
        if len(unfinished_of(outputs)) < len(unfinished_of(props)) and not outputs.get(LOST_ORDER):
            # A new server may show later: the next run searches by the tag before it orders.
            outputs[LOST_ORDER] = utc_now()
        if operation.keeps_partial_state and _is_unfinished(props):
            step.kept.outputs = outputs
            raise step.kept.failure("the order is not finished: run `pulumi up` to go on")
        return ReadResult(id_, outputs)

    def delete(self, id_: str, props: dict[str, Any]) -> None:
        """Delete all servers of the resource: in slots, of a failed order, and of an unfinished order."""
        forget_saved(props)
        operation = current()
        inputs = {**props, **operation.inputs}
        step = self._step(Kept(operation, id_, dict(props)), inputs)
        with step.explained():
            ordering = self._ordering(step, inputs, id_ if is_marker(id_) else marker_of(inputs))
            ordering.end()
            owned = [*slots_of(step.kept.outputs), *survivors_of(step.kept.outputs)]
            adopted = [each for each in owned if each in ADOPTED]
            if adopted:
                tell(operation, f"not deleted, because this run has adopted the servers: {', '.join(adopted)}")
            deleting = Deleting(step, inputs, self._times)
            deleting.delete([each for each in owned if each != EMPTY and each not in adopted])
        ordering.memory.forget_same()

    def _step(self, kept: Kept, inputs: Mapping[str, Any]) -> Step:
        tell_of_stock_host(kept.operation)
        return Step.begin(self.connection(inputs), kept, inputs, self._times.busy)

    def _ordering(self, step: Step, inputs: Mapping[str, Any], marker: str, *, takes_owned: bool = False) -> Ordering:
        memory = Memory.of(step.operation, inputs, slots_of(step.kept.outputs))
        return Ordering(step, inputs, Finding(step, inputs, marker, self._times, takes_owned), memory)

    def _fill(self, step: Step, inputs: Mapping[str, Any], marker: str, *, is_first: bool) -> None:
        """Fill the empty slots, and complete all servers that are new."""
        self._ordering(step, inputs, marker, takes_owned=not is_first).fill(is_first=is_first)
        Updating(step, inputs, self._times).complete_order(marker)

    def _grow(self, step: Step, news: Mapping[str, Any], marker: str, *, is_first: bool) -> None:
        """Add slots, and fill all empty slots."""
        slots = slots_of(step.kept.outputs)
        step.kept.outputs["server_ids"] = [*slots, *[EMPTY] * (count_of(news) - len(slots))]
        self._fill(step, news, marker, is_first=is_first)

    def _shrink(self, step: Step, news: Mapping[str, Any]) -> None:
        slots, count = slots_of(step.kept.outputs), count_of(news)
        if count < len(slots):
            deleting = Deleting(step, step.kept.outputs, self._times)
            deleting.delete([each for each in slots[count:] if each != EMPTY])
            step.kept.keep(server_ids=slots[:count])

    def _import(self, id_: str, inputs: dict[str, Any]) -> ReadResult:
        """Take over existing servers, in the order of the ids."""
        server_ids = list(dict.fromkeys(part.strip() for part in id_.split(",") if part.strip()))
        if len(server_ids) != count_of(inputs):
            raise ExpectedError(
                f"import_ has {len(server_ids)} different ids, and count is {count_of(inputs)}: write the same number"
            )
        operation = current()
        step = self._step(Kept(operation, id_), inputs)
        with step.explained():
            servers = Reading(step).existing(server_ids)
        missing = sorted(set(server_ids) - {server.id for server in servers})
        if missing:
            raise ExpectedError(f"these servers do not exist: {', '.join(missing)}; check ids, region and project")
        if lines := differences(inputs, servers):
            raise ExpectedError("\n".join([*lines, "Nothing was imported: write the values of the servers"]))
        stored = stored_inputs(inputs)
        actual = drifted(stored, servers)
        for line in remarks(inputs, actual, servers):
            tell(operation, line)
        actual.pop("name", None)
        rest: dict[str, Any] = {"surviving_server_ids": [], "job_id": None, "order_id": None}
        return ReadResult(id_, {**stored, **actual, **documents(servers), **rest})


def _say(lines: list[str]) -> None:
    for line in lines:
        if ONCE.first(f"{current().urn} {line}"):
            tell(current(), line)


def _forget_records(operation: Operation, inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> str:
    """Remove the records of what the engine has saved. Returns an empty note for the end of the run."""
    forget_saved(outputs)
    forget_installed(operation, inputs, outputs)
    return ""


def _is_outdated(olds: Mapping[str, Any], news: Mapping[str, Any]) -> bool:
    """Whether an installation of an earlier change is left on some servers."""
    return installs(news) and bool(outdated(olds, news, [each for each in slots_of(olds) if each != EMPTY]))


def _is_unfinished(outputs: Mapping[str, Any]) -> bool:
    lost = outputs.get(PENDING_ORDER) or outputs.get(LOST_ORDER)
    changing = pending_job_of(outputs, CHANGE) or outputs.get(INSTALLING)
    return bool(pending_job_of(outputs) or changing or lost or unfinished_of(outputs))


def _known_in_preview(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in stored_inputs(inputs).items() if not input_checks.is_unknown(value)}


def _after_update(olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs known in a preview of an update: the ids stay known if no server is ordered."""
    known = _known_in_preview(news)
    is_known = not input_checks.is_unknown(news.get("count"))
    slots = slots_of(olds)
    is_full = len(slots) >= count_of(news) and EMPTY not in slots
    is_stable = is_known and is_full and not _is_unfinished(olds)
    return {**known, "server_ids": slots[: count_of(news)]} if is_stable else known


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
