"""What a run on Pulumi's own host for dynamic resources is told."""

from __future__ import annotations

import pytest

from pulumi_bms.lifecycle.provider import stock_host_hint

WORK_DIR = "`work_dir` that has a Pulumi.yaml"
INSTALL = "`python -m pulumi_bms.host install`"


@pytest.mark.parametrize(
    ("environment", "system", "expected"),
    [
        ({}, "posix", f"; {INSTALL} puts a better one in place"),
        ({"PULUMI_AUTOMATION_API": "false"}, "posix", f"; {INSTALL} puts a better one in place"),
        (
            {"PULUMI_AUTOMATION_API": "true"},
            "posix",
            f"; the Automation API can use a better one by a {WORK_DIR}, after {INSTALL} in that folder",
        ),
        ({}, "nt", ""),
        ({"PULUMI_AUTOMATION_API": "true"}, "nt", ""),
    ],
)
def test_the_hint_sends_people_where_the_way_works(environment: dict[str, str], system: str, expected: str) -> None:
    """A program of the Automation API without a `work_dir` has no project to install into, and Windows no launcher."""
    _, kept, way = stock_host_hint(environment, system).partition("is not kept in the state")
    assert (kept, way) == ("is not kept in the state", expected)
