"""The words for every way in which a wait ends, pinned whole: they are what a platform team acts on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import pytest

from pulumi_bms.api.errors import (
    ApiError,
    AuthenticationError,
    NoAnswerError,
    NoSuchApiError,
    NotFoundError,
    RefusedError,
)
from pulumi_bms.api.models.job import Job
from pulumi_bms.messages import report
from pulumi_bms.messages.durations import show
from pulumi_bms.waiting.outcome import End, Outcome
from pulumi_bms.waiting.success_rule import judge

Wire: TypeAlias = Mapping[str, Any]

JOB = "2c9eb2c5544cbf6101544f0602af2b4f"
SERVER = "bae51750-0089-41a1-9b18-5c777978ff6d"
URL = f"GET https://bms.example.com/v1/p/jobs/{JOB}"
DOWN = NoAnswerError(URL, status=503, request_id="req-1")
AGAIN = (
    f"`pulumi up` tells this again until job_id (now {JOB}) is another one: "
    "to submit again, change the submission's `triggers`"
)
NO_START = "BMS.3037 no resources or the server failed to start: try another flavor or availability zone"
STILL = f"parts of the job may still run in the cloud: run `pulumi up` again to go on waiting for job {JOB}"
GO_ON = f"the job goes on in the cloud: run `pulumi up` again to go on waiting for job {JOB}"


def part(number: int, status: str, *servers: str, kind: str = "baremetalSingleCreate", **fields: Any) -> Wire:
    """Return a sub-job; its id ends in the two digits of its number."""
    return {
        "job_id": f"2c9eb2c5544cbf6101544f0602af2b{number:02}",
        "job_type": kind,
        "status": status,
        "entities": [{"server_id": server} for server in servers],
        **fields,
    }


def job(status: str, *parts: Wire, kind: str | None = "baremetalBatchCreate", **fields: Any) -> Job:
    """Return a job whose sub-jobs are all listed, unless `sub_jobs_total` says otherwise."""
    body = {"job_id": JOB, "job_type": kind, "status": status, "sub_jobs": list(parts), "sub_jobs_total": len(parts)}
    return Job.read({**body, **fields})


def outcome(end: End, result: Job | None = None, *, error: ApiError | None = None, **fields: Any) -> Outcome:
    """Return an outcome after four minutes and seven seconds of an hour, judged as the job stands."""
    judgement = None if result is None else judge(result)
    values = {"elapsed": 247.0, "timeout": 3600.0, "judgement": judgement, **fields}
    return Outcome(end=end, job_id=JOB, job=result, error=error, **values)


def ok(number: int, server: str | None = None) -> Wire:
    """Return a sub-job that made a server within 3 min 34 s."""
    started_at, over = "2019-04-25T20:04:50.000Z", "2019-04-25T20:08:24.000Z"
    return part(number, "SUCCESS", server or f"server-{number}", begin_time=started_at, end_time=over)


RUNNING = job("RUNNING", ok(60, SERVER), part(61, "RUNNING"))
RUNNING_TREE = f"""\
  ok    2c9e...2b60  server {SERVER}  3m34s
  ...   2c9e...2b61  RUNNING
servers reported so far: {SERVER}
"""


def text(*lines: str) -> str:
    return "\n".join(lines)


# --- a failed job


def test_a_failed_job_is_a_short_tree() -> None:
    """The head has code and duration, each sub-job a line, surviving servers are named, and the way out is told."""
    result = job(
        "FAIL",
        ok(60, SERVER),
        part(61, "FAIL", error_code="BMS.3037"),
        error_code="BMS.3004",
        begin_time="2019-04-25T20:04:47.591Z",
        end_time="2019-04-25T20:08:54.100Z",
    )
    expected = f"""\
job 2c9e...2b4f (baremetalBatchCreate) FAILED after 4m07s: BMS.3004 create failed
  ok    2c9e...2b60  server {SERVER}  3m34s
  FAIL  2c9e...2b61  {NO_START}
