"""The words for how a wait ended: complete, and the same on every host."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pulumi_bms.api import error_codes
from pulumi_bms.api.errors import ApiError
from pulumi_bms.api.models.job import Job, JobStatus, Record
from pulumi_bms.messages.durations import show
from pulumi_bms.waiting.outage import VISIBILITY_TIME
from pulumi_bms.waiting.outcome import End, Outcome
from pulumi_bms.waiting.success_rule import State, creates_servers, state_of, survivors

MOST_OK_LINES = 5
"""The most succeeded sub-jobs with a line each. More fold into one line."""

MOST_OTHER_LINES = 50
"""The most failed sub-jobs with a line each. The same number applies to running sub-jobs."""
MOST_SERVERS = 200
"""The most servers in a text. The state has all servers."""
LONGEST_REASON = 2000
"""The most characters of the API's text about one failure."""

_RUN_AGAIN = "run `pulumi up` again to go on waiting"
GO_ON = f"the job goes on in the cloud: {_RUN_AGAIN}"
NO_SUCH_API = "the address has no Job API"
_NO_REASON = "no reason was given"
_RECORDS = "the cloud keeps the records of ended jobs for about a day"


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
    head = f"job {job_id} is not waited for to its end{f'; it {trouble}' if trouble else ''}: run `pulumi up`"
    return head if job is None else _lines(head, *_tree(job.descendants()), *_servers_so_far(job))


def _has_failed(record: Record) -> bool:
    return state_of(record) in (State.FAIL, State.PRESUMED_FAIL)


def _after_failure(job_id: str) -> str:
    return (
        f"`pulumi up` tells this again until job_id (now {job_id}) is another one: "
        "to submit again, change the submission's `triggers`"
    )


def _after_part(job_id: str) -> str:
    return f"parts of the job may still run in the cloud: {_RUN_AGAIN} for job {job_id}"


def describe_outcome(outcome: Outcome) -> str:
    """The report of any outcome but success."""
    if outcome.end is End.FAILED and outcome.job is not None:
        is_final = outcome.judgement is not None and outcome.judgement.is_final_failure
        return failed(outcome.job_id, outcome.job, outcome.elapsed, is_final=is_final)
    head, next_step = _WORDS[outcome.end](outcome)
    job = outcome.job
    if job is None:
        return _lines(head, next_step)
    parts = job.descendants()
    if outcome.end is End.INTERRUPTED:
        # After an interrupt of a thousand waits, a line for each running sub-job would be too much.
        parts = [part for part in parts if state_of(part) is not State.MOVING]
    return _lines(head, *_tree(parts), *_servers_so_far(job), next_step)


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
        head = "1 server was reported by its sub-job and may exist and be billed; check and delete it: "
    else:
        head = (
            f"{len(server_ids)} servers were reported by their sub-jobs and may exist and be billed; "
            "check and delete them: "
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
        "; `pulumi refresh` and `pulumi destroy` use the config of the last `pulumi up`: if the credential was "
        "replaced since, give the new one by the environment, or add `--run-program`"
    )


def _inconsistent(outcome: Outcome) -> tuple[str, str]:
    head = (
        f"job {_named(outcome.job_id, outcome.job)} is inconsistent after {show(outcome.elapsed)}: its status is "
        f"{JobStatus.SUCCESS}, but {outcome.because} (rule {outcome.rule} of the success rule), and nothing changed"
    )
    return head, f"look the job {outcome.job_id} up in the cloud's console; `pulumi up` polls the job again"


def _timed_out(outcome: Outcome) -> tuple[str, str]:
    trouble = ""
    if outcome.error:
        since = f"no usable response from the API for {show(outcome.outage)}" if outcome.outage else "the last poll got"
        trouble = f"; {since}: {outcome.error.reason}"
    unmet = f"; {outcome.because}" if outcome.because else ""
    head = f"job {_named(outcome.job_id, outcome.job)} did not finish within {show(outcome.timeout)}: "
    next_step = f"{GO_ON} for job {outcome.job_id}, or allow more time with custom_timeouts"
    return head + _state(outcome) + unmet + trouble, next_step


def interrupted(job_id: str) -> str:
    """The reason of an interrupted wait."""
    return f"interrupted; job {job_id} goes on in the cloud: {_RUN_AGAIN}"


def _interrupted(outcome: Outcome) -> tuple[str, str]:
    return interrupted(outcome.job_id), _state(outcome)


def _not_found(outcome: Outcome) -> tuple[str, str]:
    return (
        f"job {outcome.job_id} was not found, even {show(VISIBILITY_TIME)} after the first poll: {_messages(outcome)}",
        f"check job_id, region and project: a job is known only where it was submitted, and {_RECORDS}",
    )


def _gone(outcome: Outcome) -> tuple[str, str]:
    return (
        f"the record of job {_named(outcome.job_id, outcome.job)} is gone: {_messages(outcome)}; {_state(outcome)}",
        f"{_RECORDS}: check in the console how job {outcome.job_id} ended",
    )


def _no_answer(outcome: Outcome) -> tuple[str, str]:
    return (
        _trouble(outcome, f"no usable response from the API for {show(outcome.outage)}"),
        f"check endpoint and network; {GO_ON} for job {outcome.job_id}",
    )


def _rejected(outcome: Outcome) -> tuple[str, str]:
    return (
        _trouble(outcome, "the API does not accept the credential"),
        f"give a fresh credential; {GO_ON} for job {outcome.job_id}",
    )


def _no_such_api(outcome: Outcome) -> tuple[str, str]:
    return (
        _trouble(outcome, NO_SUCH_API),
        f"check endpoint and region; once that is mended, {_RUN_AGAIN} for job {outcome.job_id}",
    )


def _refused(outcome: Outcome) -> tuple[str, str]:
    return (
        _trouble(outcome, "the API refused to tell"),
        f"once that is mended, {_RUN_AGAIN} for job {outcome.job_id}",
    )


def _trouble(outcome: Outcome, what: str) -> str:
    return f"job {_named(outcome.job_id, outcome.job)}: {what}: {_messages(outcome)}; {_state(outcome)}"


_WORDS: dict[End, Callable[[Outcome], tuple[str, str]]] = {
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


def _messages(outcome: Outcome) -> str:
    return str(outcome.error) if outcome.error else _NO_REASON


def _state(outcome: Outcome) -> str:
    job = outcome.job
    if job is None:
        return "no state of it is known"
    total = max(job.sub_jobs_total or 0, len(job.sub_jobs))
    done = sum(state_of(child) is State.SUCCESS for child in job.sub_jobs)
    things = "servers" if creates_servers(job) else "sub-jobs"
    payment = ", the order waits to be paid" if job.known_status is JobStatus.PENDING_PAYMENT else ""
    return f"last state {job.status}" + (f", {done} of {total} {things} done" if total else "") + payment


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
    return [f"servers reported so far: {_listed(named)}"] if named else []


def _lines(*lines: str) -> str:
    return "\n".join(line for line in lines if line)
