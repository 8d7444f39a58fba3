"""Files of a program with the names of Python's modules: harmless, or named in the error."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pulumi_bms.host import install
from tests.host.conftest import PATIENCE

LAUNCHER = Path(install.__file__).with_name(install.LAUNCHER)
PACKAGES = os.pathsep.join(path for path in sys.path if path)
# Like a language host: Pulumi is imported first, then the program's folder is searched first.
PROGRAM = """
import sys
import pulumi
sys.path.insert(0, ".")
from pulumi_bms import JobCompletion, JobCompletions, JobSubmission
"""
# A data source polls in the program, and therefore loads models and HTTP.
DATA_SOURCE = """
import sys
import pulumi
sys.path.insert(0, ".")
from pulumi_bms import get_job
"""
# The load of a provider by a plugin process of either host.
PROVIDER = """
import sys
import pulumi
sys.path.insert(0, ".")
import pulumi_bms
pulumi_bms.load_provider("JobCompletion")
"""
COMMON = (
    "secrets",
    "calendar",
    "queue",
    "token",
    "types",
    "random",
    "uuid",
    "copy",
    "email",
    "string",
    "test",
    "utils",
)


def run(folder: Path, program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-c", program],
        check=False,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": PACKAGES},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


def shadow(folder: Path, name: str, text: str = "mine = 1\n") -> Path:
    file = folder / f"{name}.py"
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    return file


def test_common_names_do_no_harm(tmp_path: Path) -> None:
    """A program with files of common module names can use the package."""
    for name in COMMON:
        shadow(tmp_path, name)
    for program in (PROGRAM, DATA_SOURCE, PROVIDER):
        ended = run(tmp_path, program)
        assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize(("program", "public_name"), [(DATA_SOURCE, "get_job"), (PROVIDER, "JobCompletion")])
@pytest.mark.parametrize(
    ("name", "cause"),
    [
        # A missing name, a missing attribute, and an error whose cause was dropped by a package.
        ("decimal", "ImportError: cannot import name 'Decimal' from 'decimal'"),
        ("unicodedata", "AttributeError: module 'unicodedata' has no attribute"),
        ("sysconfig", "ImportError: cannot import name 'BaseModel' from 'pydantic'"),
        ("decimal/__init__", "ImportError: cannot import name 'Decimal' from 'decimal'"),
    ],
)
def test_a_file_that_does_harm_is_named(tmp_path: Path, program: str, public_name: str, name: str, cause: str) -> None:
    """The error names the harmful file, the cause and the next step, and no further file."""
    shadow(tmp_path, "helpers")
    file = shadow(tmp_path, name)
    ended = run(tmp_path, program)
    assert ended.returncode == 1
    last = ended.stderr.rstrip().splitlines()[-2:]
    assert last[0].startswith(f"ImportError: pulumi_bms.{public_name} cannot be imported: {cause}")
    module = name.removesuffix("/__init__")
    assert last[1] == f"{file} takes the place of Python's own module {module!r}: rename the file"


def test_an_error_inside_the_users_file_is_told_with_the_file(tmp_path: Path) -> None:
    """An error raised in the user's file is the cause in the message, beside the file's name."""
    file = shadow(tmp_path, "fractions", "raise RuntimeError('not configured')\n")
    text = run(tmp_path, DATA_SOURCE).stderr
    assert "pulumi_bms.get_job cannot be imported: RuntimeError: not configured" in text
    assert f"{file} takes the place of Python's own module 'fractions'" in text


def test_an_attribute_error_keeps_its_cause(tmp_path: Path) -> None:
    """An attribute error keeps the cause, although Python turns the error into "cannot import name"."""
    folder = tmp_path / "pydantic"
    shadow(folder, "__init__", "import sys\nsys.no_such_thing\n")
    text = run(tmp_path, DATA_SOURCE).stderr
    assert "AttributeError: module 'sys' has no attribute 'no_such_thing'" in text
    assert "takes the place" not in text


def test_another_error_is_itself(tmp_path: Path) -> None:
    """A missing package is reported by Python's own error."""
    shadow(tmp_path / "pydantic", "__init__", "import not_there\n")
    assert run(tmp_path, DATA_SOURCE).stderr.endswith("ModuleNotFoundError: No module named 'not_there'\n")


def test_the_plugin_process_starts_beside_any_of_them(tmp_path: Path) -> None:
    """The plugin process starts beside files of any name, because the program's folder is not searched."""
    for name in (*COMMON, "decimal", "logging", "asyncio", "signal", "socket", "enum", "typing", "grpc", "yaml"):
        shadow(tmp_path, name, "raise RuntimeError('not this one')\n")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": PACKAGES, "PULUMI_PYTHON_CMD": sys.executable}
    with subprocess.Popen(
        [LAUNCHER, "127.0.0.1:1"], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        too_late = threading.Timer(PATIENCE, process.kill)
        too_late.start()
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            port = process.stdout.readline().strip()
            process.terminate()
            assert (port.isdigit(), process.stderr.read()) == (True, b"")
        finally:
            too_late.cancel()
            process.kill()
