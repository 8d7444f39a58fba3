"""The table of scenarios: names, effects, and the functions that bend a job and the responses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from bms_simulator.http.responses import Response, service_error
from bms_simulator.scenarios import faults, plans, shapes

if TYPE_CHECKING:
    from collections.abc import Callable

    from bms_simulator.scenarios.timeline import Step


@dataclass(frozen=True, slots=True)
class Scenario:
    """One course of a job: its plan, its shape, the responses to polls, the response to the order."""

    name: str
    shows: str
    plan: Callable[[Step], Step] = plans.ordinary
    shape: shapes.Shape = shapes.plain
    fault: faults.Fault = faults.honest
    order: faults.OrderFault = faults.accepted
    takes_orders: bool = True


_OUTCOMES = (
    Scenario("ok", "every sub-job succeeds one after the other, then the job"),
    Scenario("quick", "done at the first poll", plans.at_once),
    Scenario("fail", "every sub-job fails (BMS.3037), then the job (BMS.3004)", plans.all_fail),
    Scenario("fail-one", "one sub-job fails, the others succeed, the job fails", plans.one_fails),
    Scenario("fail-late", "a sub-job fails early, the others go on, the job fails in the end", plans.one_fails_early),
    Scenario("liar", "the job is a SUCCESS although one sub-job failed", plans.one_fails_unnoticed),
    Scenario("late-child", "the job is a SUCCESS before its last sub-job is", plans.late_child),
    Scenario("stuck-child", "the job is a SUCCESS and its last sub-job runs for ever", plans.stuck_child),
    Scenario("short-list", "after SUCCESS one sub-job is missing from the list for a while", plans.listed_late),
    Scenario("missing-child", "one sub-job is counted but never listed", plans.never_listed),
    Scenario("no-sub-jobs", "no sub-jobs: the job itself names its only server", plans.without_children),
    Scenario("no-ids", "everything succeeds and no server is named", plans.without_ids),
    Scenario("nested", "sub-jobs have sub-jobs", plans.nested),
    Scenario("unknown-status", "WAITING_EXECUTE for the first half, then as usual", plans.unknown_first),
    Scenario("unknown-failed", "ends as ABORTED, with an end_time and an error code", plans.unknown_end),
    Scenario("success-with-code", "a SUCCESS that has an error code", plans.success_with_code),
    Scenario("unpaid", "PENDING_PAYMENT for a while, then as usual", plans.unpaid),
    Scenario("unpaid-forever", "PENDING_PAYMENT for ever", plans.never_paid),
    Scenario("stuck", "RUNNING for ever", plans.endless),
)

_SHAPES = (
    Scenario("entities-list", "the entities of sub-jobs are lists of objects", shape=shapes.entities_as_lists),
    Scenario("entities-null", "entities are null while they tell nothing", shape=shapes.empty_entities_as_null),
    Scenario("top-level", "sub_jobs stand beside entities, uncounted", shape=shapes.sub_jobs_at_top_level),
    Scenario("odd-case", "statuses in lower case with blanks around them", shape=shapes.odd_case),
    Scenario("garbage-types", "every field has a wrong type", shape=shapes.wrong_types),
    Scenario("duplicates", "one sub-job is listed twice, another one not at all", shape=shapes.last_repeats_first),
)

_RESPONSES = (
    Scenario("outage", "503 and resets in turn for the first 60 %", fault=faults.until(0.60, faults.outage)),
    Scenario("flaky", "every second response is a 503", fault=faults.every_second(faults.unavailable)),
    Scenario("resets", "every second connection is reset", fault=faults.every_second(faults.CUT_CONNECTION)),
    Scenario("html", "every second response is a page of HTML with status 200", fault=faults.every_second(faults.PAGE)),
    Scenario("cut-off", "every second response is half a document", fault=faults.every_second(faults.half_a_document)),
    Scenario(
        "cut-off-early",
        "every second response ends before its Content-Length",
        fault=faults.every_second(faults.half_a_transfer),
    ),
    Scenario("overloaded", "every second response is 400 BMS.0212", fault=faults.every_second(faults.OVERLOADED)),
    Scenario(
        "error-in-200",
        "every second response is 200 with the error Common.0025",
        fault=faults.every_second(faults.QUERY_FAILED_INSIDE_200),
    ),
    Scenario("throttled", "every second response is 429 with Retry-After", fault=faults.every_second(faults.throttled)),
    Scenario("expired-token", "401 APIGW.0307 from the second half on", fault=faults.after(0.50, faults.expired_token)),
    Scenario("forbidden", "403 BMS.0033, always", fault=faults.NO_RIGHT),
    Scenario("forbidden-gateway", "403 APIGW.0302, always", fault=faults.no_right_at_gateway),
    Scenario("vanishes", "404 once 40 % of the job have passed", fault=faults.after(0.40, faults.gone)),
    Scenario("expired", "400 Common.0011, always", fault=faults.always(faults.no_such_job())),
    Scenario("invisible", "404 for the first 3 real seconds, then as usual", fault=faults.invisible),
    Scenario("huge", "a response of over 100 MB, always", fault=faults.huge),
    Scenario("deep", "JSON nested 10,000 deep, always", fault=faults.deep),
    Scenario("empty", "200 with no body, always", fault=faults.EMPTY),
    Scenario("redirect", "302 to another host, always", fault=faults.redirect),
    Scenario("slow", "each response trickles in for 40 real seconds", fault=faults.trickle),
    Scenario("hang", "the connection is accepted and never answered", fault=faults.SILENCE),
)

_ORDERS = (
    Scenario("loses-answer", "order: taken, but the connection is cut before the response", order=faults.lost),
    Scenario("no-job-id", "order: taken, the response is 200 and an empty object", order=faults.without_job_id),
    Scenario("camel", "order: taken, the response says jobId", order=faults.camel_case),
    Scenario("gateway-timeout", "order: taken, the response is 504 APIGW.0201", order=faults.timed_out),
    Scenario(
        "error-in-202",
        "order: not taken, the response is 202 with the error Common.0024",
        order=faults.instead(service_error("Common.0024", "The request exceeds the flow limit. Try later.", 202)),
        takes_orders=False,
    ),
    Scenario(
        "order-html",
        "order: not taken, the response is a page of HTML with status 200",
        order=faults.instead(Response(200, faults.HTML_PAGE)),
        takes_orders=False,
    ),
    Scenario(
        "refused",
        "order: refused with 400 BMS.0054",
        order=faults.instead(service_error("BMS.0054", "The capacity of the flavor is not enough.")),
        takes_orders=False,
    ),
)

SCENARIOS: Mapping[str, Scenario] = MappingProxyType(
    {scenario.name: scenario for scenario in (*_OUTCOMES, *_SHAPES, *_RESPONSES, *_ORDERS)}
)


def scenario_of(server_name: str) -> Scenario:
    """Return the scenario of a server's name: the same name, or the longest scenario name before a hyphen."""
    fitting = [name for name in SCENARIOS if server_name == name or server_name.startswith(f"{name}-")]
    return SCENARIOS[max(fitting, key=len, default="ok")]


def scenario_of_job(job_id: str) -> Scenario | None:
    """Return the scenario of a ready-made job: its id up to the first dot."""
    return SCENARIOS.get(job_id.partition(".")[0])


def table() -> str:
    """Return the scenarios as text, one to a line."""
    width = max(map(len, SCENARIOS))
    return "\n".join(f"{scenario.name:<{width}}  {scenario.shows}" for scenario in SCENARIOS.values())
