"""The changelog belongs to the current version."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from packaging.version import Version

import pulumi_bms

CHANGELOG = (Path(__file__).parents[2] / "CHANGELOG.md").read_text(encoding="utf-8")
HEADINGS = re.findall(r"^## (.+)$", CHANGELOG, re.MULTILINE)
RELEASES = [re.fullmatch(r"(\S+) \((\d{4}-\d{2}-\d{2})\)", heading) for heading in HEADINGS]


def test_the_first_entry_is_this_version() -> None:
    """The first entry of the changelog is the package's version."""
    first = RELEASES[0]
    assert first, HEADINGS[0]
    assert first.group(1) == pulumi_bms.__version__


def test_releases_are_in_order() -> None:
    """Releases are listed newest first, with the release date."""
    result = [(date.fromisoformat(release.group(2)), Version(release.group(1))) for release in RELEASES if release]
    assert len(result) == len(HEADINGS)
    assert result == sorted(result, reverse=True)
