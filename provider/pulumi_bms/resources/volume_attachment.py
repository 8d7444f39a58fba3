"""`VolumeAttachment`: an EVS disk attached to a server."""

from __future__ import annotations

from typing import Any

import pulumi

from pulumi_bms.lifecycle.config_warnings import warn_of_config
from pulumi_bms.lifecycle.resource import BmsResource
from pulumi_bms.registry import load_provider


class VolumeAttachment(BmsResource, module="bms", name="VolumeAttachment"):
    """An EVS disk attached to a server, and detached with the resource. The id is `SERVER/VOLUME`.

    The disk is neither made nor deleted. A change of `server_id`, `volume_id` or `device` detaches the disk and
    attaches the disk again.
    """

    server_id: pulumi.Output[str]
    """The server."""
    volume_id: pulumi.Output[str]
    """The disk."""
    device: pulumi.Output[str]
    """The name in the cloud, such as /dev/sdb. The operating system's name may differ."""
    job_id: pulumi.Output[str | None]
    """The job of the attachment."""

    def __init__(
        self,
        resource_name: str,
        *,
        server_id: pulumi.Input[str],
        volume_id: pulumi.Input[str],
        device: pulumi.Input[str] | None = None,
        region: pulumi.Input[str] | None = None,
        project_id: pulumi.Input[str] | None = None,
        endpoint: pulumi.Input[str] | None = None,
        profile: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Attach a disk.

        :param resource_name: the resource's name in the stack.
        :param server_id: the server.
        :param volume_id: the disk: available, of the SCSI device type, and in the server's availability zone.
        :param device: the device name to ask for, such as `/dev/sdb`. By default the cloud takes the next name.
        :param region: the region, by default the config's.
        :param project_id: the project, by default the config's.
        :param endpoint: the address of the API, by default the config's.
        :param profile: the name of a profile in the config, `bms:profiles.PROFILE.*`, with credential, region etc.
        """
        warn_of_config()
        props: dict[str, Any] = {
            "job_id": None,
            "server_id": server_id,
            "volume_id": volume_id,
            "device": device,
            "region": region,
            "project_id": project_id,
            "endpoint": endpoint,
            "profile": profile,
        }
        super().__init__(load_provider("VolumeAttachment"), resource_name, props, opts)
