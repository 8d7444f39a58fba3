"""`VolumeAttachment`: an EVS disk attached to a server."""

from __future__ import annotations

from typing import Any, Unpack

import pulumi

from pulumi_bms.lifecycle.config_warnings import warn_of_config
from pulumi_bms.lifecycle.connection_args import ResourceArgs, connection_props
from pulumi_bms.lifecycle.resource import BmsResource, ProviderName


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
        **args: Unpack[ResourceArgs],
    ) -> None:
        """Attach a disk.

        :param resource_name: the resource's name in the stack.
        :param server_id: the server.
        :param volume_id: the disk: available, of the SCSI device type, and in the server's availability zone.
        :param device: the device name to ask for, such as `/dev/sdb`. By default the cloud takes the next name.
        :param args: the API, and Pulumi's options: see `ResourceArgs`.
        """
        opts, where = args.get("opts"), connection_props("VolumeAttachment", args)
        warn_of_config()
        inputs: dict[str, Any] = {
            "server_id": server_id,
            "volume_id": volume_id,
            "device": device,
            **where,
        }
        super().__init__(ProviderName("VolumeAttachment"), resource_name, ("job_id", "device"), inputs, opts)
