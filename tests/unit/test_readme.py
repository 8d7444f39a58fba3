"""The README and the pages in docs/ match the code."""

from __future__ import annotations

import ast
import re
import runpy
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pulumi
import pytest

from bms_simulator import SCENARIOS, Catalogue, Flavor, Simulator
from pulumi_bms import settings
from pulumi_bms.config_keys import KEYS
from pulumi_bms.lifecycle.leftovers import Leftovers
from pulumi_bms.lifecycle.replacement import consequence
from pulumi_bms.messages import progress_line
from pulumi_bms.settings.variables import VARIABLES
from pulumi_bms.waiting.outcome import Progress
from tests.unit.test_mocks import Cloud

ROOT = Path(__file__).parents[2]
PAGES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in (ROOT / "README.md", ROOT / "README.zh.md", *sorted((ROOT / "docs").glob("*.md")))
}
README = PAGES["README.md"]
ALL = "\n".join(PAGES.values())
TROUBLESHOOTING = PAGES["docs/troubleshooting.md"]
MOST_LINES = 150
"""Lines of the README at most. Details are in docs/."""
PROGRAMS = [
    pytest.param(program, id=f"{name}-{number}")
    for name, page in PAGES.items()
    for number, program in enumerate(re.findall(r"^```python\n(.+?)^```$", page, re.MULTILINE | re.DOTALL))
]
PLACEHOLDERS = re.compile(r"\b(?:J|N|M|NAME|URL)\b")
"""The pages' placeholders for values in a message."""
FOREIGN_MESSAGES = {"KeyboardInterrupt"}
"""A message of Python, not of the package."""


@cache
def texts_of_the_product() -> tuple[str, ...]:
    """The lines of the golden files, and of the files of the host: no golden file has the host's texts."""
    golden = sorted((ROOT / "tests" / "data" / "messages").glob("*.txt"))
    host = (path for path in sorted((ROOT / "provider" / "pulumi_bms" / "host").iterdir()) if path.is_file())
    files = (*golden, *host, ROOT / "provider" / "pulumi_bms" / "_imports.py")
    return tuple(line for path in files for line in path.read_text(encoding="utf-8").splitlines())


def table(page: str, title: str) -> list[list[str]]:
    """The cells of all tables of a page with the title as the first column."""
    tables = re.findall(rf"^\| {title} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", page, re.MULTILINE)
    return [[cell.strip() for cell in row.split("|")[1:-1]] for rows in tables for row in rows.splitlines()]


class Recorded(Mapping[str, str]):
    """A config, or an environment, with a record of the read names."""

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
    # All settings from the config, then all from the environment: a found setting is not read from the next source.
    configured = {"bms:endpoint": "https://bms.example.com", "bms:projectId": "p", "bms:token": "t"}
    exported = {"BMS_ENDPOINT": "https://bms.example.com", "HW_PROJECT_ID": "p", "HW_AUTH_TOKEN": "t"}
    asked: set[str] = set()
    for config_values, environ_values in ((configured, {}), ({}, exported)):
        config, environ = Recorded(config_values), Recorded(environ_values)
        settings.load({}, config.get, environ)
        asked |= config.asked | environ.asked
    return asked


def test_every_scenario_is_listed_and_no_other() -> None:
    """The table of scenarios is the simulator's table."""
    listed = PAGES["docs/simulator.md"].split("| scenario | what happens |")[1].split("\n\n")[0]
    rows = re.findall(r"^\| `([^`]+)` \| (.+) \|$", listed, re.MULTILINE)
    assert rows == [(scenario.name, scenario.shows) for scenario in SCENARIOS.values()]


def test_every_setting_is_listed() -> None:
    """Each config key and variable read by the settings is in the README or in docs/."""
    variables = {variable.name for variable in VARIABLES if variable.is_read}
    names = names_read() | variables | {f"bms:{key}" for key in KEYS}
    assert {name for name in names if f"`{name}`" not in ALL} == set()


def test_the_page_of_the_configuration_has_every_setting() -> None:
    """The configuration page has every variable beside the config key."""
    rows = table(PAGES["docs/configuration.md"], "stack config")
    listed = {(re.findall(r"`(.+?)`", row[0]) or [""])[0]: set(re.findall(r"`([A-Z_]+)`", row[1])) for row in rows}
    for variable in VARIABLES:
        if variable.is_read:
            key = "" if variable.key == "cloud" else f"bms:{variable.key}"
            assert variable.name in listed[key]


