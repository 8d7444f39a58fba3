"""Errors of a failing program: equal by Pulumi's language host and by the stand-in for the language host."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Stack

STATUS = "program exited with non-zero exit code: "
UNHANDLED = "Program failed with an unhandled exception:"


@pytest.mark.parametrize(
    ("program", "shown"),
    [
        ("def f():\n    raise ValueError('boom')\nf()", [UNHANDLED, "ValueError: boom", "in f"]),
        ("import pulumi\nraise pulumi.RunError('told so')", ["error: told so", f"{STATUS}1"]),
        ("import sys\nsys.exit(3)", [f"{STATUS}3"]),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", [f"{STATUS}-1"]),
    ],
)
def test_a_program_that_fails_fails_the_run(stack: Stack, program: str, shown: list[str]) -> None:
    """A program that raises, exits or is killed fails the run. The error begins in the program's file."""
    stack.program(program)
    output = stack.preview().failed().output
    for text in shown:
        assert text in output
    assert "run_program.py" not in output


def test_a_program_sees_what_pulumi_documents(stack: Stack) -> None:
    """A program sees the active environment and the config. Modules beside the program are found only at load time."""
    stack.configure({"key": "value"})
    stack.program(
        """
        import os, sys
        import pulumi

        def late(name):
            return __import__(name).__name__

        pulumi.export("active", os.environ["VIRTUAL_ENV"] == sys.prefix)
        pulumi.export("first", os.environ["PATH"].startswith(os.path.join(sys.prefix, "bin")))
        pulumi.export("config", os.environ["PULUMI_CONFIG"])
        pulumi.export("arguments", sys.argv)
        pulumi.export("late", pulumi.Output.from_input("neighbour").apply(late))
        """
    )
    (stack.folder / "neighbour.py").touch()
    assert "No module named 'neighbour'" in stack.preview().failed().output
    (stack.folder / "__main__.py").write_text((stack.folder / "__main__.py").read_text() + "\nimport neighbour\n")
    stack.up().ok()
    outputs = stack.outputs()
    assert (outputs["active"], outputs["first"], outputs["arguments"]) == (True, True, ["."])
    assert "bms:key" in str(outputs["config"])
