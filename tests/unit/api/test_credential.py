"""Ready tokens, and the common properties of all credentials.

- An invalid token is refused with the token's source before any request. The text never holds the token.
- A credential shows the source, never the secret: not in the text, the repr, a copy or a pickle.
"""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
import requests

from pulumi_bms.api.auth.access_key import AccessKeyCredential
from pulumi_bms.api.auth.credential import (
    Credential,
    TokenCredential,
    fingerprint_of,
)
from pulumi_bms.api.errors import SettingsError
from pulumi_bms.api.identity.token_cache import Tokens
from pulumi_bms.api.identity.user import UserCredential

TOKEN = "geheim-MIIDkgYJKoZIhvcNAQcCoIIDgzCC"
HERE = "https://bms.example"


def user(**changes: str) -> UserCredential:
    known: dict[str, Any] = {"user_name": "deploy", "password": TOKEN, "domain_name": "acme", "source": "HW_USER_NAME"}
    known |= {"iam_endpoint": HERE, "project_id": "p", **changes}
    return UserCredential(**known, tokens=Tokens())


KINDS: list[tuple[Callable[[], Credential], str]] = [
    (lambda: TokenCredential(TOKEN, "HW_AUTH_TOKEN"), "TokenCredential(source='HW_AUTH_TOKEN')"),
    (
        lambda: AccessKeyCredential(f"{TOKEN}-a", f"{TOKEN}-s", "HW_ACCESS_KEY", f"{TOKEN}-t"),
        "AccessKeyCredential(source='HW_ACCESS_KEY')",
    ),
    (
        user,
        (
            f"UserCredential(user_name='deploy', domain_name='acme', source='HW_USER_NAME', iam_endpoint='{HERE}', "
            "project_id='p', project_name=None, ca_bundle=None)"
        ),
    ),
]


def request() -> requests.PreparedRequest:
    return requests.Request("GET", HERE, headers={"x-auth-token": "old"}).prepare()


@pytest.mark.parametrize("text", ["", " ", "a b", "a\n", "a\r\nX-Evil: 1", "\ta", "tök", "a\x00", "“a”", "\ufeffa"])
def test_what_is_no_secret(text: str) -> None:
    """A secret that is empty or has blanks or control characters is refused. The error has only the source."""
    parts: list[tuple[str, str, Callable[[], object]]] = [
        ("token", "HW_AUTH_TOKEN", lambda: TokenCredential(text, "HW_AUTH_TOKEN")),
        ("access key", "K", lambda: AccessKeyCredential(text, "s", "K")),
        ("secret key", "K", lambda: AccessKeyCredential("a", text, "K")),
        ("security token", "K", lambda: AccessKeyCredential("a", "s", "K", text)),
    ]
    for what, source, make in parts:
        with pytest.raises(SettingsError) as caught:
            make()
        assert str(caught.value).startswith(f"the {what} from {source} is empty, ")
        assert not text.strip() or text not in str(caught.value)


def test_a_password_may_hold_anything_but_nothing() -> None:
    """A password may contain any characters, but must not be blank."""
    assert user(password=" Gehéim \x00").secrets == (" Gehéim \x00",)
    with pytest.raises(SettingsError, match="the password from HW_USER_NAME is empty"):
        user(password=" ")


def test_the_header_of_a_token() -> None:
    """A token replaces an earlier X-Auth-Token header."""
    sent = request()
    TokenCredential(TOKEN, "HW_AUTH_TOKEN").authenticate(sent)
    assert [(name, value) for name, value in sent.headers.items() if "token" in name.lower()] == [
        ("X-Auth-Token", TOKEN)
    ]


def test_what_can_be_renewed() -> None:
    """Only a user credential can be renewed. Tokens and access keys can not."""
    assert [make().renew(request()) for make, _ in KINDS] == [False, False, True]


@pytest.mark.parametrize(("make", "shown"), KINDS)
def test_nothing_shows_a_secret(make: Callable[[], Credential], shown: str) -> None:
    """Text, repr, name and fingerprint of a credential don't hold the secret. Copies and pickles are refused."""
    credential = make()
    assert f"{credential} {credential!r}" == f"{shown} {shown}"
    assert TOKEN not in str(credential.name) + credential.fingerprint
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="can't be pickled"):
            pickle.dumps(credential, protocol)
    for copied in (copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="can't be pickled"):
            copied(credential)


def test_fingerprints() -> None:
    """Equal secrets from different sources have equal fingerprints. Any different part changes the fingerprint."""
    assert TokenCredential("t", "here").fingerprint == TokenCredential("t", "there").fingerprint
    different: list[Credential] = [
        TokenCredential("t", "s"),
        TokenCredential("u", "s"),
        AccessKeyCredential("t", "u", "s"),
        AccessKeyCredential("t", "v", "s"),
        AccessKeyCredential("t", "u", "s", "w"),
        user(),
        user(password="other"),
        user(user_name="other"),
        user(domain_name="other"),
        user(iam_endpoint="https://other.example"),
        user(project_id="other"),
        user(project_id="", project_name="p"),
    ]
    assert len({credential.fingerprint for credential in different}) == len(different)
    assert fingerprint_of("ab", "c") != fingerprint_of("a", "bc")
