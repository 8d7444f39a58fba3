"""Orders three bare metal servers, and attaches a disk to each."""

import signal
import threading

import pulumi

from pulumi_bms import Servers, VolumeAttachment

if threading.current_thread() is threading.main_thread():
    # After a failed `pulumi up` the engine interrupts this program. Without this line Python prints a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

SERVERS = 3
config = pulumi.Config()

web = Servers(
    "web",
    count=SERVERS,
    name=config.get("serverName") or "web",
    flavor_id=config.get("flavor") or "physical.s3.large",
    image_id=config.get("image") or "1a2b8c9f-4f0e-4f7a-9a4e-2f5b6d7c8e90",
    availability_zone=config.get("zone") or "cn-north-4a",
    vpc_id=config.get("vpc") or "b2f7a0d4-6c1b-4a53-8a3d-0d9c5e6f7a81",
    nics=[{"subnet_id": config.get("subnet") or "5e1f9c62-70a4-4a0e-8a6c-8d1b2c3d4e5f"}],
    key_pair=config.get("keyPair") or "deploy",
    user_id=config.get("userId") or "8ea65f4099ba412883e2a0da72b96873",
    tags={"team": "web"},
)
for number, volume in enumerate(config.get_object("volumes") or []):
    VolumeAttachment(f"data-{number}", server_id=web.server_ids[number], volume_id=volume)

pulumi.export("server_ids", web.server_ids)
pulumi.export("servers", web.servers)
