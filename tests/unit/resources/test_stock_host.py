"""The hint of a run on Pulumi's host for dynamic resources."""

from __future__ import annotations

import pytest

from pulumi_bms.lifecycle.provider import stock_host_hint

WORK_DIR = "`work_dir`"
INSTALL = "`python -m pulumi_bms.host install`"


@pytest.mark.parametrize(
    ("environment", "system", "expected"),
    [
        ({}, "posix", [INSTALL]),
        ({"PULUMI_AUTOMATION_API": "false"}, "posix", [INSTALL]),
        ({"PULUMI_AUTOMATION_API": "true"}, "posix", [WORK_DIR, INSTALL]),
        ({}, "nt", []),
        ({"PULUMI_AUTOMATION_API": "true"}, "nt", []),
    ],
)
def test_the_hint_sends_people_where_the_way_works(
    environment: dict[str, str], system: str, expected: list[str]
) -> None:
    """The hint names the installation, and the `work_dir` for the Automation API. On Windows the hint names neither."""
    hint = stock_host_hint(environment, system)
    named = [name for name in (WORK_DIR, INSTALL) if name in hint]
    assert named == expected
