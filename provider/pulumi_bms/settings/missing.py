"""Missing settings, with the settings to add."""

from __future__ import annotations

from collections.abc import Mapping

from pulumi_bms.settings import credentials, refusals
from pulumi_bms.settings.destination import Destination
from pulumi_bms.settings.precedence import Sources

_CREDENTIAL = (
    "HW_ACCESS_KEY and HW_SECRET_KEY, or HW_AUTH_TOKEN, or other variables in the README's table "
    "(or the config, for example by `pulumi config set --secret bms:token`)"
)
_IAM = (
    ". Users sign in there, and projects are looked up by name there. A token or an access key with a project id needs "
    "no IAM endpoint"
)


def missing_of(sources: Sources, where: Destination, environ: Mapping[str, str]) -> list[str]:
    """Lines about all missing settings: first the parts of a credential, then the rest."""
    lines = []
    owner = sources.owner
    if owner and not credentials.contradiction(owner) and credentials.lacking(owner):
        lines.append(credentials.lack(owner) + _not_read(refusals.unread_parts(owner, environ)))
    place = f" in {sources.stack.title}" if sources.hints is None else ""
    texts = [
        _endpoint(sources, place) if where.endpoint.setting is None else "",
        _project(sources, place) if where.project is None else "",
        _credential(sources, environ, place) if owner is None else "",
        _iam(sources, where, place) if where.needs_iam and where.iam.setting is None else "",
    ]
    return [*lines, *filter(None, texts)]


def _endpoint(sources: Sources, place: str) -> str:
    return f"The endpoint is missing{place}: set {_names(sources, ('region', 'endpoint'), ('region', 'endpoint'))}"


def _project(sources: Sources, place: str) -> str:
    return f"The project is missing{place}: set {_names(sources, ('projectId', 'projectName'), ('projectId',))}"


def _credential(sources: Sources, environ: Mapping[str, str], place: str) -> str:
    if sources.hints is None:
        return f"A credential is missing{place}: set {_names(sources, ('token',), ())}"
    return f"A credential is missing: set {_CREDENTIAL}" + _not_read(refusals.unread_credentials(environ))


def _iam(sources: Sources, where: Destination, place: str) -> str:
    # A region would not help beside an explicit address of the API.
    endpoint = where.endpoint.setting
    if endpoint is None or where.endpoint.cloud is not None:
        what = f"The IAM endpoint is missing{place}: set {_names(sources, ('iamEndpoint', 'region'), ('iamEndpoint',))}"
    else:
        names = _names(sources, ("iamEndpoint",), ("iamEndpoint",))
        what = f"The IAM endpoint for {endpoint.name} is missing{place}: set {names}"
    return what + (_IAM if sources.hints else "")


def _names(sources: Sources, keys: tuple[str, ...], variables: tuple[str, ...]) -> str:
    """The keys in the config, and the variables of the family that messages name."""
    config = " or ".join(f"`{sources.stack.name(key)}`" for key in keys)
    names = [sources.hints.names[key] for key in variables if key in sources.hints.names] if sources.hints else []
    return f"{config} (or {', '.join(names)})" if names else config


def _not_read(names: list[str]) -> str:
    return f". {', '.join(names)} {'is' if len(names) == 1 else 'are'} set, and not read" if names else ""
