"""Read one credential of one kind from one source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pulumi_bms.api.auth.access_key import AccessKeyCredential
from pulumi_bms.api.auth.credential import Credential, TokenCredential, check_secret
from pulumi_bms.api.errors import SettingsError
from pulumi_bms.api.identity.user import UserCredential
from pulumi_bms.settings.sources import Source


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of credential: the keys that select the kind, and the required keys."""

    title: str
    marks: tuple[str, ...]
    needs: tuple[str, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """All keys of the kind."""
        return tuple(dict.fromkeys((*self.marks, *self.needs)))

    def names(self, source: Source) -> str:
        """The source's names of the kind's keys, as far as set."""
        return ", ".join(source.name(key) for key in self.keys if source.has(key))


_TOKEN = _Kind("a token", ("token",), ("token",))
_ACCESS_KEY = _Kind("an access key", ("accessKey", "secretKey", "securityToken"), ("accessKey", "secretKey"))
_USER = _Kind("a user", ("username", "password"), ("username", "password", "domainName"))


def _kinds(source: Source) -> list[_Kind]:
    return [kind for kind in (_TOKEN, _ACCESS_KEY, _USER) if source.has(*kind.marks)]


def owner_of(sources: Iterable[Source]) -> Source | None:
    """The first source with a credential or a part of a credential."""
    return next((source for source in sources if _kinds(source)), None)


def is_user(source: Source) -> bool:
    """Whether the source's credential is a user with a password."""
    return _USER in _kinds(source)


def keys_of(source: Source) -> tuple[str, ...]:
    """The keys of all kinds of credential in the source."""
    return tuple(key for kind in _kinds(source) for key in kind.keys)


def contradiction(source: Source) -> str | None:
    """The problem of a source with several kinds of credential, or None."""
    kind, *others = _kinds(source)
    if not others:
        return None
    kinds = " and ".join(f"{each.title} ({each.names(source)})" for each in (kind, *others))
    return f"{source.title} has {kinds}: unset all but one"


def lacking(source: Source) -> list[str]:
    """The keys missing in the source's credential."""
    return [key for key in _kinds(source)[0].needs if not source.has(key)]


def lack(source: Source) -> str:
    """The problem of a source with only a part of a credential."""
    missing = " and ".join(source.name(key) for key in lacking(source))
    there = _kinds(source)[0].names(source)
    return f"Set {missing} as well: all parts of a credential come from one source, here {source.title} with {there}"


def credential_of(
    source: Source, iam_endpoint: str, project_id: str, project_name: str, ca_bundle: str | None
) -> Credential:
    """The source's credential. Raises `SettingsError` if a part is malformed."""
    if source.has("token"):
        return TokenCredential(source.get("token"), source.name("token"), source.is_in_stack)
    if source.has("accessKey"):
        _check_parts(source)
        return AccessKeyCredential(
            source.get("accessKey"),
            source.get("secretKey"),
            source.name("accessKey"),
            source.get("securityToken") or None,
            source.is_in_stack,
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
        source.is_in_stack,
    )


def problems_of(source: Source) -> list[str]:
    """The problems of a complete credential of one kind."""
    try:
        credential_of(source, "", "", "", None)
    except SettingsError as error:
        return [str(error)]
    return []


def _check_parts(source: Source) -> None:
    # The credential checks the same parts, under the name of its first part.
    for what, key in (("secret key", "secretKey"), ("security token", "securityToken")):
        if source.has(key):
            check_secret(what, source.get(key), source.name(key))
