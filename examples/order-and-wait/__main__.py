"""Orders two servers, and waits until each of them runs."""

import signal

import pulumi

from pulumi_bms import JobCompletion, JobSubmission

# No traceback after a failed `pulumi up`.
signal.signal(signal.SIGINT, signal.SIG_DFL)

SERVERS = 2
server = {
    "name": "web",
    "count": SERVERS,
    "flavorRef": "physical.s3.large",
    "imageRef": "1a2b8c9f-4f0e-4f7a-9a4e-2f5b6d7c8e90",
    "availability_zone": "cn-north-4a",
    "vpcid": "b2f7a0d4-6c1b-4a53-8a3d-0d9c5e6f7a81",
    "nics": [{"subnet_id": "5e1f9c62-70a4-4a0e-8a6c-8d1b2c3d4e5f"}],
    "key_name": "deploy",
    "metadata": {"op_svc_userid": "8ea65f4099ba412883e2a0da72b96873"},
    "extendparam": {"chargingMode": "postPaid"},
}
# The order is one request. The API answers with the id of a job.
order = JobSubmission("order", path="baremetalservers", body={"server": server})
web = JobCompletion("web", job_id=order.job_id, expected_servers=SERVERS)

pulumi.export("server_ids", web.server_ids)
