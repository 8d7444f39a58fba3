"""`pulumi up` with all kinds of API responses."""

from __future__ import annotations

from bms_simulator import Simulator
from tests.e2e.conftest import Stack, on_both_hosts

ORDER = """
    import pulumi
    from pulumi_bms import JobCompletion, JobSubmission
    from bms_simulator import sample_order

    order = JobSubmission("order", path="baremetalservers", body=sample_order({name!r}, {count}))
    done = JobCompletion("done", job_id=order.job_id)
    pulumi.export("server_ids", done.server_ids)
    pulumi.export("job_id", order.job_id)
"""
WAIT = """
    import pulumi
    from pulumi_bms import JobCompletion

    for job_id in {job_ids!r}:
        done = JobCompletion(job_id, job_id=job_id)
        pulumi.export(job_id, done.server_ids)
        pulumi.export(job_id + ":status", done.status)
        pulumi.export(job_id + ":last", done.sub_jobs.apply(lambda parts: parts[-1].status if parts else None))
"""


@on_both_hosts
def test_server_ids_are_outputs_once_all_have_succeeded(stack: Stack, simulator: Simulator) -> None:
    """An order of three servers has the ids of three servers as outputs, with a single POST."""
    stack.program(ORDER.format(name="web", count=3))
    stack.up().ok()
    assert stack.outputs()["server_ids"] == [server.id for server in simulator.world.servers]
    assert len(stack.outputs()["server_ids"]) == 3
    assert simulator.count("POST") == 1


def test_odd_but_good_responses_end_well(stack: Stack) -> None:
    """`pulumi up` waits for late and missing sub-jobs, and reads every shape of real responses."""
    counts = {
        "late-child": 3,
        "short-list": 3,
        "no-sub-jobs": 1,
        "entities-list": 3,
        "nested": 3,
        "top-level": 3,
        "odd-case": 3,
        "success-with-code": 3,
        "flaky": 3,
        "html": 3,
        "throttled": 3,
    }
    stack.program(WAIT.format(job_ids=list(counts)))
    stack.up("--parallel", "20").ok()
    outputs = stack.outputs()
    assert {job_id: len(set(outputs[job_id])) for job_id in counts} == counts
    assert {outputs[f"{job_id}:status"] for job_id in counts} == {"SUCCESS"}
    assert {outputs.get(f"{job_id}:last") for job_id in counts} == {"SUCCESS", None}


@on_both_hosts
def test_a_failed_job_is_told_as_a_tree(stack: Stack) -> None:
    """The error of a failed job has the codes, every sub-job, and the existing servers. The exit code is not 0."""
    stack.program(ORDER.format(name="fail-one", count=3))
    output = stack.up().failed().output
    assert "(baremetalBatchCreate) FAILED after " in output
    assert ": BMS.3004 " in output
    assert output.count("  ok    ") == 2
    assert "  FAIL  " in output
    assert "BMS.3037 " in output
    assert "try another flavor or availability zone" in output
    assert "2 servers were reported by their sub-jobs, and may exist and be billed" in output
    assert "Traceback" not in output
    assert "KeyboardInterrupt" not in output


def test_a_parent_that_lies_is_a_failure(stack: Stack) -> None:
    """A job with SUCCESS and a failed sub-job fails."""
    stack.program(WAIT.format(job_ids=["liar"]))
    output = stack.up().failed().output
    assert "a sub-job failed" in output
    assert "  FAIL  " in output


MANY = """
    import pulumi
    from pulumi_bms import JobCompletions

    jobs = JobCompletions("jobs", job_ids={job_ids!r})
    pulumi.export("server_ids", jobs.server_ids)
"""


def test_many_jobs_are_one_resource(stack: Stack, simulator: Simulator) -> None:
    """A changed map waits only for the new jobs, in place. Finished jobs are not polled. All failures are reported."""
    stack.program(MANY.format(job_ids={"web": "ok.1", "db": "ok.2"}))
    stack.up().ok()
    assert {key: len(result) for key, result in stack.outputs()["server_ids"].items()} == {"web": 3, "db": 3}
    asked = len(simulator.requests)

    stack.program(MANY.format(job_ids={"web": "ok.1", "cache": "quick.1"}))
    assert "1 updated" in stack.up().ok().output
    assert {key: len(result) for key, result in stack.outputs()["server_ids"].items()} == {"web": 3, "cache": 3}
    assert {request.path.rsplit("/", 1)[1] for request in simulator.requests[asked:]} == {"quick.1"}

    stack.program(MANY.format(job_ids={"web": "ok.1", "bad": "fail-one.1", "worse": "fail.1"}))
    output = stack.up().failed().output
    assert "2 of 3 jobs did not succeed" in output
    assert "bad: job fail-one.1 (baremetalBatchCreate) FAILED" in output
    assert "worse: job fail.1 (baremetalBatchCreate) FAILED" in output
