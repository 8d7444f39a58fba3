"""Responses about jobs that create servers, and calls of `JobCompletionProvider`, for tests of a completion."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_bms.lifecycle.output_types import OUTPUTS
from pulumi_bms.operation import Outputs, PartialStateError
from pulumi_bms.resources.job_completion_provider import JobCompletionProvider

JOB = "2c9eb2c5544cbf6101544f0602af2b4f"
SHORT = 0.05
"""Seconds of a wait with a timeout: one poll at the start, one poll at the end."""


def messages(status: str, *children: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A response of the API."""
    times = {"begin_time": "2016-04-25T20:04:34.604Z", "end_time": "2016-04-25T20:08:41.593Z"}
    entities = {"sub_jobs_total": len(children), "sub_jobs": list(children)}
    return {"job_id": JOB, "job_type": "baremetalBatchCreate", "status": status, **times, "entities": entities, **more}


def created(status: str, server_id: str, **more: Any) -> dict[str, Any]:
    """A sub-job of a response."""
    fields = {"job_type": "baremetalSingleCreate", "status": status, "entities": {"server_id": server_id}}
    return {"job_id": f"making-{server_id}", **fields, **more}


DONE = messages("SUCCESS", created("SUCCESS", "b"), created("SUCCESS", "a"))
GOING = messages("RUNNING", created("SUCCESS", "b"), created("RUNNING", "a"))
DEAD = messages("FAIL", created("SUCCESS", "b"), created("FAIL", "a", error_code="BMS.3037"), error_code="BMS.3004")
LIAR = messages("SUCCESS", created("SUCCESS", "b"), created("FAIL", "a", error_code="BMS.3037"))
LATE = messages("SUCCESS", created("SUCCESS", "b"), created("RUNNING", "a"))
DYING = messages("FAIL", created("SUCCESS", "b"), created("FAIL", "a"), {**created("RUNNING", ""), "job_id": "c"})
DYING["entities"]["sub_jobs"][2]["entities"] = {}
ENDED = messages("FAIL", created("SUCCESS", "b"), created("FAIL", "a"), {**created("SUCCESS", "late"), "job_id": "c"})
STORED_SUCCESS: dict[str, Any] = {"job_id": JOB, "status": "SUCCESS", "server_ids": ["b", "a"]}


def failing(provider: JobCompletionProvider, props: dict[str, Any]) -> PartialStateError:
    """The error of a failing create."""
    with pytest.raises(PartialStateError) as caught:
        provider.create(props)
    assert caught.value.id == JOB
    assert caught.value.outputs.keys() == {"job_id", *OUTPUTS}
    return caught.value


def computed(outputs: Outputs) -> dict[str, Any]:
    """The outputs of a checkpoint."""
    return outputs() if callable(outputs) else outputs
