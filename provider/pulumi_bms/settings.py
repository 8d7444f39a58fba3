"""Stack config and environment -> `Settings`: where the API is and how to sign in, typed and checked.

Where the API is comes from the resource's inputs, else the config, else the environment. A token is taken the other
way round: one in the environment beats one in the config, because `pulumi refresh` and `pulumi destroy` run with the
config of the last `pulumi up`, and its token may have expired since.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import SplitResult, unquote, urlsplit

from pulumi_bms.api.auth import Credential, TokenCredential
from pulumi_bms.api.errors import SettingsError

NAMESPACE = "bms"
"""The namespace of the stack config."""

REQUESTS_PER_MINUTE = 1200
"""Requests a minute that all waits of a process may send, by default; the API documents 2,000 job queries."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_BRACKETED = re.compile(r"\[[0-9A-Fa-f:.]+\](?::[0-9]+)?")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class Settings:
    """How to reach the API of one project. The secret is inside the credential, which never shows it."""

    endpoint: str
    project_id: str
    credential: Credential
    max_requests_per_minute: int = REQUESTS_PER_MINUTE


Lookup = Callable[[str], object]


def load(inputs: Mapping[str, object], config: Lookup, environ: Mapping[str, str]) -> Settings:
    """The settings for a resource with these inputs; raises `SettingsError` naming all that is missing or wrong.

    `config` gives the value of a stack config key such as `bms:endpoint`, or None.
    """
    stack = {key: _text(config(f"{NAMESPACE}:{key}")) for key in ("endpoint", "region", "projectId", "token")}
    endpoint = _endpoint(inputs, stack, environ)
    project_id = _text(inputs.get("project_id")) or stack["projectId"] or _text(environ.get("HW_PROJECT_ID"))
    token = _token(stack, environ)
    missing = [
        text
        for found, text in (
            (endpoint, "the endpoint: set `bms:region` or `bms:endpoint` (or HW_REGION_NAME, BMS_ENDPOINT)"),
            (project_id, "the project id: set `bms:projectId` (or HW_PROJECT_ID)"),
            (token, "a token: set HW_AUTH_TOKEN (or `pulumi config set --secret bms:token`)"),
        )
        if not found
    ]
    if not (endpoint and project_id and token):
        raise SettingsError("not set: " + "; ".join(missing))
    problem = endpoint_problem(endpoint) or name_problem("the project id", project_id)
    if problem:
        raise SettingsError(problem)
    return Settings(endpoint.rstrip("/"), project_id, token, _budget(config(f"{NAMESPACE}:maxRequestsPerMinute")))


def _budget(value: object) -> int:
    if value is None or value == "":
        return REQUESTS_PER_MINUTE
    text = str(value).removesuffix(".0")
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise SettingsError(f"bms:maxRequestsPerMinute is {text[:20]!r}: write a whole number of at least 1")
    return int(text)


def _endpoint(inputs: Mapping[str, object], stack: Mapping[str, str], environ: Mapping[str, str]) -> str:
    # Source by source, not key by key: a variable left in the environment must not redirect a region of the config.
    sources = (
        (_text(inputs.get("endpoint")), _text(inputs.get("region"))),
        (stack["endpoint"], stack["region"]),
        (_text(environ.get("BMS_ENDPOINT")), _text(environ.get("HW_REGION_NAME"))),
    )
    return next((endpoint or endpoint_of(region) for endpoint, region in sources if endpoint or region), "")


def _token(stack: Mapping[str, str], environ: Mapping[str, str]) -> Credential | None:
    found = ((_text(environ.get("HW_AUTH_TOKEN")), "HW_AUTH_TOKEN"), (stack["token"], "bms:token"))
    return next((TokenCredential(token, source) for token, source in found if token), None)


def endpoint_of(region: str) -> str:
    """The address of the Bare Metal Server API in a region (the page "Endpoints")."""
    problem = name_problem("the region", region)
    if problem:
        raise SettingsError(problem)
    return f"https://bms.{region}.myhuaweicloud.com"


def name_problem(what: str, value: str) -> str | None:
    """What is wrong with a region or project id, or None."""
    return None if _NAME.fullmatch(value) else f"{what} may hold letters, digits, - and _ only, 64 at most"


def endpoint_problem(value: str) -> str | None:
    """What is wrong with an endpoint, or None. The text does not repeat the value: it may hold a password."""
    advice = "write https://HOST, with a port or path prefix where it needs one"
    try:
        url = urlsplit(value)
        port_is_fine = url.port is None or url.port > 0
    except ValueError:
        return f"endpoint is no URL; {advice}"
    if value != value.strip() or not value.isascii() or not value.isprintable() or " " in value or "\\" in value:
        return f"endpoint holds blanks or other characters that no URL has; {advice}"
    if url.scheme not in ("http", "https") or not port_is_fine or not _is_host(url):
        return f"endpoint is no http(s) URL; {advice}"
    if url.username is not None or url.password is not None or "?" in value or "#" in value:
        return f"endpoint must not hold a user, a query or a fragment; {advice}"
    if ".." in unquote(url.path).split("/"):
        return f"endpoint must not hold `..`; {advice}"
    if url.scheme == "http" and not _is_loopback(url.hostname or ""):
        return "endpoint is http on another machine, where a token could be read on the way; write https://"
    return None


def _is_host(url: SplitResult) -> bool:
    host = url.hostname or ""
    if "[" in url.netloc:
        return _BRACKETED.fullmatch(url.netloc) is not None and _is_address(host)
    return len(host) <= 253 and all(_LABEL.fullmatch(label) for label in host.removesuffix(".").split("."))  # noqa: PLR2004


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (_is_address(host) and ip_address(host).is_loopback)


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
