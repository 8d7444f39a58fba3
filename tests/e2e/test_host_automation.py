"""The Automation API: an inline program uses the plugin process that a folder's Pulumi.yaml names."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from bms_simulator import Simulator
from tests.e2e.conftest import CLI, LONGEST_COMMAND, PASSPHRASE, job_body

PROGRAM = """
import sys
import pulumi
from pulumi import automation
from pulumi_bms import JobCompletion

def program():
    pulumi.export("ids", JobCompletion("web", job_id="done").server_ids)

stack = automation.create_or_select_stack(
    "test", project_name="shop", program=program, opts=automation.LocalWorkspaceOptions(work_dir=sys.argv[1])
)
print(stack.up(on_output=print).outputs["ids"].value)
"""


def test_an_inline_program_uses_the_host_of_its_work_dir(simulator: Simulator, tmp_path: Path) -> None:
    """After `install` in a folder, an inline program with PULUMI_PYTHON_CMD uses the folder's plugin process."""
    simulator.add_job("done", [job_body("done", "SUCCESS", "SUCCESS")])
    folder = tmp_path / "project"
    (folder / "state").mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    environment = {
        **os.environ,
        "PATH": f"{CLI.parent}{os.pathsep}{os.environ['PATH']}",
        "PULUMI_PYTHON_CMD": sys.executable,
        "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "PULUMI_HOME": str(folder / "home"),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "BMS_ENDPOINT": simulator.endpoint,
        "HW_PROJECT_ID": simulator.project_id,
        "HW_AUTH_TOKEN": simulator.token,
    }

    def run(*command: str, where: Path) -> str:
        return subprocess.run(
            [sys.executable, *command],
            cwd=where,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
            timeout=LONGEST_COMMAND,
        ).stdout

    assert run("-m", "pulumi_bms.host", "install", where=folder).startswith("installed: ")
    shown = run("-c", PROGRAM, str(folder), where=tmp_path)
    assert shown.endswith("['done-server-0']\n")
    assert "Pulumi's own host" not in shown
