"""Every end of a wait, the reports of stored waits, and the rows of a wait."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pulumi_bms.api.auth.credential_name import CredentialKind, CredentialName
from pulumi_bms.api.errors import (
    AuthenticationError,
    NoAnswerError,
    NoSuchApiError,
    NotFoundError,
    RefusedError,
)
from pulumi_bms.messages import progress_line, report
from pulumi_bms.waiting.outcome import End, Progress
from tests.unit.messages.golden.samples import (
    DOWN,
    ENDED,
    JOB,
    RUNNING,
    SERVER,
    URL,
    job,
    ok,
    outcome,
    part,
)

_TOKEN = CredentialName(CredentialKind.TOKEN, "HW_AUTH_TOKEN")
_STORED_TOKEN = CredentialName(CredentialKind.TOKEN, "bms:token", is_in_stack=True)
_REJECTED = AuthenticationError(
    URL,
    status=401,
    code="APIGW.0307",
    detail="The token must be updated.",
    request_id="req-1",
    credential=_TOKEN,
    next_step="the token has expired or was revoked. Get a new token",
)
_PART = "2c9eb2c5544cbf6101544f0635672b61"


def failures() -> Iterator[tuple[str, str]]:
    """Failed jobs as trees."""
    fail = part(61, "FAIL", error_code="BMS.3037")
    times = {"begin_time": "2019-04-25T20:04:47.591Z", "end_time": "2019-04-25T20:08:54.100Z"}
    five = [ok(number) for number in range(1, 6)]
    single = "baremetalSingleOperate"
    restarted = (
        part(60, "SUCCESS", SERVER, kind=single),
        part(61, "FAIL", "other", kind=single, error_code="BMS.9999", fail_reason="power cycle failed"),
    )
    inner = part(62, "FAIL", error_code="BMS.9999", fail_reason="one", entities={"errorcode_message": "two"})
    presumed = part(61, "ERROR", error_code="BMS.3037", end_time=ENDED)
    jobs = {
        "a sub-job failed, and a server survives": job("FAIL", ok(60, SERVER), fail, error_code="BMS.3004", **times),
        "a final failure under a SUCCESS, five ok lines": job("SUCCESS", fail, *five),
        "six ok lines fold into one": job("SUCCESS", fail, *five, ok(6)),
        "a failed restart has no survivors": job("FAIL", *restarted, kind="baremetalBatchOperate"),
        "all sub-jobs succeeded, and the job gives no reason": job("FAIL", ok(60, SERVER)),
        "a sub-job failed under a running job": job(
            "RUNNING", part(60, "FAIL"), part(61, "RUNNING"), part(62, "WAITING_EXECUTE"), part(63, "")
        ),
        "an announced sub-job is not listed": job("FAIL", ok(60, SERVER), sub_jobs_total=2),
        "an unknown status with an end and a code": job("ERROR", presumed, error_code="BMS.3004", end_time=ENDED),
        "a failed sub-job of a failed sub-job": job("FAIL", part(61, "FAIL", sub_jobs=[inner])),
        "the duration is the job's own": job(
            "FAIL", begin_time="2019-04-25T20:00:00Z", end_time="2019-04-25T21:30:00Z", error_code="BMS.9999"
        ),
    }
    for title, result in jobs.items():
        yield f"failed: {title}", report.describe_outcome(outcome(End.FAILED, result))
    yield "failed: stored, without a duration", report.failed(JOB, job("FAIL", error_code="BMS.9999"))
    yield from _reasons()


def _reasons() -> Iterator[tuple[str, str]]:
    message = {"errorcode_message": "no host in az1."}
    fields: dict[str, dict[str, Any]] = {
        "no reason": {},
        "a reason": {"fail_reason": "quota exceeded"},
        "a known code": {"error_code": "BMS.3037"},
        "an unknown code": {"error_code": "BMS.9999"},
        "a known code and a reason": {"error_code": "BMS.3037", "fail_reason": "sold out"},
        "only errorcode_message": {"entities": message},
        "fail_reason and errorcode_message": {"fail_reason": "sold out", "entities": message},
        "the same text twice": {"fail_reason": "no host in az1", "entities": message},
        "all three": {"error_code": "BMS.3037", "fail_reason": "sold out", "entities": message},
    }
    for title, each in fields.items():
        shown = report.describe_outcome(outcome(End.FAILED, job("FAIL", kind=None, **each)))
        yield f"failed, no sub-jobs: {title}", shown
    for title, each in fields.items():
        shown = report.describe_outcome(outcome(End.FAILED, job("FAIL", part(61, "FAIL", **each))))
        yield f"failed sub-job: {title}", shown


def ends() -> Iterator[tuple[str, str]]:
    """All further ends."""
    listed = job("SUCCESS", ok(60, SERVER), sub_jobs_total=3)
    because = "3 sub-jobs are announced and 1 listed"
    unknown = NotFoundError(URL, status=400, code="Common.0011", request_id="req-1")
    missing = NoSuchApiError(URL, status=404, code="APIGW.0101", detail="The API does not exist", request_id="req-1")
    refused = RefusedError(URL, status=403, code="BMS.0033", detail="not allowed", request_id="req-1")
    timed_out = {
        "": outcome(End.TIMED_OUT, RUNNING, elapsed=3600.0),
        ", in an outage": outcome(End.TIMED_OUT, RUNNING, error=DOWN, outage=754.6),
        ", before the job was visible": outcome(End.TIMED_OUT, error=unknown, timeout=20.0),
        ", a part is missing": outcome(End.TIMED_OUT, listed, because=because, rule=3),
        ", unpaid": outcome(End.TIMED_OUT, job("PENDING_PAYMENT")),
        ", none of 3 servers done": outcome(End.TIMED_OUT, job("RUNNING", sub_jobs_total=3)),
        ", sub-jobs of another type": outcome(End.TIMED_OUT, job("RUNNING", ok(1), part(2, "INIT"), kind="other")),
    }
    others = {
        "inconsistent": outcome(End.INCONSISTENT, listed, rule=3, because=because),
        "interrupted": outcome(End.INTERRUPTED, RUNNING),
        "interrupted before the first response": outcome(End.INTERRUPTED),
        "not found": outcome(End.NOT_FOUND, error=unknown),
        "gone": outcome(End.GONE, RUNNING, error=NotFoundError(URL, status=404)),
        "no answer, after a good response": outcome(End.NO_ANSWER, RUNNING, error=DOWN, outage=900.0),
        "no answer from the start": outcome(
            End.NO_ANSWER, error=NoAnswerError(URL, detail="Connection refused"), outage=60.0
        ),
        "no answer, with a hint": outcome(
            End.NO_ANSWER, error=NoAnswerError(URL, status=429, code="APIGW.0308"), outage=900.0
        ),
        "unauthenticated from the start": outcome(End.UNAUTHENTICATED, error=_REJECTED),
        "unauthenticated during the wait": outcome(End.UNAUTHENTICATED, RUNNING, error=_REJECTED),
        "unauthenticated, without a hint": outcome(End.UNAUTHENTICATED, error=AuthenticationError(URL, status=401)),
        "no such API": outcome(End.NO_SUCH_API, error=missing),
        "no such API, a page": outcome(End.NO_SUCH_API, error=NoSuchApiError(URL, status=404, is_page=True)),
        "request refused": outcome(End.REQUEST_REFUSED, error=refused),
        "request refused, with a state": outcome(End.REQUEST_REFUSED, RUNNING, error=refused),
        "request refused, without an error": outcome(End.REQUEST_REFUSED),
    }
    for title, each in timed_out.items():
        yield f"timed out{title}", report.describe_outcome(each)
    for title, each in others.items():
        yield title, report.describe_outcome(each)


def stored() -> Iterator[tuple[str, str]]:
    """Reports from the stack, warnings, and the line about survivors."""
    rejected = _REJECTED.replaced(credential=_STORED_TOKEN)
    yield "refresh: unfinished, never seen", report.unfinished(JOB, None)
    yield "refresh: unfinished", report.unfinished(JOB, RUNNING)
    yield "refresh: no response", report.unfinished(JOB, RUNNING, report.not_polled(DOWN))
    yield "refresh: the stored credential is rejected", report.unfinished(JOB, None, report.not_polled(rejected))
    yield "interrupted, at a checkpoint", report.interrupted(JOB)
    yield "survivors: one", report.survivors_text(["a"])
    yield "survivors: two", report.survivors_text(["a", "b"])
    odd = job("SUCCESS", ok(60), part(61, "SUCCESS", "s", error_code="BMS.9999"), error_code="BMS.3004")
    yield "warnings of a success", "\n".join(report.warnings(odd))


def rows() -> Iterator[tuple[str, str]]:
    """The rows of a wait."""
    failed = (("a", ""), (_PART, "BMS.3037"))
    progress = {
        "before the first response": Progress(JOB),
        "not visible": Progress(JOB, trouble="404"),
        "without sub-jobs": Progress(JOB, "INIT"),
        "running": Progress(JOB, "RUNNING", 2, 3),
        "a failed sub-job": Progress(JOB, "RUNNING", 1, 3, failed[1:]),
        "two failed sub-jobs": Progress(JOB, "RUNNING", 2, 3, failed),
        "a failed sub-job without a code": Progress(JOB, "FAIL", 1, 3, ((_PART, ""),)),
        "unpaid": Progress(JOB, "PENDING_PAYMENT", 0, 3),
        "an outage": Progress(JOB, "RUNNING", 2, 3, outage=60.0, trouble="503"),
        "an outage from the start": Progress(JOB, outage=75.0, trouble="503"),
        "settling": Progress(JOB, "SUCCESS", 2, 3, unsettled="3 sub-jobs are announced and 2 listed"),
        "done": Progress(JOB, "SUCCESS", 3, 3, succeeded=True),
    }
    for title, each in progress.items():
        yield f"row: {title}", progress_line.of_job(each)
    yield "row of many jobs", progress_line.of_jobs(12, 40)
    yield "row of many jobs, one in trouble", progress_line.of_jobs(1, 3, ("db", progress["a failed sub-job"]))


def cases() -> Iterator[tuple[str, str]]:
    """All cases of the room."""
    for group in (failures, ends, stored, rows):
        yield from group()