1 server was reported by its sub-job and may exist and be billed; check and delete it: {SERVER}
{AGAIN}"""
    assert report.failed(JOB, result) == expected
    assert report.describe_outcome(outcome(End.FAILED, result)) == expected


def test_more_than_five_ok_lines_fold_into_one() -> None:
    """Five sub-jobs that succeeded are listed, six are counted; the failed ones keep their lines, the servers names."""
    failing = part(99, "FAIL", error_code="BMS.3037", fail_reason="no capacity")
    head = "job 2c9e...2b4f (baremetalBatchCreate) FAILED after 4m07s: a sub-job failed"
    fail = "  FAIL  2c9e...2b99  BMS.3037 no capacity: try another flavor or availability zone"
    five = report.describe_outcome(outcome(End.FAILED, job("SUCCESS", failing, *[ok(n) for n in range(1, 6)])))
    assert five == text(
        head,
        fail,
        *[f"  ok    2c9e...2b0{n}  server server-{n}  3m34s" for n in range(1, 6)],
        "5 servers were reported by their sub-jobs and may exist and be billed; check and delete them: "
        "server-1, server-2, server-3, server-4, server-5",
        AGAIN,
    )
    six = report.describe_outcome(outcome(End.FAILED, job("SUCCESS", failing, *[ok(n) for n in range(1, 7)])))
    assert six == text(
        head,
        "  ok    6 sub-jobs",
        fail,
        "6 servers were reported by their sub-jobs and may exist and be billed; check and delete them: "
        "server-1, server-2, server-3, server-4, server-5, server-6",
        AGAIN,
    )


def test_a_failed_restart_has_no_survivors() -> None:
    """A job that makes no servers tells which were restarted, and advises nobody to delete them."""
    single = "baremetalSingleOperate"
    result = job(
        "FAIL",
        part(60, "SUCCESS", SERVER, kind=single),
        part(61, "FAIL", "other", kind=single, error_code="BMS.9999", fail_reason="power cycle failed"),
        kind="baremetalBatchOperate",
    )
    assert report.describe_outcome(outcome(End.FAILED, result)) == text(
        "job 2c9e...2b4f (baremetalBatchOperate) FAILED after 4m07s",
        f"  ok    2c9e...2b60  server {SERVER}",
        "  FAIL  2c9e...2b61  server other  BMS.9999 power cycle failed",
        AGAIN,
    )


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, "no reason was given"),
        ({"fail_reason": "quota exceeded"}, "quota exceeded"),
        ({"error_code": "BMS.9999"}, "BMS.9999"),
        ({"error_code": "BMS.9999", "fail_reason": "odd"}, "BMS.9999 odd"),
        (
            {"error_code": "BMS.3037"},
            NO_START,
        ),
        (
            {"error_code": "BMS.3037", "fail_reason": "sold out"},
            "BMS.3037 sold out: try another flavor or availability zone",
        ),
        ({"entities": {"errorcode_message": "no host"}}, "no host"),
        (
            {"error_code": "BMS.9999", "fail_reason": "", "entities": [{}, {"errorcode_message": "no host"}]},
            "BMS.9999 no host",
        ),
        ({"fail_reason": "sold out", "entities": {"errorcode_message": "no host in az1"}}, "sold out; no host in az1"),
        ({"fail_reason": "sold out", "entities": {"errorcode_message": "sold out"}}, "sold out"),
        (
            {"error_code": "BMS.3037", "fail_reason": "sold out", "entities": {"errorcode_message": "no host."}},
            "BMS.3037 sold out; no host: try another flavor or availability zone",
        ),
    ],
)
def test_why_a_job_without_sub_jobs_failed(fields: dict[str, Any], why: str) -> None:
    """Code, reason or `errorcode_message`, else the code's meaning, then its hint; and never nothing at all."""
    result = job("FAIL", kind=None, **fields)
    assert report.describe_outcome(outcome(End.FAILED, result)) == text(
        f"job 2c9e...2b4f FAILED after 4m07s: {why}", AGAIN
    )


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, "no reason was given"),
        ({"entities": {"errorcode_message": "no host"}}, "no host"),
        ({"fail_reason": "sold out", "error_code": "BMS.9999"}, "BMS.9999 sold out"),
        ({"fail_reason": "sold out", "entities": {"errorcode_message": "no host"}}, "sold out; no host"),
    ],
)
def test_why_a_sub_job_failed(fields: dict[str, Any], why: str) -> None:
    """A sub-job tells its reason as a job does; the head stays short where the parent gives none."""
    result = job("FAIL", part(61, "FAIL", **fields))
    assert report.describe_outcome(outcome(End.FAILED, result)) == text(
        "job 2c9e...2b4f (baremetalBatchCreate) FAILED after 4m07s", f"  FAIL  2c9e...2b61  {why}", AGAIN
    )


