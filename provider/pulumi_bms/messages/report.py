"""The words for how a wait ended: complete, and the same on every host."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pulumi_bms.api import error_codes
from pulumi_bms.api.errors import ApiError
from pulumi_bms.api.models.job import Job, JobStatus, Record
from pulumi_bms.messages.durations import show
from pulumi_bms.waiting.outage import VISIBILITY_TIME
from pulumi_bms.waiting.outcome import End, Outcome
from pulumi_bms.waiting.success_rule import SETTLING_TIME, State, creates_servers, state_of, survivors

MOST_OK_LINES = 5
"""The most succeeded sub-jobs with a line each. More fold into one line."""

MOST_OTHER_LINES = 50
"""The most failed sub-jobs with a line each. The same number applies to running sub-jobs."""
MOST_SERVERS = 200
"""The most servers in a text. The state has all servers."""
LONGEST_REASON = 2000
"""The most characters of the API's text about one failure."""

NO_SUCH_API = "the address has no Job API"
_NO_REASON = "no reason was given"
_RECORDS = "The cloud keeps the records of ended jobs for about a day."


def short(job_id: str | None) -> str:
    """The two ends of an id, enough to compare ids."""
    text = job_id or "(no id)"
    return text if len(text) <= 12 else f"{text[:4]}...{text[-4:]}"  # noqa: PLR2004


def failed(
    job_id: str, job: Job, elapsed: float | None = None, *, is_final: bool = True, next_step: str | None = None
) -> str:
    """The report of a failed job, as a short tree. `next_step` is the last line after a final failure.

    While parts of the job may still run, the text advises neither to submit again nor to delete servers.
    """
    took = job.duration_seconds if job.duration_seconds is not None else elapsed
    after = "" if took is None else f" after {show(took)}"
    what = f"job {_named(job_id, job)} FAILED{after}"
    parts = job.descendants()
    why = _why(job, with_hint=not any(_has_failed(part) for part in parts))
    if not why and not _has_failed(job):
        why = "a sub-job failed"
    elif not why and not any(_has_failed(part) for part in parts):
        why = _NO_REASON
    last = _after_failure(job_id) if next_step is None else next_step
    rest = (*_survivors(job), last) if is_final else (*_servers_so_far(job), _after_part(job_id))
    return _lines(f"{what}: {why}" if why else what, *_tree(parts), *rest)


def unfinished(job_id: str, job: Job | None, trouble: str = "") -> str:
    """The report of a stored wait without an end. `trouble` is the reason if the newest poll brought nothing."""
    parts = [] if job is None else [*_tree(job.descendants()), *_servers_so_far(job)]
    return _lines(
        f"the wait for job {job_id} has not ended",
        f"The job {trouble}" if trouble else "",
        *parts,
        "Run `pulumi up` to continue the wait.",
    )


def _has_failed(record: Record) -> bool:
    return state_of(record) in (State.FAIL, State.PRESUMED_FAIL)


def _after_failure(job_id: str) -> str:
    return (
        f"`pulumi up` repeats this error until job_id (now {job_id}) changes. "
        "To submit again, change `triggers` of the JobSubmission."
    )


def _after_part(job_id: str) -> str:
    return f"Parts of the job may still run in the cloud. Run `pulumi up` to poll job {job_id} again."


def describe_outcome(outcome: Outcome) -> str:
    """The report of any outcome but success."""
    if outcome.end is End.FAILED and outcome.job is not None:
        is_final = outcome.judgement is not None and outcome.judgement.is_final_failure
        return failed(outcome.job_id, outcome.job, outcome.elapsed, is_final=is_final)
    lines = _LINES[outcome.end](outcome)
    request = outcome.error.request_line if outcome.error and outcome.end is not End.TIMED_OUT else ""
    return _lines(lines.head, *lines.facts, *_state(outcome), lines.next_step, request)


def warnings(job: Job) -> list[str]:
    """The warnings about a job with success."""
    return [
        f"job {short(record.job_id)} succeeded, but reports {_why(record, with_hint=False)}"
        for record in job.walk()
        if record.error_code
    ]


def survivors_text(server_ids: Sequence[str]) -> str:
    """The line about existing servers of a job without success, or ""."""
    if not server_ids:
        return ""
    if len(server_ids) == 1:
        head = "1 server was reported by its sub-job, and may exist and be billed. Check and delete the server: "
    else:
        head = (
            f"{len(server_ids)} servers were reported by their sub-jobs, and may exist and be billed. "
            "Check and delete the servers: "
        )
    return head + _listed(server_ids)


