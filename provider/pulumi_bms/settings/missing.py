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


def missing_iam(sources: Sources, where: Destination, place: str = "") -> str:
    """The missing address of the identity service, with the settings to add."""
    # A region would not help beside an explicit address of the API.
    endpoint = where.endpoint.setting
    if endpoint is None or where.endpoint.cloud is not None:
        return f"The IAM endpoint is missing{place}: set {_names(sources, ('iamEndpoint', 'region'), ('iamEndpoint',))}"
    names = _names(sources, ("iamEndpoint",), ("iamEndpoint",))
    return f"The IAM endpoint for {endpoint.name} is missing{place}: set {names}"


def missing_billing(sources: Sources, where: Destination) -> str:
    """The missing address of the billing service, with the setting to add."""
    endpoint, cloud = where.endpoint.setting, where.endpoint.cloud
    whose = f" of {cloud.name}" if cloud else f" for {endpoint.name}" if endpoint else ""
    return (
        f"the address of the billing service{whose} is not known, and servers paid by month or year need the service: "
        f"set `{sources.stack.name('billingEndpoint')}`"
    )


def missing_network(sources: Sources) -> str:
    """The missing address of the network service, with the setting to add."""
    name = sources.stack.name("vpcEndpoint")
    return f"the address of the network service (VPC) is not known, and NICs and security groups need it: set `{name}`"


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
    return missing_iam(sources, where, place) + (_IAM if sources.hints else "")


def _names(sources: Sources, keys: tuple[str, ...], variables: tuple[str, ...]) -> str:
    """The keys in the config, and the variables of the family that messages name."""
    config = " or ".join(f"`{sources.stack.name(key)}`" for key in keys)
    names = [sources.hints.names[key] for key in variables if key in sources.hints.names] if sources.hints else []
    return f"{config} (or {', '.join(names)})" if names else config


def _not_read(names: list[str]) -> str:
    return f". {', '.join(names)} {'is' if len(names) == 1 else 'are'} set, and not read" if names else ""