def test_a_parent_without_a_code_whose_sub_jobs_all_succeeded() -> None:
    """A FAIL that nobody explains says so, and still names the servers."""
    assert report.describe_outcome(outcome(End.FAILED, job("FAIL", ok(60, SERVER)))) == text(
        "job 2c9e...2b4f (baremetalBatchCreate) FAILED after 4m07s: no reason was given",
        f"  ok    2c9e...2b60  server {SERVER}  3m34s",
        f"1 server was reported by its sub-job and may exist and be billed; check and delete it: {SERVER}",
        AGAIN,
    )


def test_a_failure_under_a_running_parent() -> None:
    """Sub-jobs that still move are shown with their status, as they are known, or as having none."""
    result = job("RUNNING", part(60, "FAIL"), part(61, "RUNNING"), part(62, "WAITING_EXECUTE"), part(63, ""))
    assert report.describe_outcome(outcome(End.FAILED, result)) == text(
        "job 2c9e...2b4f (baremetalBatchCreate) FAILED after 4m07s: a sub-job failed",
        "  FAIL  2c9e...2b60  no reason was given",
        "  ...   2c9e...2b61  RUNNING",
        "  ...   2c9e...2b62  WAITING_EXECUTE",
        "  ...   2c9e...2b63  no status",
        STILL,
    )


@pytest.mark.parametrize(
    "result",
    [
        job("FAIL", ok(60, SERVER), part(61, "RUNNING")),
        job("FAIL", ok(60, SERVER), sub_jobs_total=2),
        job("SUCCESS", ok(60, SERVER), part(61, "FAIL"), part(62, "RUNNING")),
        job("RUNNING", ok(60, SERVER), part(61, "FAIL")),
        job("ERROR", ok(60, SERVER), error_code="BMS.3004", end_time="2019-04-25T20:08:54Z"),
    ],
    ids=["moving", "unlisted", "the parent lies", "running", "unknown status"],
)
def test_nobody_is_told_to_submit_again_while_parts_of_a_job_may_run(result: Job) -> None:
    """A failure that is not final says how to go on with the job, and advises to delete nothing."""
    shown = report.describe_outcome(outcome(End.FAILED, result))
    assert "FAILED" in shown
    assert "submit again" not in shown
    assert "triggers" not in shown
    assert "delete" not in shown
    assert f"servers reported so far: {SERVER}" in shown
    assert shown.endswith(STILL)


def test_what_a_refresh_tells_of_a_wait_that_is_not_over() -> None:
    """What to do, then each sub-job, and the servers by now; with the reason where a poll brought nothing."""
    assert report.unfinished(JOB, RUNNING) == (
        f"job {JOB} is not waited for to its end: run `pulumi up`\n{RUNNING_TREE}".rstrip()
    )
    assert report.unfinished(JOB, None, report.not_polled(DOWN)) == (
        f"job {JOB} is not waited for to its end; it could not be polled: {DOWN}: run `pulumi up`"
    )


