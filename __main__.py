"""Orders three bare metal servers, waits until they run, then attaches a volume to each."""

import signal
import threading

import pulumi

from pulumi_bms import JobCompletion, JobSubmission

if threading.current_thread() is threading.main_thread():
    # After a failed `pulumi up` the engine interrupts this program; without this line Python prints a traceback then.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

SERVERS = 3
config = pulumi.Config()

order = JobSubmission(
    "web-order",
    path="baremetalservers",
    body={
        "server": {
            "name": config.get("serverName") or "web",
            "count": SERVERS,
            "flavorRef": config.get("flavor") or "physical.s3.large",
            "imageRef": config.get("image") or "1a2b8c9f-4f0e-4f7a-9a4e-2f5b6d7c8e90",
            "availability_zone": config.get("zone") or "cn-north-4a",
            "vpcid": config.get("vpc") or "b2f7a0d4-6c1b-4a53-8a3d-0d9c5e6f7a81",
            "nics": [{"subnet_id": config.get("subnet") or "5e1f9c62-70a4-4a0e-8a6c-8d1b2c3d4e5f"}],
            "key_name": config.get("keyPair") or "deploy",
            "metadata": {"op_svc_userid": config.get("userId") or "8ea65f4099ba412883e2a0da72b96873"},
            "extendparam": {"chargingMode": "postPaid"},
        }
    },
)
web = JobCompletion("web", job_id=order.job_id, expected_servers=SERVERS)

for number, volume in enumerate(config.get_object("volumes") or []):
    server = web.server_ids[number]
    attachment = JobSubmission(
        f"data-{number}",
        path=pulumi.Output.concat("baremetalservers/", server, "/attachvolume"),
        body={"volumeAttachment": {"volumeId": volume, "device": ""}},
    )
    JobCompletion(f"data-{number}", job_id=attachment.job_id)

pulumi.export("server_ids", web.server_ids)
pulumi.export("duration_seconds", web.duration_seconds)
