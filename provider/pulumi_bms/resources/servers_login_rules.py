"""Rules of the login method from the documentation of the API. No text repeats a password or user data.

A rule's docstring begins with the rule's page in the API reference. A rule returns the problems of a set of inputs.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from pulumi_bms.lifecycle.model_reading import Problem, known
from pulumi_bms.resources.servers_model import ServersInputs

SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 26
MOST_USER_DATA = 32 * 1024
NEEDED_CLASSES = 3
SPECIALS = "!@$%^-_=+[{}]:,./?"

_CLASSES = ("[A-Z]", "[a-z]", "[0-9]", f"[{re.escape(SPECIALS)}]")
_USER = "root"
_BEGINNINGS = (b"#", b"\x1f\x8b", b"Content-Type:", b"MIME-Version:")
"""How a script, a cloud-config, a gzip file and a multipart message begin."""


def one_method(inputs: ServersInputs) -> Iterator[Problem]:
    """Creating BMSs, table 2, and Error Codes, BMS.0111: one login method. User data is void with a password."""
    if known(inputs.key_pair) and known(inputs.admin_pass):
        yield Problem("admin_pass", "can't be combined with key_pair: write one login method")
    if known(inputs.user_data) and known(inputs.admin_pass):
        text = (
            "can't be combined with user_data, which puts the password out of effect: write key_pair with user_data, "
            "or set the password in user_data"
        )
        yield Problem("admin_pass", text)


def some_method(inputs: ServersInputs) -> Iterator[Problem]:
    """Error Codes, BMS.0111: a login method is needed."""
    if all(way is None for way in (inputs.key_pair, inputs.admin_pass, inputs.user_data)):
        yield Problem("key_pair", "is missing: write key_pair, admin_pass, or a user_data that sets a password")


def password(inputs: ServersInputs) -> Iterator[Problem]:
    """Creating BMSs, table 2, `adminPass`: length, characters, and no user name inside."""
    if (value := known(inputs.admin_pass)) is None:
        return
    if not SHORTEST_PASSWORD <= len(value) <= LONGEST_PASSWORD:
        yield Problem("admin_pass", f"must have {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    if not re.fullmatch(f"(?:{'|'.join(_CLASSES)})*", value):
        yield Problem("admin_pass", f"must have no other characters than letters, digits and {SPECIALS}")
    if sum(bool(re.search(kind, value)) for kind in _CLASSES) < NEEDED_CLASSES:
        text = f"must have three of: upper-case letters, lower-case letters, digits, and characters of {SPECIALS}"
        yield Problem("admin_pass", text)
    if _USER in value or _USER[::-1] in value:
        yield Problem("admin_pass", f"must not contain the user name {_USER}, forwards or backwards")


def user_data(inputs: ServersInputs) -> Iterator[Problem]:
    """Creating BMSs, table 2, `user_data`: at most 32 KB before the encoding."""
    if (value := known(inputs.user_data)) is None:
        return
    if not value:
        yield Problem("user_data", "is empty: write a script, or leave the property out")
    if (size := len(value.encode())) > MOST_USER_DATA:
        yield Problem("user_data", f"has {size} bytes: write at most {MOST_USER_DATA}")


def encoded_twice(inputs: ServersInputs) -> Iterator[Problem]:
    """Creating BMSs, table 2, `user_data`: base64, made by this package from plain text."""
    if (value := known(inputs.user_data)) and _decoded(value).startswith(_BEGINNINGS):
        yield Problem("user_data", "seems to be base64 already, and is encoded once more: write plain text")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return b""


RULES = (one_method, password, user_data)
RULES_OF_ORDERS = (some_method,)
WARNINGS = (encoded_twice,)