def test_an_unknown_status_that_is_taken_for_a_failure() -> None:
    """A record with an end time and an error code reads as FAIL, in the head and in the tree, with one hint."""
    over = "2019-04-25T20:08:54Z"
    result = job("ERROR", part(61, "ERROR", error_code="BMS.3037", end_time=over), error_code="BMS.3004", end_time=over)
    assert report.describe_outcome(outcome(End.FAILED, result)) == text(
        "job 2c9e...2b4f (baremetalBatchCreate) FAILED after 4m07s: BMS.3004 create failed",
        f"  FAIL  2c9e...2b61  {NO_START}",
        STILL,
    )


def test_sub_jobs_of_sub_jobs_have_lines_too() -> None:
    """The tree is flat, depth first, so that no level of a failure is hidden."""
    inner = part(62, "FAIL", error_code="BMS.9999", fail_reason="one")
    inner = {**inner, "entities": {"errorcode_message": "two"}}
    result = job("FAIL", part(61, "FAIL", sub_jobs=[inner]))
    assert report.describe_outcome(outcome(End.FAILED, result)).splitlines()[1:3] == [
        "  FAIL  2c9e...2b61  no reason was given",
        "  FAIL  2c9e...2b62  BMS.9999 one; two",
    ]


def test_a_report_is_bounded() -> None:
    """However many sub-jobs fail or run on, and however much each says: the rest is counted, or cut."""
    failing = [part(n, "FAIL", job_id=f"f{n}", fail_reason="x" * 5000) for n in range(60)]
    moving = [part(n, "RUNNING", job_id=f"m{n}") for n in range(70)]
    made = [part(n, "SUCCESS", f"s{n}", job_id=f"o{n}") for n in range(300)]
    shown = report.describe_outcome(outcome(End.FAILED, job("FAIL", *failing, *moving, *made)))
    lines = shown.splitlines()
    assert len([line for line in lines if line.startswith("  FAIL  f")]) == report.MOST_OTHER_LINES
    assert len([line for line in lines if line.startswith("  ...   m")]) == report.MOST_OTHER_LINES
    assert {"  ok    300 sub-jobs", "  FAIL  10 more sub-jobs", "  ...   20 more sub-jobs"} <= set(lines)
    assert max(map(len, lines)) < report.LONGEST_REASON + 100
    assert "s199 and 100 more, in the state as surviving_server_ids" in shown


def test_a_stored_failure_needs_no_duration() -> None:
    """A failure told again from a stack has no time of its own: nothing is made up for it."""
    assert report.failed(JOB, job("FAIL", error_code="BMS.9999")).startswith(
        "job 2c9e...2b4f (baremetalBatchCreate) FAILED: BMS.9999\n"
    )


def test_the_duration_is_the_jobs_own_where_it_has_one() -> None:
    """How long the job took is told, not how long was waited."""
    result = job("FAIL", begin_time="2019-04-25T20:00:00Z", end_time="2019-04-25T21:30:00Z", error_code="BMS.9999")
    assert "FAILED after 1h30m00s:" in report.describe_outcome(outcome(End.FAILED, result))


def test_an_id_that_is_short_anyway_is_told_whole() -> None:
    """An id is cut to its two ends only where that saves something; a missing one says so."""
    assert report.short("2c9eb2c5544c") == "2c9eb2c5544c"
    assert report.short("2c9eb2c5544cb") == "2c9e...44cb"
    assert report.short(None) == report.short("") == "(no id)"


# --- survivors


@pytest.mark.parametrize(
    ("ids", "line"),
    [
        ([], ""),
        (["a"], "1 server was reported by its sub-job and may exist and be billed; check and delete it: a"),
        (
            ["a", "b"],
            "2 servers were reported by their sub-jobs and may exist and be billed; check and delete them: a, b",
        ),
    ],
)
def test_the_line_of_survivors(ids: list[str], line: str) -> None:
    """None, one, and more than one read as people write."""
    assert report.survivors_text(ids) == line


