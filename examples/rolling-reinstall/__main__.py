"""Five servers of a cluster. Another value of `generation` reinstalls the servers, one at a time."""

import pulumi

from pulumi_bms import Servers

config = pulumi.Config()

cluster = Servers(
    "cluster",
    count=5,
    flavor_id="physical.s3.large",
    image_id="1a2b8c9f-4f0e-4f7a-9a4e-2f5b6d7c8e90",
    availability_zone="cn-north-4a",
    vpc_id="b2f7a0d4-6c1b-4a53-8a3d-0d9c5e6f7a81",
    nics=[{"subnet_id": "5e1f9c62-70a4-4a0e-8a6c-8d1b2c3d4e5f"}],
    key_pair="deploy",
    user_id="8ea65f4099ba412883e2a0da72b96873",
    on_image_change="reinstall",
    reinstall_triggers=config.get("generation"),
    # At most one server is down while the others work.
    max_unavailable=1,
)
pulumi.export("server_ids", cluster.server_ids)
