"""A copy of the package with different words in every message.

A *message* is a string literal with a word and a blank, an f-string as a whole. These literals are not messages:

- docstrings, which are not read at run time,
- arguments of functions of `re`, and the patterns of the vendor's texts (`_VENDOR_TEXTS`),
- formats of a protocol or a file, by name in `FORMATS`.

Each word of a message becomes a random word of the same length. The same word becomes a different word in each place.
Values in an f-string, marks like `%s` and punctuation stay. Code that looks for a word of a message no longer finds the
word.
"""

from __future__ import annotations

import ast
import random
import re
import shutil
import string
from pathlib import Path

FORMATS = {
    "access_key.py": ("Access=",),
    "project.py": ("plugins:", "providers"),
    "providers.py": (),
}
"""Texts of formats by file: a literal with a text of the list is not a message."""

_WORD = re.compile(r"(?<![%\w{])[A-Za-z]{2,}(?![\w}])")
_MESSAGE = re.compile(r"[A-Za-z]{2}.*\s|\s.*[A-Za-z]{2}", re.DOTALL)
_PATTERNS = "_VENDOR_TEXTS"


class Rewriter(ast.NodeTransformer):
    """Rewrites the messages of one module."""

    def __init__(self, name: str, chance: random.Random) -> None:
        self._formats = FORMATS.get(name, ())
        self._chance = chance
        self.count = 0
        """The number of rewritten messages."""

    def visit_Module(self, node: ast.Module) -> ast.AST:
        return self._without_docstrings(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._without_docstrings(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self._without_docstrings(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        return node if isinstance(owner, ast.Name) and owner.id == "re" else self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if isinstance(node.target, ast.Name) and node.target.id == _PATTERNS and isinstance(node.value, ast.Tuple):
            for row in node.value.elts:
                assert isinstance(row, ast.Tuple)
                row.elts[1:] = [self.visit(each) for each in row.elts[1:]]
            return node
        return self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if not isinstance(node.value, str) or not self._is_message(node.value):
            return node
        self.count += 1
        return ast.Constant(self._reworded(node.value))

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        texts = [part.value if isinstance(part, ast.Constant) else "{}" for part in node.values]
        is_message = self._is_message("".join(map(str, texts)))
        self.count += is_message
        values = [self._part(part, is_message=is_message) for part in node.values]
        return ast.JoinedStr(values)

    def _part(self, part: ast.expr, *, is_message: bool) -> ast.expr:
        if isinstance(part, ast.FormattedValue):
            # The format, for example `:.0f`, is not a message.
            return ast.FormattedValue(self.visit(part.value), part.conversion, part.format_spec)
        if is_message and isinstance(part, ast.Constant) and isinstance(part.value, str):
            return ast.Constant(self._reworded(part.value))
        return part

    def _is_message(self, text: str) -> bool:
        return _MESSAGE.search(text) is not None and not any(each in text for each in self._formats)

    def _reworded(self, text: str) -> str:
        return _WORD.sub(lambda match: self._other(match[0]), text)

    def _other(self, word: str) -> str:
        letters = (self._chance.choice(string.ascii_lowercase) for _ in word)
        other = "".join(letters)
        return other.capitalize() if word[0].isupper() else other

    def _without_docstrings(self, node: ast.Module | ast.ClassDef | ast.FunctionDef) -> ast.AST:
        first = ast.Expr(ast.Constant(""))
        node.body = [first if _is_text(statement) else statement for statement in node.body]
        return self.generic_visit(node)


def _is_text(statement: ast.stmt) -> bool:
    value = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def reworded_copy(package: Path, target: Path, seed: int) -> int:
    """Copy a package with different words in every message. Returns the number of messages."""
    shutil.copytree(package, target, ignore=shutil.ignore_patterns("__pycache__"))
    chance = random.Random(seed)  # noqa: S311  (not for secrets)
    count = 0
    for path in sorted(target.rglob("*.py")):
        rewriter = Rewriter(path.name, chance)
        tree = rewriter.visit(ast.parse(path.read_text(encoding="utf-8")))
        path.write_text(ast.unparse(ast.fix_missing_locations(tree)), encoding="utf-8")
        count += rewriter.count
    return count
