"""Notes and errors of previews, by scenario of the simulator. Run as a program, the module prints the cases as JSON."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from pulumi.dynamic import Config, ConfigureRequest

from bms_simulator import AccessKey, Account, Accounts, Project, Simulator
from pulumi_bms.operation import ExpectedError, Operation, running
from pulumi_bms.resources.job_completion_provider import JobCompletionProvider
from pulumi_bms.resources.job_completions_provider import JobCompletionsProvider

_JOBS = ("stuck.1", "invisible.1", "unpaid-forever.1", "failed", "open", "incomplete", "forbidden.1", "empty.1")
_PART = {"job_type": "baremetalSingleCreate", "entities": {"server_id": "server-1"}}


def _job(job_id: str, status: str, part: str, total: int = 1) -> dict[str, Any]:
    sub_job = {**_PART, "job_id": "part-1", "status": part, "error_code": "BMS.3037" if part == "FAIL" else None}
    entities = {"sub_jobs_total": total, "sub_jobs": [sub_job]}
    return {"job_id": job_id, "job_type": "baremetalBatchCreate", "status": status, "entities": entities}


def cases() -> Iterator[tuple[str, str]]:
    """All previews."""
    yield "preview: no settings", _preview({}, "stuck.1")
    with Simulator() as simulator:
        simulator.add_job("failed", [_job("failed", "FAIL", "FAIL")])
        simulator.add_job("open", [_job("open", "FAIL", "RUNNING")])
        simulator.add_job("incomplete", [_job("incomplete", "SUCCESS", "SUCCESS", 2)])
        config = {"endpoint": simulator.endpoint, "projectId": simulator.project_id, "token": simulator.token}
        for job_id in _JOBS:
            yield f"preview: {job_id}", _masked(_preview(config, job_id), simulator)
        yield "preview: a wrong token", _masked(_preview({**config, "token": "wrong"}, "stuck.1"), simulator)
        yield from _by_name()
        many = JobCompletionsProvider()
        many.configure(_configured(config))
        yield (
            "preview: one of two jobs",
            _masked(_messages(many, {"job_ids": {"a": "quick.1", "b": "stuck.2"}}), simulator),
        )


def _by_name() -> Iterator[tuple[str, str]]:
    """Projects by name."""
    projects = (Project("p", "cn-north-4"), Project("1", "twice"), Project("2", "twice"))
    account = Account("acme", projects, (), (AccessKey("AK", "SK"), AccessKey("AKD", "SKD", denied=True)))
    with Simulator(accounts=Accounts((account,))) as simulator:
        places = {"endpoint": simulator.endpoint, "iamEndpoint": simulator.endpoint}
        keys = {"right": ("AK", "SK"), "denied": ("AKD", "SKD")}
        for name, key in (("other", "right"), ("twice", "right"), ("cn-north-4", "denied")):
            access, secret = keys[key]
            config = {**places, "projectName": name, "accessKey": access, "secretKey": secret}
            yield f"preview: project {name}, {key} key", _masked(_preview(config, "stuck.1"), simulator)


def _configured(config: Mapping[str, str]) -> ConfigureRequest:
    return ConfigureRequest(Config({f"bms:{key}": value for key, value in config.items()}, "project"))


def _preview(config: Mapping[str, str], job_id: str) -> str:
    provider = JobCompletionProvider()
    provider.configure(_configured(config))
    return _messages(provider, {"job_id": job_id})


def _messages(provider: JobCompletionProvider | JobCompletionsProvider, inputs: dict[str, object]) -> str:
    lines: list[str] = []
    with running(Operation(preview=True, note=lines.append)):
        try:
            provider.create(inputs)
        except ExpectedError as error:
            lines.append(str(error))
    return "\n".join(lines)


def _masked(text: str, simulator: Simulator) -> str:
    known = text.replace(simulator.endpoint, "https://bms.example.com").replace(simulator.project_id, "p")
    known = re.sub(r"request id [0-9a-f]{32}", "request id req-1", known)
    known = re.sub(r"\b[0-9a-f]{4}\.\.\.[0-9a-f]{4}\b", "2c9e...2b61", known)
    return re.sub(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "bae51750-0089-41a1-9b18-5c777978ff6d", known)


if __name__ == "__main__":
    json.dump(list(cases()), sys.stdout)
