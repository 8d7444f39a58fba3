"""The rules of passwords and user data, which creating and reinstalling share."""

from __future__ import annotations

import base64
import binascii
import re

from bms_simulator.http.responses import Json

SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 26
NEEDED_CLASSES = 3
PASSWORD_CLASSES = ("[a-z]", "[A-Z]", "[0-9]", r"[!@$%^\-_=+\[{}\]:,./?]")
LARGEST_USER_DATA = 32 * 1024  # bytes before base64


def is_good_password(password: Json) -> bool:
    """Return whether a password follows the documented rules for Linux."""
    if not isinstance(password, str) or not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        return False
    classes = sum(re.search(each, password) is not None for each in PASSWORD_CLASSES)
    allowed = re.fullmatch(f"(?:{'|'.join(PASSWORD_CLASSES)})+", password) is not None
    return allowed and classes >= NEEDED_CLASSES and password not in {"root", "toor"}


def decoded(user_data: Json) -> bytes | None:
    """Return the decoded user data, None for a value that is not base64."""
    try:
        return base64.b64decode(user_data, validate=True) if isinstance(user_data, str) else None
    except binascii.Error:
        return None