def _listed(server_ids: Sequence[str]) -> str:
    more = len(server_ids) - MOST_SERVERS
    rest = f" and {more} more, in the state as surviving_server_ids" if more > 0 else ""
    return ", ".join(server_ids[:MOST_SERVERS]) + rest


def not_polled(error: Exception) -> str:
    """The reason why a refresh learned nothing about a job, without the subject."""
    return f"could not be polled: {error}{of_rotation(error)}"


def of_rotation(error: Exception) -> str:
    """A hint for a rejected refresh, if the stored credential may be old. Else ""."""
    credential = error.credential if isinstance(error, ApiError) else None
    if credential is None or not credential.is_in_stack:
        return ""
    return (
        "\n`pulumi refresh` and `pulumi destroy` use the config of the last `pulumi up`. "
        "If the credential was replaced since, set the new credential in the environment, or add `--run-program`."
    )


@dataclass(frozen=True, slots=True)
class _Lines:
    """The lines of an end: what happened, facts about the API, and the next step. The state stands between."""

    head: str
    next_step: str
    facts: tuple[str, ...] = ()


def _inconsistent(outcome: Outcome) -> _Lines:
    return _Lines(
        f"job {_named(outcome.job_id, outcome.job)} is inconsistent after {show(outcome.elapsed)}: the status is "
        f"{JobStatus.SUCCESS}, but {outcome.because} (rule {outcome.rule} of the success rule)",
        f"Check job {outcome.job_id} in the cloud's console. `pulumi up` polls the job again.",
        (f"Nothing changed for {show(SETTLING_TIME)}.",),
    )


def _timed_out(outcome: Outcome) -> _Lines:
    trouble = ""
    if outcome.error and outcome.outage:
        trouble = f"No usable response from the API for {show(outcome.outage)}: {outcome.error.reason}"
    elif outcome.error:
        trouble = f"The last poll got: {outcome.error.reason}"
    return _Lines(
        f"job {_named(outcome.job_id, outcome.job)} did not finish within {show(outcome.timeout)}",
        _lines(go_on(outcome.job_id), "To allow more time, set custom_timeouts."),
        (f"Reason: {outcome.because}" if outcome.because else "", trouble),
    )


def interrupted(job_id: str) -> str:
    """The reason of an interrupted wait."""
    return _lines(f"interrupted during the wait for job {job_id}", go_on(job_id))


def _interrupted(outcome: Outcome) -> _Lines:
    return _Lines(f"interrupted during the wait for job {outcome.job_id}", go_on(outcome.job_id))


def _not_found(outcome: Outcome) -> _Lines:
    return _Lines(
        f"job {outcome.job_id} was not found, even {show(VISIBILITY_TIME)} after the first poll: {_cause(outcome)}",
        "Check job_id, region and project: only the project of the submission knows the job.",
        (_RECORDS,),
    )


def _gone(outcome: Outcome) -> _Lines:
    return _Lines(
        f"the record of job {_named(outcome.job_id, outcome.job)} is gone: {_cause(outcome)}",
        f"Check in the cloud's console how job {outcome.job_id} ended.",
        (_RECORDS,),
    )


def _no_answer(outcome: Outcome) -> _Lines:
    return _Lines(
        _trouble(outcome, f"no usable response from the API for {show(outcome.outage)}"),
        go_on(outcome.job_id),
        _hints(outcome) or ("Check endpoint and network.",),
    )


def _rejected(outcome: Outcome) -> _Lines:
    credential = outcome.error.credential if outcome.error else None
    return _Lines(
        _trouble(outcome, f"the API rejected the {credential or 'credential'}"),
        go_on(outcome.job_id),
        _hints(outcome) or ("Set a new credential.",),
    )


def _no_such_api(outcome: Outcome) -> _Lines:
    return _Lines(
        _trouble(outcome, NO_SUCH_API),
        f"Then run `pulumi up` to wait for job {outcome.job_id}.",
        _hints(outcome) or ("Check endpoint and region.",),
    )


def _refused(outcome: Outcome) -> _Lines:
    return _Lines(
        _trouble(outcome, "the API refused the poll"),
        f"After the correction, run `pulumi up` to wait for job {outcome.job_id}.",
        _hints(outcome),
    )


def _trouble(outcome: Outcome, what: str) -> str:
    return f"job {_named(outcome.job_id, outcome.job)}: {what}: {_cause(outcome)}"


