"""The simulator as a command, and the pytest fixture, in separate processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

import bms_simulator
from bms_simulator.__main__ import main
from bms_simulator.scenarios.catalogue import table

PROVIDER = Path(bms_simulator.__file__).parents[1]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(PROVIDER)}
COMMAND = [sys.executable, "-m", "bms_simulator"]


@contextmanager
def running(*arguments: str) -> Generator[tuple[subprocess.Popen[str], list[str]]]:
    """Start the command and yield the process and the first three lines."""
    with subprocess.Popen(
        [*COMMAND, *arguments], env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process, [process.stdout.readline().rstrip() for _ in range(3)]
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_until_it_is_asked_to_end(number: signal.Signals) -> None:
    """The command prints the address, logs each request without the token, and ends with 0 and no traceback."""
    with running("--token", "secret", "--project-id", "p") as (process, lines):
        assert lines[0].startswith("bms_simulator listening on http://127.0.0.1:")
        assert lines[1:] == ["project id: p", "token: secret"]
        url = f"{lines[0].split()[-1]}/v1/p/jobs/ok"
        assert requests.get(url, headers={"X-Auth-Token": "secret"}, timeout=5).status_code == 200
        process.send_signal(number)
        out, errors = process.communicate(timeout=10)
    assert (process.returncode, out) == (0, "")
    assert errors.splitlines() == ["GET /v1/p/jobs/ok 200"]


def test_the_command_can_limit_requests() -> None:
    """With --rate-limits the request after the documented number of a minute is 429."""
    options = ("--token", "secret", "--project-id", "p", "--rate-limits")
    with running(*options) as (_process, lines), requests.Session() as session:
        session.headers["X-Auth-Token"] = "secret"
        url = f"{lines[0].split()[-1]}/v1/p/baremetalservers"
        statuses = [session.post(url, json={}, timeout=5).status_code for _ in range(51)]
    assert statuses == [400] * 50 + [429]


def test_a_taken_port_is_said_in_one_line() -> None:
    """A port in use is reported in one line on stderr, with exit code 2."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = subprocess.run(
            [*COMMAND, "--port", port], env=ENVIRONMENT, capture_output=True, text=True, timeout=20, check=False
        )
    assert (result.returncode, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1
    assert f"cannot listen on http://127.0.0.1:{port}" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["--time-scale", "0"],
        ["--time-scale", "x"],
        ["--time-scale", "nan"],
        ["--port", "65536"],
        ["--token-seconds", "0"],
        ["--token-seconds", "x"],
        ["--token-seconds", "inf"],
        ["--clock-offset", "x"],
        ["--clock-offset", "1e12"],
        ["--accounts", "/nowhere/accounts.json"],
    ],
)
def test_wrong_arguments_are_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong argument is named with the valid form, with exit code 2."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert arguments[0] in capsys.readouterr().err


ACCOUNTS = """{"accounts": [{
    "name": "acme",
    "projects": [{"id": "north", "name": "cn-north-4"}],
    "users": [{"name": "deploy", "password": "right horse"}],
    "tokens": [{"token": "ready", "project": "north"}]
}]}"""
LOGIN = {
    "auth": {
        "identity": {
            "methods": ["password"],
            "password": {"user": {"name": "deploy", "password": "right horse", "domain": {"name": "acme"}}},
        },
        "scope": {"project": {"name": "cn-north-4"}},
    }
}


def test_the_command_serves_accounts_of_a_file(tmp_path: Path) -> None:
    """Users of a file get tokens with the given life, by a clock with the given offset."""
    (tmp_path / "accounts.json").write_text(ACCOUNTS)
    options = ["--token-seconds", "60", "--clock-offset", "-86400"]
    with running("--accounts", str(tmp_path / "accounts.json"), *options) as (_, lines):
        endpoint = lines[0].split()[-1]
        issued = requests.post(f"{endpoint}/v3/auth/tokens", json=LOGIN, timeout=5)
        tokens = [issued.headers["X-Subject-Token"], "ready"]
        url = f"{endpoint}/v1/north/jobs/ok"
        statuses = [requests.get(url, headers={"X-Auth-Token": token}, timeout=5).status_code for token in tokens]
    assert (lines[1].split(":")[0], lines[2].split(":")[0]) == ("project id", "token")
    assert statuses == [200, 200]
    times = [datetime.fromisoformat(issued.json()["token"][name]) for name in ("issued_at", "expires_at")]
    assert times[1] - times[0] == timedelta(seconds=60)
    assert times[1] < datetime.now(UTC)


@pytest.mark.parametrize(
    ("content", "arguments", "message"),
    [
        ("{", [], "accounts.json: line 1, column 2"),
        ('{"accounts": [{}]}', [], "accounts.json: accounts[0].name must be a string"),
        ('{"accounts": [{"name": "simulated"}]}', [], "there are two of the account simulated"),
        (ACCOUNTS, ["--token", "ready"], "two accounts have the same token"),
    ],
)
def test_wrong_accounts_are_refused(
    content: str, arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong file, or a file that contradicts the arguments, is reported in one line without a secret."""
    (tmp_path / "accounts.json").write_text(content)
    with pytest.raises(SystemExit) as ended:
        main(["--accounts", str(tmp_path / "accounts.json"), *arguments])
    assert ended.value.code == 2
    shown = capsys.readouterr().err
    assert message in shown
    assert "ready" not in shown


def test_the_table_can_be_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """--scenarios prints the table and starts nothing."""
    assert main(["--scenarios"]) == 0
    assert capsys.readouterr().out == f"{table()}\n"


def test_the_fixture_serves_a_test(tmp_path: Path) -> None:
    """The fixture gives a project's tests a started simulator."""
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["bms_simulator.fixtures"]\n')
    (tmp_path / "test_it.py").write_text(
        "def test_it(bms_simulator):\n    assert bms_simulator.endpoint.startswith('http://127.0.0.1:')\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    result = subprocess.run(command, env=ENVIRONMENT, cwd=tmp_path, capture_output=True, timeout=60, check=False)
    assert result.returncode == 0, result.stdout


def test_only_the_fixture_needs_more_than_the_standard_library() -> None:
    """The import of the package loads only the standard library."""
    code = "import sys, bms_simulator.__main__; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    result = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(PROVIDER)!r}); {code}"],
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    assert set(result.stdout.split()) <= {"bms_simulator", "__main__", *sys.stdlib_module_names}
