"""Inputs of `Servers` as received by the plugin process: numbers are floats, and nothing is None."""

from __future__ import annotations

from typing import Any

LEAST: dict[str, Any] = {
    "flavor_id": "physical.s3.large",
    "image_id": "1fb1bfa5-cc8b-4f63-bd4e-4fc6a3b4a5f0",
    "availability_zone": "cn-north-4a",
    "vpc_id": "0dae26c9-9a70-4392-93f3-87d53115d171",
    "nics": [{"subnet_id": "157ee789-03ea-45b1-a698-76c92660dd83"}],
    "name": "web",
    "count": 1.0,
    "key_pair": "deploy",
}

OWN_EIP: dict[str, Any] = {
    "iptype": "5_bgp",
    "eip_charge_mode": "postPaid",
    "sharetype": "PER",
    "bandwidth_size": 10.0,
    "bandwidth_charge_mode": "traffic",
}

PREPAID: dict[str, Any] = {"charging_mode": "prePaid", "period_unit": "month", "period": 9.0, "auto_renew": True}

EVERYTHING: dict[str, Any] = {
    **LEAST,
    **OWN_EIP,
    **PREPAID,
    "name": "web",
    "count": 3.0,
    "nics": [
        {
            "subnet_id": "157ee789-03ea-45b1-a698-76c92660dd83",
            "allowed_address_pairs": [{"ip_address": "192.168.0.0/24", "mac_address": "fa:16:3e:00:00:01"}],
        },
        {"subnet_id": "257ee789-03ea-45b1-a698-76c92660dd83"},
    ],
    "user_data": "#!/bin/sh\necho grüße\n",
    "user_id": "59781460698d496b9a9b8a5d9d3c0a4d",
    "security_groups": ["red", "blue"],
    "system_disk_type": "SSD",
    "system_disk_size": 100.0,
    "system_disk_dss_pool_id": "pool",
    "system_disk_kms_key_id": "key-0",
    "data_disks": [
        {"type": "SAS", "size": 10.0, "shareable": True},
        {"type": "SAS", "size": 32768.0, "dss_pool_id": "pool", "kms_key_id": "key-1"},
    ],
    "tags": {"team": "web", "empty": ""},
    "metadata": {"role": "front.end", "a:b_c-d": "anything = goes"},
    "agency_name": "backup",
    "enterprise_project_id": "0",
    "scheduler_hints": {"dec_baremetal": "dedicate"},
    "metadata_options": {"http_endpoint": "enabled", "http_tokens": "required"},
    "byol": True,
    "unsubscribe_on_delete": True,
    "delete_eip_on_delete": True,
    "delete_data_volumes_on_delete": False,
    "triggers": ["v1"],
    "power": "on",
    "reboot_triggers": ["v1"],
    "reinstall_triggers": ["v1"],
    "max_unavailable": 2.0,
}
