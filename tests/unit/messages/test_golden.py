"""The texts of all messages to users, in one file per room in tests/data/messages.

The remaining tests pin types, codes, fields and ids. After a change of a message, write the files anew and read the
difference:

    UPDATE_MESSAGES=1 pytest tests/unit/messages/test_golden.py && git diff tests/data/messages
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.unit.messages.golden import errors, resources, settings, submissions, waits

FOLDER = Path(__file__).parents[2] / "data" / "messages"
ROOMS: dict[str, Callable[[], Iterator[tuple[str, str]]]] = {
    "waits": waits.cases,
    "errors": errors.cases,
    "settings": settings.cases,
    "submissions": submissions.cases,
    "resources": resources.cases,
}
_HEADING = "=== "


def rendered(room: str) -> str:
    """The file of a room: a heading for each case, and the text as shown to a user."""
    texts = list(ROOMS[room]())
    titles = [title for title, _ in texts]
    assert len(titles) == len(set(titles))
    return "\n".join(f"{_HEADING}{title}\n\n{text}\n" for title, text in texts)


@pytest.mark.parametrize("room", ROOMS)
def test_the_messages_are_those_of_the_file(room: str) -> None:
    """The messages equal the room's file, so a reworded message changes one file."""
    path, text = FOLDER / f"{room}.txt", rendered(room)
    if os.environ.get("UPDATE_MESSAGES"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("room", ROOMS)
def test_a_message_is_made_of_short_plain_lines(room: str) -> None:
    """A message has no chain of semicolons, no empty parts, and no "is no", except in the vendor's words."""
    for line in (FOLDER / f"{room}.txt").read_text(encoding="utf-8").splitlines():
        assert (
            not re.search(r"; |\b(is|are) no (?!longer)\w", line) or "sold out; no host" in line or "one; two" in line
        )
        assert "None" not in line
        assert (
            not re.search(r": ?$|\(\)| {2,}(?=\S).*: :", line.removesuffix("Then:").removesuffix("succeed:"))
            or line == ""
        )
