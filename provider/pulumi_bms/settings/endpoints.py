"""Addresses, regions and names: the problem of a value, and the normal form of an address."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, unquote, urlsplit

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_BRACKETED = re.compile(r"\[[0-9A-Fa-f:.]+\](?::[0-9]+)?")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


def normalised(address: str, *endings: str) -> str:
    """A valid address in normal form, without these endings of its path."""
    url = urlsplit(address)
    path = url.path.rstrip("/")
    for ending in endings:
        path = path.removesuffix(ending).rstrip("/")
    return url._replace(scheme=url.scheme.lower(), netloc=url.netloc.lower(), path=path).geturl()


def region_problem(value: str, what: str = "the region") -> str | None:
    """The problem of a region, or None. A region becomes part of a host name."""
    return (
        None if _LABEL.fullmatch(value) else f"{what} must have 1 to 63 letters, digits and -, with no - at either end"
    )


def name_problem(what: str, value: str) -> str | None:
    """The problem of a project id or a profile name, or None."""
    return (
        None
        if _NAME.fullmatch(value)
        else f"{what} must have 1 to 64 letters, digits, - and _, with a letter or digit first"
    )


def endpoint_problem(value: str, what: str = "endpoint") -> str | None:
    """The problem of an endpoint, or None. The text does not repeat the value: the value may hold a password."""
    next_step = "write https://HOST, with a port or path prefix if necessary"
    try:
        url = urlsplit(value)
        port_is_fine = url.port is None or url.port > 0
    except ValueError:
        return f"{what} must be a URL: {next_step}"
    if value != value.strip() or not value.isascii() or not value.isprintable() or " " in value or "\\" in value:
        return f"{what} must not contain blanks or other characters outside a URL: {next_step}"
    if url.scheme not in ("http", "https") or not port_is_fine or not _is_host(url):
        return f"{what} must be an http(s) URL: {next_step}"
    if url.username is not None or url.password is not None or "?" in value or "#" in value:
        return f"{what} must not contain a user, a query or a fragment: {next_step}"
    if ".." in unquote(url.path).split("/"):
        return f"{what} must not contain `..`: {next_step}"
    if url.scheme == "http" and not _is_loopback(url.hostname or ""):
        return f"{what} must begin with https://, because a credential over http could be read on the way"
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
