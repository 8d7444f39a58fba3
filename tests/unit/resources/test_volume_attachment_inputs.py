"""Inputs that `VolumeAttachment` refuses offline, and inputs that replace."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.dynamic import Config, ConfigureRequest
from pulumi.output import UNKNOWN

from pulumi_bms.resources.volume_attachment_inputs import problems
from pulumi_bms.resources.volume_attachment_provider import VolumeAttachmentProvider

GOOD = {"server_id": "4a5c8e4e-6a0a-4a6a-9a33-0f2d0a2b8a11", "volume_id": "b53f23bd-ee8f-49ec-9420-d1acfeaf91d4"}
PAGE = "BMS API reference, Attaching an EVS Disk to a BMS"

BROKEN = [
    (f"{PAGE}, table 1, server_id", "server_id", ["", " ", "a/b", "..", "a b", "a?b", 3.0, None]),
    (f"{PAGE}, table 2, volumeId", "volume_id", ["", "a/b", "x" * 129, ["a"], None]),
    (f"{PAGE}, table 2, device", "device", ["", "sdb", "/dev/vdb", "/dev/sdb1", "/dev/sd", 1.0, {}]),
]


@pytest.mark.parametrize(("page", "path", "values"), BROKEN, ids=lambda part: part if isinstance(part, str) else "")
def test_a_broken_rule_is_told_by_its_property(page: str, path: str, values: list[object]) -> None:
    """Ids must be valid ids, because ids become parts of an address. A device must have a SCSI name."""
    assert page
    for value in values:
        expected = [] if path == "device" and value is None else [path]
        assert [problem.path for problem in problems({**GOOD, path: value})] == expected


@pytest.mark.parametrize("device", [None, "/dev/sda", "/dev/sdz", "/dev/sdab", UNKNOWN])
def test_good_inputs_pass(device: object) -> None:
    """Valid devices and unknown values are accepted."""
    assert problems({**GOOD, "device": device}) == []
    assert problems(dict.fromkeys(GOOD, UNKNOWN)) == []


def test_the_provider_checks_by_these_rules() -> None:
    """The texts of a check name the property and the valid value."""
    provider = VolumeAttachmentProvider()
    provider.configure(ConfigureRequest(Config({}, "project")))
    reasons = [failure.reason for failure in provider.check({}, {"volume_id": "v", "device": "sdb"}).failures]
    assert reasons == [
        "server_id is missing: write the server's id, such as an item of Servers.server_ids",
        "device must be a SCSI device name: write a name such as /dev/sdb, or leave the property out",
    ]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, ()),
        ({"device": "/dev/sdc"}, ()),
        ({"device": "/dev/sdd"}, ("device",)),
        ({"device": UNKNOWN}, ("device",)),
        ({"server_id": "other"}, ("server_id",)),
        ({"volume_id": UNKNOWN}, ("volume_id",)),
        ({"region": "elsewhere"}, ()),
        ({"device": "/dev/sdb"}, ()),
    ],
)
def test_what_replaces(change: dict[str, Any], expected: tuple[str, ...]) -> None:
    """The requested device and the actual device are no change. Any further device, or a new server, replaces."""
    olds = {**GOOD, "device": "/dev/sdc", "requested_device": "/dev/sdb"}
    result = VolumeAttachmentProvider().diff("id", olds, {**GOOD, **change})
    assert tuple(result.replaces or ()) == expected
    # A disk has one server: the disk is detached first.
    assert bool(result.delete_before_replace) is bool(expected)