def _hints(outcome: Outcome) -> tuple[str, ...]:
    return (outcome.error.next_line,) if outcome.error and outcome.error.next_line else ()


def go_on(job_id: str) -> str:
    """The next step after a wait without an end."""
    return f"The job continues in the cloud. Run `pulumi up` to wait for job {job_id}."


_LINES: dict[End, Callable[[Outcome], _Lines]] = {
    End.INCONSISTENT: _inconsistent,
    End.TIMED_OUT: _timed_out,
    End.INTERRUPTED: _interrupted,
    End.NOT_FOUND: _not_found,
    End.GONE: _gone,
    End.NO_ANSWER: _no_answer,
    End.UNAUTHENTICATED: _rejected,
    End.NO_SUCH_API: _no_such_api,
    End.REQUEST_REFUSED: _refused,
}


def _named(job_id: str, job: Job | None) -> str:
    kind = job.job_type if job and job.job_type else None
    return f"{short(job_id)} ({kind})" if kind else short(job_id)


def _cause(outcome: Outcome) -> str:
    return (outcome.error.cause if outcome.error else "") or _NO_REASON


def _state(outcome: Outcome) -> list[str]:
    """The last state, as lines. Empty for a job that no response has shown."""
    job = outcome.job
    if job is None:
        return []
    total = max(job.sub_jobs_total or 0, len(job.sub_jobs))
    done = sum(state_of(child) is State.SUCCESS for child in job.sub_jobs)
    things = "servers" if creates_servers(job) else "sub-jobs"
    count = f", {done} of {total} {things} done" if total else ""
    payment = ", the order waits for payment" if job.known_status is JobStatus.PENDING_PAYMENT else ""
    parts = job.descendants()
    if outcome.end is End.INTERRUPTED:
        # After an interrupt of a thousand waits, a line for each running sub-job would be too much.
        parts = [part for part in parts if state_of(part) is not State.MOVING]
    return [f"Last state: {job.status}{count}{payment}", *_tree(parts), *_servers_so_far(job)]


def _why(record: Record, *, with_hint: bool) -> str:
    known = error_codes.lookup(record.error_code)
    text = record.failure_text or (known.meaning if known else None)
    words = " ".join(part for part in (record.error_code, text) if part)[:LONGEST_REASON]
    hint = known.hint if known and with_hint else ""
    return f"{words.rstrip('.')}: {hint}" if hint else words


def _tree(parts: Sequence[Record]) -> list[str]:
    good = [part for part in parts if state_of(part) is State.SUCCESS]
    failing = [part for part in parts if _has_failed(part)]
    moving = [part for part in parts if state_of(part) is State.MOVING]
    folded = [] if len(good) <= MOST_OK_LINES else good
    left_out = {id(part) for part in (*folded, *failing[MOST_OTHER_LINES:], *moving[MOST_OTHER_LINES:])}
    lines = [_line(part) for part in parts if id(part) not in left_out]
    more = [_more("FAIL", len(failing)), _more("... ", len(moving))]
    return [*([f"  ok    {len(good)} sub-jobs"] if folded else []), *lines, *filter(None, more)]


def _more(mark: str, count: int) -> str:
    return f"  {mark}  {count - MOST_OTHER_LINES} more sub-jobs" if count > MOST_OTHER_LINES else ""


def _line(part: Record) -> str:
    match state_of(part):
        case State.SUCCESS:
            took = show(part.duration_seconds) if part.duration_seconds is not None else ""
            servers = " ".join(f"server {server_id}" for server_id in part.own_server_ids)
            return "  ".join(word for word in ("  ok    " + short(part.job_id), servers, took) if word)
        case State.FAIL | State.PRESUMED_FAIL:
            named = "".join(f"  server {server_id}" for server_id in part.own_server_ids)
            return f"  FAIL  {short(part.job_id)}{named}  {_why(part, with_hint=True) or _NO_REASON}"
    return f"  ...   {short(part.job_id)}  {part.status or 'no status'}"


def _survivors(job: Job) -> list[str]:
    text = survivors_text(survivors(job))
    return [text] if text else []


def _servers_so_far(job: Job) -> list[str]:
    # The job may still succeed, so no text advises to delete anything.
    named = survivors(job)
    return [f"Servers reported so far: {_listed(named)}"] if named else []


def _lines(*lines: str) -> str:
    return "\n".join(line for line in lines if line)
