"""What the README promises is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bms_simulator import SCENARIOS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_scenario_is_listed_and_no_other() -> None:
    """The table of scenarios is the simulator's."""
    table = README.split("| scenario | what happens |")[1].split("\n\n")[0]
    assert re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE) == list(SCENARIOS)


def test_every_setting_is_listed() -> None:
    """Each config key and variable that the settings read is in the README."""
    source = (ROOT / "provider" / "pulumi_bms" / "settings.py").read_text(encoding="utf-8")
    variables = set(re.findall(r"environ\.get\(\"([A-Z_]+)\"", source))
    assert variables
    for name in (*variables, "bms:endpoint", "bms:region", "bms:projectId", "bms:token", "bms:maxRequestsPerMinute"):
        assert f"`{name}`" in README, name


@pytest.mark.parametrize("target", sorted(set(re.findall(r"`make ([a-z0-9]+)`", README))))
def test_every_make_target_exists(target: str) -> None:
    """What the README says to make is in the Makefile."""
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\((?!http|#)([^)]+)\)", README))))
def test_every_link_leads_somewhere(link: str) -> None:
    """Relative links name files of the project."""
    assert (ROOT / link).exists()


@pytest.mark.parametrize("anchor", sorted(set(re.findall(r"\]\(#([^)]+)\)", README))))
def test_every_anchor_is_a_heading(anchor: str) -> None:
    """Links inside the README name one of its headings."""
    headings = re.findall(r"^#+ (.+)$", README, re.MULTILINE)
    assert anchor in {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
