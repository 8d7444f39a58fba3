"""No decision reads a text of the package: with different words in every message, the package does the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tests.unit.rewording.rewriter import reworded_copy

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "provider" / "pulumi_bms"
LONGEST = 300


@cache
def behaviour(*folders: Path) -> dict[str, Any]:
    """The decisions of the package in the first folder that has the package."""
    path = os.pathsep.join(map(str, folders))
    environment = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": path, "no_proxy": "*"}
    command = [sys.executable, "-m", "tests.unit.rewording.behaviour"]
    result = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=LONGEST, check=False
    )
    assert result.returncode == 0, result.stderr
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def differences(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    """The names of the decisions that differ."""
    return [
        f"{group}: {name}: {ours[group].get(name)} -> {theirs[group].get(name)}"
        for group in ours
        for name in ours[group].keys() | theirs[group].keys()
        if ours[group].get(name) != theirs[group].get(name)
    ]


def test_other_words_change_no_decision(tmp_path: Path) -> None:
    """With different words, ends, errors, outputs, polls and notes are equal, and the texts are different."""
    assert reworded_copy(PACKAGE, tmp_path / "pulumi_bms", seed=10) > 500
    ours, theirs = behaviour(ROOT / "provider"), behaviour(tmp_path, ROOT / "provider")
    assert theirs["package"] == str(tmp_path / "pulumi_bms")
    assert differences(ours["decisions"], theirs["decisions"]) == []
    texts = [
        (text, theirs["texts"][room].get(title))
        for room, cases in ours["texts"].items()
        for title, text in cases.items()
    ]
    same = [text for text, other in texts if text == other]
    # Rows like `2/3 RUNNING` have no words of the package.
    assert len(same) < len(texts) / 10, same


SAMPLE = '''
"""A docstring with words."""
import re
PATTERN = re.compile("a pattern with words")
_VENDOR_TEXTS: tuple[tuple[str, str], ...] = (("vendor words", "our words"),)
KEY = "job_id"
def say(error, seconds):
    """Another docstring."""
    if "looks like ours" in str(error):
        return f"waited {seconds:.0f} seconds of %s, HTTP {error}"
'''


def test_the_rewriter_knows_a_message(tmp_path: Path) -> None:
    """Messages and comparisons with messages get different words. Patterns, keys, formats and values stay."""
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "module.py").write_text(SAMPLE, encoding="utf-8")
    assert reworded_copy(tmp_path / "package", tmp_path / "copy", seed=1) == 3
    text = (tmp_path / "copy" / "module.py").read_text(encoding="utf-8")
    for kept in ("a pattern with words", "vendor words", "job_id", "{seconds:.0f}", "%s", "{error}"):
        assert kept in text
    for gone in ("docstring", "our words", "looks", "waited", "HTTP"):
        assert gone not in text


DECISION_BY_TEXT = """

def next_step_of(error, credential, skew, request):
    known = _next_step_of(error, credential, skew, request)
    return known if "expired" in (known or "") else None
"""


def test_a_decision_by_text_is_seen(tmp_path: Path) -> None:
    """The comparison finds a branch that reads a word of a message."""
    reworded_copy(PACKAGE, tmp_path / "pulumi_bms", seed=10)
    file = tmp_path / "pulumi_bms" / "api" / "auth" / "hints.py"
    file.write_text(
        file.read_text().replace("def next_step_of", "def _next_step_of") + DECISION_BY_TEXT, encoding="utf-8"
    )
    ours, theirs = behaviour(ROOT / "provider"), behaviour(tmp_path, ROOT / "provider")
    assert differences(ours["decisions"], theirs["decisions"]) != []