@pytest.mark.parametrize(
    "end", [end for end in End if end not in (End.SUCCEEDED, End.FAILED)], ids=lambda end: str(end.name)
)
def test_nobody_is_told_to_delete_the_servers_of_a_job_that_may_succeed(end: End) -> None:
    """Only a failure advises to delete servers; every other end names those known so far, folded or not."""
    many = job("RUNNING", *[ok(n) for n in range(1, 8)], part(61, "RUNNING"))
    shown = report.describe_outcome(outcome(end, many, error=DOWN, outage=60.0))
    assert "delete" not in shown
    assert "  ok    7 sub-jobs" in shown
    assert "servers reported so far: server-1, server-2, server-3" in shown


# --- the other ends


def test_inconsistent() -> None:
    """What is missing, by which rule, and where to look; the stalled job is told to be SUCCESS itself."""
    result = job("SUCCESS", ok(60, SERVER), sub_jobs_total=3)
    because = "3 sub-jobs are announced and 1 listed"
    assert report.describe_outcome(outcome(End.INCONSISTENT, result, rule=3, because=because)) == text(
        "job 2c9e...2b4f (baremetalBatchCreate) is inconsistent after 4m07s: its status is SUCCESS, but 3 sub-jobs are "
        "announced and 1 listed (rule 3 of the success rule), and nothing changed",
        f"  ok    2c9e...2b60  server {SERVER}  3m34s",
        f"servers reported so far: {SERVER}",
        f"look the job {JOB} up in the cloud's console; `pulumi up` polls the job again",
    )


def test_timed_out() -> None:
    """The limit, the last state, the tree, and both ways to go on."""
    assert report.describe_outcome(outcome(End.TIMED_OUT, RUNNING, elapsed=3600.0)) == (
        "job 2c9e...2b4f (baremetalBatchCreate) did not finish within 1h00m00s: "
        "last state RUNNING, 1 of 2 servers done\n"
        f"{RUNNING_TREE}"
        f"{GO_ON}, or allow more time with custom_timeouts"
    )


def test_timed_out_in_an_outage() -> None:
    """How long no response had come, and the last one's reason, stand beside the last state."""
    assert report.describe_outcome(outcome(End.TIMED_OUT, RUNNING, error=DOWN, outage=754.6)) == (
        "job 2c9e...2b4f (baremetalBatchCreate) did not finish within 1h00m00s: "
        "last state RUNNING, 1 of 2 servers done; "
        "no usable response from the API for 12m35s: HTTP 503 (request id req-1)\n"
        f"{RUNNING_TREE}"
        f"{GO_ON}, or allow more time with custom_timeouts"
    )


def test_timed_out_before_the_job_was_visible() -> None:
    """A job that was unknown at the deadline was answered: the text does not claim an outage."""
    error = NotFoundError(URL, status=404, code="Common.0011")
    assert report.describe_outcome(outcome(End.TIMED_OUT, error=error, timeout=20.0)) == text(
        "job 2c9e...2b4f did not finish within 20s: no state of it is known; "
        "the last poll got: HTTP 404 Common.0011 no such job",
        f"{GO_ON}, or allow more time with custom_timeouts",
    )


def test_timed_out_while_something_was_missing() -> None:
    """A success that could not be all says what was missing."""
    result = job("SUCCESS", ok(60, SERVER), sub_jobs_total=2)
    shown = report.describe_outcome(
        outcome(End.TIMED_OUT, result, because="2 sub-jobs are announced and 1 listed", rule=3)
    )
    assert shown.splitlines()[0] == (
        "job 2c9e...2b4f (baremetalBatchCreate) did not finish within 1h00m00s: "
        "last state SUCCESS, 1 of 2 servers done; 2 sub-jobs are announced and 1 listed"
    )