WAYS_TO_SIGN_IN = [
    (kind, clouds)
    for kind, *clouds in re.findall(r"^\| ([a-z ]+) \|.*\| `export (.+)` \| `export (.+)` \|$", README, re.MULTILINE)
]


@pytest.mark.parametrize(("kind", "examples"), WAYS_TO_SIGN_IN, ids=[kind for kind, _ in WAYS_TO_SIGN_IN])
def test_each_way_to_sign_in_works_as_written(kind: str, examples: list[str]) -> None:
    """The example of each kind of sign-in works for Huawei Cloud and for Open Telekom Cloud."""
    hosts = ("https://bms.cn-north-4.myhuaweicloud.com", "https://bms.eu-de.otc.t-systems.com")
    for example, endpoint in zip(examples, hosts, strict=True):
        environ = dict(pair.split("=", 1) for pair in example.split())
        result = settings.load({}, Recorded({}).get, environ)
        assert result.endpoint == endpoint
        assert str(result.credential.name) in {f"{kind.removeprefix('temporary ')} from {name}" for name in environ}
        assert result.iam_endpoint == endpoint.replace("bms.", "iam.", 1)
        assert result.project_name == endpoint.split(".")[1]


def test_every_way_to_sign_in_has_its_examples() -> None:
    """The table has a row for each kind of credential."""
    assert [kind for kind, _ in WAYS_TO_SIGN_IN] == ["access key", "temporary access key", "user", "token"]


def test_what_the_settings_read_is_seen() -> None:
    """`names_read` finds settings of the config and of the environment."""
    assert {"bms:region", "bms:maxRequestsPerMinute", "HW_AUTH_TOKEN", "HW_PROJECT_ID", "BMS_ENDPOINT"} <= names_read()


def test_the_line_against_the_traceback_is_that_of_the_example() -> None:
    """The line against the KeyboardInterrupt traceback is the same in the troubleshooting page and the example."""
    (line,) = re.findall(
        r"^ *(signal\.signal\(.+\))$", (ROOT / "__main__.py").read_text(encoding="utf-8"), re.MULTILINE
    )
    (row,) = re.findall(r"^\| `KeyboardInterrupt`.*$", TROUBLESHOOTING, re.MULTILINE)
    assert f"`{line}`" in row


MESSAGES = [message for row in table(TROUBLESHOOTING, "message") for message in re.findall(r"`(.+?)`", row[0])]


@pytest.mark.parametrize("message", [message for message in MESSAGES if message not in FOREIGN_MESSAGES])
def test_every_message_is_one_of_the_product(message: str) -> None:
    """A message in the page is a line of the golden files."""
    words = [part.strip() for part in PLACEHOLDERS.split(message)]
    assert any(all(part in text for part in words) for text in texts_of_the_product())


def test_messages_of_every_room_are_listed() -> None:
    """The list of the troubleshooting page's messages has messages of every table."""
    is_expected = {"did not finish within", "nothing was submitted", "unset all but one", *FOREIGN_MESSAGES}
    assert is_expected <= set(MESSAGES)


def test_the_rows_are_those_of_the_code() -> None:
    """The table of rows has the rows of the code."""
    failed = ("2c9eb2c5544cbf6101544f0602af2b61", "BMS.3037")
    rows = [
        Progress("J", "RUNNING", 0, 3),
        Progress("J", "RUNNING", 2, 3, (failed,)),
        Progress("J", "RUNNING", 2, 3, outage=60.0, trouble="503"),
        Progress("J", "PENDING_PAYMENT"),
        Progress("J", trouble="404"),
    ]
    listed = [row[0].strip("`") for row in table(PAGES["docs/job-completion.md"], "row")]
    assert listed == [progress_line.of_job(row) for row in rows]
    assert progress_line.of_jobs(12, 40) in PAGES["docs/job-completions.md"]
    assert progress_line.of_job(Progress("J", "RUNNING", 1, 3)) in README


