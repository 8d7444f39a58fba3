"""Secrets in a server's words are masked."""

from __future__ import annotations

import json
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulumi_bms.api.http.redaction import cleaned, redact, secrets_of

# No ASCII letters: the words around the password contain no part of the password.
PASSWORDS = st.text(st.characters(codec="utf-8", exclude_characters=string.ascii_letters), min_size=1, max_size=12)


@given(PASSWORDS.filter(lambda text: "".join(cleaned(text).split()) not in '{"":""}'))
@settings(max_examples=150, deadline=None, database=None)
def test_no_secret_is_repeated(secret: str) -> None:
    """A password of any characters is masked in the server's words, plain or as JSON."""
    message = f"the password {secret} is weak in {json.dumps({'adminPass': secret})}"
    left = "".join((redact(cleaned(message), secrets_of({"adminPass": secret})) or "").split())
    assert left == 'thepassword[secret]isweakin{"adminPass":"[secret]"}'


def test_nothing_to_hide() -> None:
    """Words without a secret, and a missing text, stay unchanged."""
    assert redact("web is taken", secrets_of({"name": "web"})) == "web is taken"
    assert redact(None, ("x",)) is None
    assert redact("", ("x",)) == ""


@pytest.mark.parametrize(
    "words",
    [
        "not a/b+c d=e&f",
        "not a%2Fb%2Bc%20d%3De%26f",
        "not a%2Fb%2Bc+d%3De%26f",
        r"not a\/b+c d=e&f",
        "not a/b+c\n d=e&f",
    ],
)
def test_the_spellings_of_a_secret(words: str) -> None:
    """A secret is masked in plain, URL-encoded and JSON spelling, and broken over lines."""
    assert redact(words, ("a/b+c d=e&f",)) == "not [secret]"


def test_a_secret_with_a_character_that_is_not_shown() -> None:
    """Control characters are removed from the secret and from the server's words before the comparison."""
    secret = "geh\u200beim\x07!"
    assert redact(cleaned(f"not {secret}, no"), (secret,)) == "not [secret], no"


@pytest.mark.parametrize("secret", ["a", "no", "e", "word", "pass", "12345", "Hi!", "%", "é"])
def test_a_short_secret_is_masked_where_it_stands_alone(secret: str) -> None:
    """A secret of fewer than six characters is masked only as a whole word or value."""
    words = "another password: HTTP 403 in 123456 ways, passé"
    assert redact(f"{words} {secret}, '{secret}'", (secret,)) == f"{words} [secret], '[secret]'"
    assert redact(f'{{"adminPass":"{secret}"}}', (secret,)) == '{"adminPass":"[secret]"}'
    assert redact(f"x{secret}x", (secret,)) == f"x{secret}x"


def test_a_longer_secret_is_masked_within_a_word() -> None:
    """A secret of six or more characters is masked at every place."""
    assert redact("not xsecretx", ("secret",)) == "not x[secret]x"