def test_timed_out_unpaid() -> None:
    """An order that nobody paid says so, since waiting longer does not help."""
    assert report.describe_outcome(outcome(End.TIMED_OUT, job("PENDING_PAYMENT"))).splitlines()[0] == (
        "job 2c9e...2b4f (baremetalBatchCreate) did not finish within 1h00m00s: "
        "last state PENDING_PAYMENT, the order waits to be paid"
    )


@pytest.mark.parametrize(
    ("result", "state"),
    [
        (job("RUNNING"), "last state RUNNING"),
        (job("RUNNING", sub_jobs_total=3), "last state RUNNING, 0 of 3 servers done"),
        (job("RUNNING", ok(1), ok(2), sub_jobs_total=1), "last state RUNNING, 2 of 2 servers done"),
        (job("RUNNING", ok(1), part(2, "INIT"), kind="other"), "last state RUNNING, 1 of 2 sub-jobs done"),
        (job("RUNNING", part(2, "INIT"), kind=None), "last state RUNNING, 0 of 1 sub-jobs done"),
    ],
)
def test_the_last_state(result: Job, state: str) -> None:
    """A job without sub-jobs has a status only; else those that are done are counted, as what they are."""
    head = report.describe_outcome(outcome(End.TIMED_OUT, result)).splitlines()[0]
    assert head.endswith(f"did not finish within 1h00m00s: {state}")


def test_interrupted() -> None:
    """The job goes on, how to wait on, and how far it was; no line for each sub-job that runs on."""
    assert report.describe_outcome(outcome(End.INTERRUPTED, RUNNING)) == (
        f"interrupted; job {JOB} goes on in the cloud: run `pulumi up` again to go on waiting\n"
        f"  ok    2c9e...2b60  server {SERVER}  3m34s\n"
        f"servers reported so far: {SERVER}\n"
        "last state RUNNING, 1 of 2 servers done"
    )
    assert report.describe_outcome(outcome(End.INTERRUPTED)) == text(
        f"interrupted; job {JOB} goes on in the cloud: run `pulumi up` again to go on waiting",
        "no state of it is known",
    )


def test_not_found() -> None:
    """The response, that it stayed so, and the three causes."""
    error = NotFoundError(URL, status=400, code="Common.0011", request_id="req-1")
    assert report.describe_outcome(outcome(End.NOT_FOUND, error=error)) == text(
        f"job {JOB} was not found, even 30s after the first poll: {URL}: "
        f"HTTP 400 Common.0011 no such job (request id req-1): {error.hint}",
        "check job_id, region and project: a job is known only where it was submitted, and the cloud keeps the records "
        "of ended jobs for about a day",
    )


def test_gone() -> None:
    """The response, the last state known, and that records are not kept."""
    error = NotFoundError(URL, status=404)
    assert report.describe_outcome(outcome(End.GONE, RUNNING, error=error)) == (
        f"the record of job 2c9e...2b4f (baremetalBatchCreate) is gone: {URL}: HTTP 404; "
        "last state RUNNING, 1 of 2 servers done\n"
        f"{RUNNING_TREE}"
        f"the cloud keeps the records of ended jobs for about a day: check in the console how job {JOB} ended"
    )


def test_no_response() -> None:
    """For how long, the last error, the last state, and what to check."""
    assert report.describe_outcome(outcome(End.NO_ANSWER, RUNNING, error=DOWN, outage=900.0)) == (
        "job 2c9e...2b4f (baremetalBatchCreate): no usable response from the API for 15m00s: "
        f"{URL}: HTTP 503 (request id req-1); last state RUNNING, 1 of 2 servers done\n"
        f"{RUNNING_TREE}"
        f"check endpoint and network; {GO_ON}"
    )
    error = NoAnswerError(URL, detail="Connection refused")
    assert report.describe_outcome(outcome(End.NO_ANSWER, error=error, outage=60.0)) == text(
        f"job 2c9e...2b4f: no usable response from the API for 1m00s: {URL}: Connection refused; "
        "no state of it is known",
        f"check endpoint and network; {GO_ON}",
    )