def test_the_notes_are_those_of_the_code() -> None:
    """The quoted notes of a destroy and of a changed order's preview are the code's notes."""
    leftovers = Leftovers()
    leftovers.add("J", ["A", "B", "C"])
    assert f"`{leftovers.text()}`" in PAGES["docs/job-completion.md"]
    leftovers.add("J", None)
    assert f"`{leftovers.text()}`" in PAGES["docs/job-submission.md"]
    order = {"path": "baremetalservers", "method": "POST", "body": {"server": {"count": 3}}}
    assert f"\n{consequence(['body'], {'job_id': 'J'}, order, order)}\n" in PAGES["docs/job-submission.md"]


def test_the_readme_is_short() -> None:
    """The README is short, and links to each page in docs/."""
    assert README.count("\n") <= MOST_LINES
    assert {f"]({name}" for name in PAGES if name != "README.md" and f"]({name}" not in README} == set()


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_program_compiles(program: str) -> None:
    """A program in the pages is valid Python, and the imported names exist."""
    for node in ast.walk(ast.parse(program)):
        if isinstance(node, ast.ImportFrom):
            module = __import__(str(node.module), fromlist=["*"])
            assert {alias.name for alias in node.names if not hasattr(module, alias.name)} == set()


COMPLETE = [program for program in PROGRAMS if "from pulumi_bms import" in str(program.values[0])]


class CloudOfMany(Cloud):
    """A cloud with servers under each key of `JobCompletions`."""

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        id_, outputs = super().new_resource(args)
        servers = outputs["server_ids"]
        job_ids = args.inputs.get("job_ids")
        return id_, {**outputs, "server_ids": dict.fromkeys(job_ids, servers) if job_ids else servers}


@pulumi.runtime.test  # type: ignore[untyped-decorator]
def run_program(program: Path) -> None:
    pulumi.runtime.set_mocks(CloudOfMany(), project="docs")
    names = ("jobId", "webJob", "dbJob", "adminPass", "serverId", "volumeId")
    pulumi.runtime.set_all_config({f"docs:{name}": "2c9eb2c5" for name in names})
    runpy.run_path(str(program))


@pytest.fixture
def _cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A cloud for data sources, with a server of the role "web"."""
    with Simulator(catalogue=Catalogue((Flavor("physical.s3.large", stock={"az1": 4}),))) as sim:
        sim.setup.add_server("web-0001", tags={"role": "web"})
        known = {"BMS_ENDPOINT": sim.endpoint, "HW_PROJECT_ID": sim.project_id, "HW_AUTH_TOKEN": sim.token}
        for name, value in known.items():
            monkeypatch.setenv(name, value)
        yield


# Pulumi leaves event loops of its threads open.
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
@pytest.mark.usefixtures("_own_process", "_cloud")
@pytest.mark.parametrize("program", COMPLETE)
def test_every_program_runs(program: str, tmp_path: Path) -> None:
    """A program in the pages runs as shown, in a cloud with immediate success."""
    path = tmp_path / "program.py"
    path.write_text(program, encoding="utf-8")
    run_program(path)


def test_every_page_of_a_resource_has_a_program() -> None:
    """The README, the pages of the resources and the page of the data sources have programs."""
    pages = {str(program.id).rpartition("-")[0] for program in COMPLETE}
    resources = {"docs/job-submission.md", "docs/job-completion.md", "docs/job-completions.md", "docs/data-sources.md"}
    assert {"README.md"} | resources <= pages


@pytest.mark.parametrize("target", ["up", "test"])
def test_the_first_two_commands_are_there(target: str) -> None:
    """The README has both commands without a cloud, as lines to copy."""
    assert re.search(rf"^make {target}\b", README, re.MULTILINE)


@pytest.mark.parametrize("target", sorted(set(re.findall(r"(?:`|^)make ([a-z0-9]+)", ALL, re.MULTILINE))))
def test_every_make_target_exists(target: str) -> None:
    """Every make target in the pages is in the Makefile."""
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


LINKS = sorted({(name, link) for name, page in PAGES.items() for link in re.findall(r"\]\((?!http)([^)]+)\)", page)})


@pytest.mark.parametrize(("page", "link"), LINKS)
def test_every_link_leads_somewhere(page: str, link: str) -> None:
    """Relative links name files of the project, and an anchor is a heading of the linked page."""
    file, _, anchor = link.partition("#")
    target = (ROOT / page).parent / file if file else ROOT / page
    assert target.exists()
    if anchor:
        headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
        assert anchor in {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
