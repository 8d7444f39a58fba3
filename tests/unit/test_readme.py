"""What the README promises is there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from bms_simulator import SCENARIOS
from pulumi_bms import settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


class Recorded(Mapping[str, str]):
    """A config, and an environment, that notes what it is asked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values_by_name = values
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return self.values_by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_by_name)

    def __len__(self) -> int:
        return len(self.values_by_name)


def names_read() -> set[str]:
    # All from one source, then all from the other: what one has is not looked for in the next.
    configured = {"bms:endpoint": "https://bms.example.com", "bms:projectId": "p", "bms:token": "t"}
    exported = {"BMS_ENDPOINT": "https://bms.example.com", "HW_PROJECT_ID": "p", "HW_AUTH_TOKEN": "t"}
    asked: set[str] = set()
    for config_values, environ_values in ((configured, {}), ({}, exported)):
        config, environ = Recorded(config_values), Recorded(environ_values)
        settings.load({}, config.get, environ)
        asked |= config.asked | environ.asked
    return asked


def test_every_scenario_is_listed_and_no_other() -> None:
    """The table of scenarios is the simulator's."""
    table = README.split("| scenario | what happens |")[1].split("\n\n")[0]
    rows = re.findall(r"^\| `([^`]+)` \| (.+) \|$", table, re.MULTILINE)
    assert rows == [(scenario.name, scenario.shows) for scenario in SCENARIOS.values()]


def test_every_setting_is_listed() -> None:
    """Each config key and variable that the settings read is in the README."""
    assert {name for name in names_read() if f"`{name}`" not in README} == set()


WAYS_TO_SIGN_IN = [
    (kind, clouds)
    for kind, *clouds in re.findall(r"^\| ([a-z ]+) \|.*\| `export (.+)` \| `export (.+)` \|$", README, re.MULTILINE)
]


@pytest.mark.parametrize(("kind", "examples"), WAYS_TO_SIGN_IN, ids=[kind for kind, _ in WAYS_TO_SIGN_IN])
def test_each_way_to_sign_in_works_as_written(kind: str, examples: list[str]) -> None:
    """The variables of each example are all that it takes, for Huawei Cloud and for Open Telekom Cloud."""
    hosts = ("https://bms.cn-north-4.myhuaweicloud.com", "https://bms.eu-de.otc.t-systems.com")
    for example, endpoint in zip(examples, hosts, strict=True):
        environ = dict(pair.split("=", 1) for pair in example.split())
        found = settings.load({}, Recorded({}).get, environ)
        assert found.endpoint == endpoint
        assert found.credential.kind == kind.removeprefix("temporary ")
        assert found.credential.source in environ
        assert found.iam_endpoint == endpoint.replace("bms.", "iam.", 1)
        assert found.project_name == endpoint.split(".")[1]


def test_every_way_to_sign_in_has_its_examples() -> None:
    """The table has a row for each kind of credential."""
    assert [kind for kind, _ in WAYS_TO_SIGN_IN] == ["access key", "temporary access key", "user", "token"]


def test_what_the_settings_read_is_seen() -> None:
    """The test above is about all settings, those of the environment too."""
    assert {"bms:region", "bms:maxRequestsPerMinute", "HW_AUTH_TOKEN", "HW_PROJECT_ID", "BMS_ENDPOINT"} <= names_read()


def test_the_line_against_the_traceback_is_that_of_the_example() -> None:
    """The message that Pulumi's interrupt leaves behind has beside it the line that the example has against it."""
    (line,) = re.findall(
        r"^ *(signal\.signal\(.+\))$", (ROOT / "__main__.py").read_text(encoding="utf-8"), re.MULTILINE
    )
    (row,) = re.findall(r"^\| `KeyboardInterrupt`.*$", README, re.MULTILINE)
    assert f"`{line}`" in row


@pytest.mark.parametrize("target", ["up", "test"])
def test_the_first_two_commands_are_there(target: str) -> None:
    """Whoever tries it finds the two commands that need no cloud, as lines to copy."""
    assert re.search(rf"^make {target}\b", README, re.MULTILINE)


@pytest.mark.parametrize("target", sorted(set(re.findall(r"(?:`|^)make ([a-z0-9]+)", README, re.MULTILINE))))
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
