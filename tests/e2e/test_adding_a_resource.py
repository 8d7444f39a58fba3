"""The resource of docs/adding-a-resource.md, which uses the shared parts of this package's resources."""

from __future__ import annotations

import re

from bms_simulator import Simulator
from tests.e2e.conftest import ROOT, Stack

MOST_LINES = 40
PAGE = (ROOT / "docs" / "adding-a-resource.md").read_text(encoding="utf-8")
PROGRAM = """
    import pulumi
    from bms_simulator import sample_order
    from fleet import Fleet

    web = Fleet("web", body=sample_order("web", 2))
    pulumi.export("server_ids", web.server_ids)
"""


def test_a_resource_of_forty_lines(stack: Stack, simulator: Simulator) -> None:
    """The resource of the documentation page orders once, waits, and returns the servers, on each host."""
    (module,) = re.findall(r"^```python\n(.+?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert len(module.splitlines()) <= MOST_LINES
    (stack.folder / "fleet.py").write_text(module)
    stack.program(PROGRAM)
    stack.preview().ok()
    assert simulator.count("POST") == 0
    stack.up().ok()
    assert len(stack.outputs()["server_ids"]) == 2
    requests = len(simulator.requests)
    stack.up().ok()
    stack.refresh().ok()
    stack.destroy().ok()
    assert (simulator.count("POST"), len(simulator.requests)) == (1, requests)
