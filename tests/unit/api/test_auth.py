"""Credentials, and the memory of those that were rejected.

- A token that can't be one is refused where it was found, before it is sent; the text never holds it.
- A credential shows its source, never its secret: not in its text, its repr, a copy or a pickle.
- A rejection holds for one credential at one endpoint.
"""

from __future__ import annotations

import copy
import pickle
from dataclasses import dataclass

import pytest
import requests

from pulumi_bms.api.auth import REJECTIONS, Rejections, TokenCredential
from pulumi_bms.api.errors import AuthenticationError, SettingsError

TOKEN = "geheim-MIIDkgYJKoZIhvcNAQcCoIIDgzCC"
HERE, THERE = "https://bms.example", "https://ecs.example"


@dataclass
class Named:
    """A credential that is its name."""

    fingerprint: str
    source: str = "a test"

    def authenticate(self, request: requests.PreparedRequest) -> None: ...

    def renew(self) -> bool:
        return False


@pytest.mark.parametrize("token", ["", " ", "a b", "a\n", "a\r\nX-Evil: 1", "\ta", "tök", "a\x00", "“a”", "\ufeffa"])
def test_what_is_no_token(token: str) -> None:
    """A line break would begin another header: such a token is refused with its source, and not repeated."""
    with pytest.raises(SettingsError) as caught:
        TokenCredential(token, "HW_AUTH_TOKEN")
    assert str(caught.value) == (
        "the token from HW_AUTH_TOKEN is empty or holds blanks, line breaks or other characters that no token has; "
        "set it again, without quotes and without a line break at its end"
    )


def test_the_header_of_a_token() -> None:
    """A token is sent as X-Auth-Token, in place of one that was there."""
    request = requests.Request("GET", HERE, headers={"x-auth-token": "old"}).prepare()
    TokenCredential(TOKEN, "HW_AUTH_TOKEN").authenticate(request)
    assert [(name, value) for name, value in request.headers.items() if "token" in name.lower()] == [
        ("X-Auth-Token", TOKEN)
    ]


def test_a_token_can_not_be_renewed() -> None:
    """Whoever made the token must make a new one."""
    assert TokenCredential(TOKEN, "HW_AUTH_TOKEN").renew() is False


def test_a_token_does_not_show() -> None:
    """Only the source is in a credential's text, and it can be neither pickled nor copied."""
    credential = TokenCredential(TOKEN, "HW_AUTH_TOKEN")
    assert f"{credential} {credential!r}" == " ".join(["TokenCredential(source='HW_AUTH_TOKEN')"] * 2)
    for take in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match=r"^a credential can't be pickled$"):
            take(credential)


def test_fingerprints() -> None:
    """A fingerprint tells tokens apart, and holds nothing of them."""
    one, same, other = (TokenCredential(text, "s").fingerprint for text in (TOKEN, TOKEN, TOKEN + "x"))
    assert one == same != other
    assert "geheim" not in one


def test_a_rejection_is_remembered() -> None:
    """A rejected credential is rejected again, with the first answer, and the text names its source."""
    rejections = Rejections()
    first = AuthenticationError("GET x", status=401, code="APIGW.0301", detail="no", request_id="r-1")
    rejections.remember(HERE, Named("one"), first)
    rejections.remember(HERE, Named("one"), AuthenticationError("GET y", status=403))
    with pytest.raises(AuthenticationError) as caught:
        rejections.raise_if_rejected(HERE, Named("one"))
    assert caught.value is not first
    assert str(caught.value) == (
        "GET x (not sent again: the credential from a test was rejected before): HTTP 401 APIGW.0301 no "
        "(request id r-1): check access key, secret key, region and clock, or the token, "
        "and that the account is not frozen"
    )


def test_a_rejection_holds_for_one_credential_at_one_endpoint() -> None:
    """Another credential, and the same one elsewhere, may still be tried."""
    rejections = Rejections()
    rejections.remember(HERE, Named("one"), AuthenticationError("GET x"))
    rejections.raise_if_rejected(HERE, Named("two"))
    rejections.raise_if_rejected(THERE, Named("one"))


def test_the_memory_of_the_process_is_empty() -> None:
    """Nothing is rejected until an API has said so."""
    REJECTIONS.raise_if_rejected(HERE, Named("one"))
