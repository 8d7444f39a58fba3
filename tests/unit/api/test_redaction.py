"""What a server repeats of secrets does not come through."""

from __future__ import annotations

import json
import string

from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_bms.api.redaction import redact, secrets_of

# No ASCII letters, so that the words around are none of it.
PASSWORDS = st.text(st.characters(codec="utf-8", exclude_characters=string.ascii_letters), min_size=1, max_size=12)


@given(PASSWORDS.filter(lambda text: "".join(text.split()) not in '{"":""}'))
@settings(max_examples=150, deadline=None, database=None)
def test_no_secret_is_repeated(secret: str) -> None:
    """Whatever a password is made of, the server's words don't bring it back, plain or as JSON."""
    message = f"the password {secret} is weak in {json.dumps({'adminPass': secret})}"
    left = "".join((redact(" ".join(message.split()), secrets_of({"adminPass": secret})) or "").split())
    assert left == 'thepassword[secret]isweakin{"adminPass":"[secret]"}'


def test_nothing_to_hide() -> None:
    """Words without a secret, and no words at all, stay as they are."""
    assert redact("web is taken", secrets_of({"name": "web"})) == "web is taken"
    assert redact(None, ("x",)) is None
    assert redact("", ("x",)) == ""
