"""Plain words in the package, and names of the design in the package, the simulator and the tools."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "provider" / "pulumi_bms"
NAMED = (PACKAGE, ROOT / "provider" / "bms_simulator", ROOT / "tools")

REFERENCE = "it that what who whom whose which whatever whoever this these those one ones they them"
MOST_REFERENCE_WORDS = 0.07
MOST_SEMICOLONS = 0.4
"""Semicolons in 100 words."""

OLD_NAMES = (
    "verdict schedule traffic look Look Looked look_ahead Ahead Answer answers Complaint wanted trust Standing flight "
    "advice NoNewsError UnansweredError REJECTED bearer around given nearer Doorman Welcome JobBook Flood Frame told "
    "said found begun"
)
OLD_FILES = "wait waiter waits verdict schedule traffic look answers trust flight advice causes doorman frames book"


def files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.py"))


def docstrings(tree: ast.AST) -> Iterator[ast.Constant]:
    """The docstrings of modules, classes, functions and fields."""
    for node in ast.walk(tree):
        for statement in getattr(node, "body", ()) if not isinstance(node, ast.Lambda | ast.IfExp) else ():
            value = statement.value if isinstance(statement, ast.Expr) else None
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield value


def comments(text: str) -> Iterator[str]:
    """The comments without marks for tools."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield re.sub(r"^#+:?|noqa(: ?[A-Z0-9, ]+)?|type: ignore\[.*?\]|pragma: .*", " ", token.string)


@cache
def prose() -> str:
    """All docstrings and comments, without code in backticks."""
    texts: list[str] = []
    for path in files(PACKAGE):
        text = path.read_text(encoding="utf-8")
        texts += [str(each.value) for each in docstrings(ast.parse(text))]
        texts += comments(text)
    return re.sub(r"`[^`]*`", " ", "\n".join(texts))


def count(pattern: str, text: str) -> int:
    return len(re.findall(pattern, text, re.IGNORECASE))


def test_nouns_stand_for_pronouns() -> None:
    """Few words refer to a noun elsewhere, so a reader need not search for the noun."""
    words = count(r"[a-z']+", prose())
    assert words > 5000
    assert count(rf"\b({REFERENCE.replace(' ', '|')})\b", prose()) / words <= MOST_REFERENCE_WORDS


def test_a_sentence_has_one_fact() -> None:
    """Semicolons are rare."""
    assert prose().count(";") / count(r"[a-z']+", prose()) * 100 <= MOST_SEMICOLONS


@pytest.mark.parametrize("path", files(PACKAGE), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_message_says_what_is_needed(path: Path) -> None:
    """A message says "must be a string", and not "is no text"."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docs = {id(each) for each in docstrings(tree)}
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in docs]
    wrong = [text for text in texts if isinstance(text, str) and re.search(r"\b(is|are) no \w", text)]
    assert wrong == []


def test_a_job_is_polled() -> None:
    """The code uses "poll" more often than "look"."""
    source = "\n".join(path.read_text(encoding="utf-8") for path in files(PACKAGE))
    assert count(r"poll", source) > count(r"look(?!up)", source)


@pytest.mark.parametrize("folder", NAMED, ids=lambda path: path.name)
def test_names_are_those_of_the_design(folder: Path) -> None:
    """No variable, function, class, field or file has an old name."""
    old = set(OLD_NAMES.split())
    names = [
        f"{path.relative_to(ROOT)}:{token.start[0]}: {token.string}"
        for path in files(folder)
        for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline)
        if token.type == tokenize.NAME and token.string in old
    ]
    assert names == []
    assert [path for path in files(folder) if path.stem in OLD_FILES.split()] == []
