"""From one source to one credential: whole, of one kind."""

from __future__ import annotations

from collections.abc import Iterable

from pulumi_bms.api.auth import Credential, TokenCredential
from pulumi_bms.api.errors import SettingsError
from pulumi_bms.api.iam import UserCredential
from pulumi_bms.api.signing import AccessKeyCredential
from pulumi_bms.settings.sources import Source

_KINDS = {
    "a token": ("token",),
    "an access key": ("accessKey", "secretKey", "securityToken"),
    "a user": ("username", "password"),
}


def bearer_of(sources: Iterable[Source]) -> Source | None:
    """The first source that has a credential, or part of one."""
    return next((source for source in sources if _kinds(source)), None)


def is_user(source: Source) -> bool:
    """Whether the source's credential is a user, who signs in at the identity service."""
    return source.has(*_KINDS["a user"])


def check(source: Source) -> None:
    """Raise `SettingsError` unless the source has exactly one credential, and all of it."""
    kinds = _kinds(source)
    if len(kinds) > 1:
        found = " and ".join(f"{kind} ({_names(source, _KINDS[kind])})" for kind in kinds)
        raise SettingsError(f"{source.title} holds {found}: leave one, so that it is clear which counts")
    needed = {
        "a token": ("token",),
        "an access key": ("accessKey", "secretKey"),
        "a user": ("username", "password", "domainName"),
    }[kinds[0]]
    missing = [source.name(key) for key in needed if not source.has(key)]
    if missing:
        there = _names(source, (*_KINDS[kinds[0]], "domainName") if kinds[0] == "a user" else _KINDS[kinds[0]])
        raise SettingsError(f"{' and '.join(missing)} must be set beside {there}: a credential comes from one source")


def credential_of(
    source: Source, iam_endpoint: str, project_id: str, project_name: str, ca_bundle: str | None
) -> Credential:
    """The source's credential; raises `SettingsError` where a part of it can't be one."""
    if source.has("token"):
        return TokenCredential(source.get("token"), source.name("token"))
    if source.has("accessKey"):
        return AccessKeyCredential(
            source.get("accessKey"),
            source.get("secretKey"),
            source.name("accessKey"),
            source.get("securityToken") or None,
        )
    return UserCredential(
        source.get("username"),
        source.get("password"),
        source.get("domainName"),
        source.name("username"),
        iam_endpoint,
        project_id or None,
        project_name or None,
        ca_bundle,
    )


def _kinds(source: Source) -> list[str]:
    return [kind for kind, keys in _KINDS.items() if source.has(*keys)]


def _names(source: Source, keys: Iterable[str]) -> str:
    return ", ".join(source.name(key) for key in keys if source.has(key))