def test_rejected() -> None:
    """The response with its hint, the last state, and that a fresh credential goes on."""
    error = AuthenticationError(URL, status=401, code="APIGW.0307", detail="The token must be updated")
    assert report.describe_outcome(outcome(End.UNAUTHENTICATED, error=error)) == text(
        f"job 2c9e...2b4f: the API does not accept the credential: {URL}: "
        f"HTTP 401 APIGW.0307 The token must be updated: {error.hint}; no state of it is known",
        f"give a fresh credential; {GO_ON}",
    )
    assert report.describe_outcome(outcome(End.UNAUTHENTICATED, RUNNING, error=error)).endswith(
        f"; last state RUNNING, 1 of 2 servers done\n{RUNNING_TREE}give a fresh credential; {GO_ON}"
    )


def test_no_such_api() -> None:
    """The address, that there is no such API, and what to check; nothing about a job that was not found."""
    error = NoSuchApiError(URL, status=404, code="APIGW.0101", detail="The API does not exist")
    assert report.describe_outcome(outcome(End.NO_SUCH_API, error=error)) == text(
        f"job 2c9e...2b4f: the address has no Job API: {URL}: HTTP 404 APIGW.0101 The API does not exist: "
        f"{error.hint}; no state of it is known",
        f"check endpoint and region; once that is mended, run `pulumi up` again to go on waiting for job {JOB}",
    )


def test_refused() -> None:
    """The response with code, message and request id, the last state, and what to do after mending it."""
    error = RefusedError(URL, status=403, code="BMS.9999", detail="not allowed", request_id="req-1")
    assert report.describe_outcome(outcome(End.REQUEST_REFUSED, error=error)) == text(
        f"job 2c9e...2b4f: the API refused to tell: {URL}: HTTP 403 BMS.9999 not allowed (request id req-1); "
        "no state of it is known",
        f"once that is mended, run `pulumi up` again to go on waiting for job {JOB}",
    )


def test_an_end_without_an_error_still_reads() -> None:
    """Where no response is at hand, none is made up."""
    assert report.describe_outcome(outcome(End.REQUEST_REFUSED)).startswith(
        "job 2c9e...2b4f: the API refused to tell: no reason was given; no state of it is known\n"
    )


# --- odd successes


def test_a_success_with_an_error_code_is_warned_of() -> None:
    """Each record that succeeded with an error code gets one line, hints left out; nothing else gets any."""
    result = job("SUCCESS", ok(60), part(61, "SUCCESS", "s", error_code="BMS.9999"), error_code="BMS.3004")
    assert report.warnings(result) == [
        "job 2c9e...2b4f succeeded, but reports BMS.3004 create failed",
        "job 2c9e...2b61 succeeded, but reports BMS.9999",
    ]
    assert report.warnings(job("SUCCESS", ok(60))) == []


# --- durations


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-1.0, "0s"),
        (0.0, "0s"),
        (0.4, "0s"),
        (0.6, "1s"),
        (59.4, "59s"),
        (59.6, "1m00s"),
        (60.0, "1m00s"),
        (247.0, "4m07s"),
        (3599.4, "59m59s"),
        (3599.6, "1h00m00s"),
        (5400.0, "1h30m00s"),
        (90061.0, "25h01m01s"),
    ],
)
def test_durations_are_rounded_to_the_second(seconds: float, shown: str) -> None:
    """The rounding comes first, so that no 60 s and no 60 min are ever shown."""
    assert show(seconds) == shown
    assert f"did not finish within {shown}:" in report.describe_outcome(
        outcome(End.TIMED_OUT, RUNNING, timeout=seconds)
    )
