"""From one source to one credential: whole, of one kind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pulumi_bms.api.auth import Credential, TokenCredential, check_secret
from pulumi_bms.api.errors import SettingsError
from pulumi_bms.api.iam import UserCredential
from pulumi_bms.api.signing import AccessKeyCredential
from pulumi_bms.settings.sources import Source


@dataclass(frozen=True, slots=True)
class _Kind:
    """One kind of credential: the keys of which any shows that it is meant, and those that it needs."""

    title: str
    marks: tuple[str, ...]
    needs: tuple[str, ...]

    def names(self, source: Source) -> str:
        """What the source has of it, by the names there."""
        keys = dict.fromkeys((*self.marks, *self.needs))
        return ", ".join(source.name(key) for key in keys if source.has(key))


_TOKEN = _Kind("a token", ("token",), ("token",))
_ACCESS_KEY = _Kind("an access key", ("accessKey", "secretKey", "securityToken"), ("accessKey", "secretKey"))
_USER = _Kind("a user", ("username", "password"), ("username", "password", "domainName"))


def _kinds(source: Source) -> list[_Kind]:
    return [kind for kind in (_TOKEN, _ACCESS_KEY, _USER) if source.has(*kind.marks)]


def bearer_of(sources: Iterable[Source]) -> Source | None:
    """The first source that has a credential, or part of one."""
    return next((source for source in sources if _kinds(source)), None)


def is_user(source: Source) -> bool:
    """Whether the source's credential is a user, who signs in at the identity service."""
    return _USER in _kinds(source)


def check(source: Source) -> None:
    """Raise `SettingsError` unless the source has exactly one credential, and all of it."""
    kind, *others = _kinds(source)
    if others:
        found = " and ".join(f"{each.title} ({each.names(source)})" for each in (kind, *others))
        raise SettingsError(f"{source.title} holds {found}: leave one, so that it is clear which counts")
    missing = " and ".join(source.name(key) for key in kind.needs if not source.has(key))
    if missing:
        raise SettingsError(
            f"{missing} must be set beside {kind.names(source)}: a credential comes whole from one source"
        )


def credential_of(
    source: Source, iam_endpoint: str, project_id: str, project_name: str, ca_bundle: str | None
) -> Credential:
    """The source's credential; raises `SettingsError` where a part of it can't be one."""
    if source.has("token"):
        return TokenCredential(source.get("token"), source.name("token"))
    if source.has("accessKey"):
        # Checked here too, where each part has its own name.
        for what, key in (("secret key", "secretKey"), ("security token", "securityToken")):
            if source.has(key):
                check_secret(what, source.get(key), source.name(key))
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
