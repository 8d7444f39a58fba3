"""Polling of jobs."""

from __future__ import annotations

from bms_simulator.cloud.call import Call
from bms_simulator.cloud.cloud import Cloud
from bms_simulator.cloud.operations.create import place_create
from bms_simulator.cloud.orders import read_create_order, sample_order
from bms_simulator.http.responses import Response
from bms_simulator.scenarios.catalogue import scenario_of_job

READY_MADE_SERVERS = 3


def poll(cloud: Cloud, call: Call) -> Response:
    """GET jobs/{job_id}."""
    job_id = call.names["job_id"]
    if job_id not in cloud.jobs and (scenario := scenario_of_job(job_id)):
        body = sample_order(scenario.name, READY_MADE_SERVERS)
        order = read_create_order(body, cloud.catalogue, cloud.behaviour)
        place_create(cloud, job_id, order, scenario, call.moment)
    return cloud.jobs.poll(job_id, call.moment)
