"""The meaning of a refusal for one operation, as a table: done already, wait, gone, or to be confirmed.

Sources: the page "Error Codes" of the Bare Metal Server API reference and the "Error Codes" of the billing service's.
A code without a row here is an error for the user.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, unique
from types import MappingProxyType

from pulumi_bms.api import error_codes, operations
from pulumi_bms.api.errors import (
    ApiError,
    NotFoundError,
    OutcomeUnknownError,
)
from pulumi_bms.api.operations import Operation


@unique
class Meaning(Enum):
    """The meaning of a refusal for an operation."""

    DONE = "done"
    """The result of the operation exists already."""
    WAIT = "wait"
    """A different operation is under way, or a rate limit is reached: try again later."""
    GONE = "gone"
    """The server, the disk or the resource does not exist any more."""
    CONFIRM = "confirm"
    """The server may be gone or busy: get the server before a decision."""


_TOO_MANY = 429
"""The gateway has refused the request before the service: other tenants count for the limits too."""

_Row = Mapping[Meaning, tuple[str, ...]]

_OVERLOADED = "BMS.0212"
_POWER = ("BMS.0035", "BMS.0036", "BMS.0037", _OVERLOADED)
_NO_SERVER = ("BMS.0040",)
_CHANGE: _Row = {Meaning.WAIT: (*_POWER, "BMS.1001", "BMS.1006"), Meaning.GONE: _NO_SERVER}
_RENEWAL: _Row = {
    Meaning.WAIT: ("CBC.99003651",),
    Meaning.GONE: ("CBC.30000067",),
    Meaning.CONFIRM: ("CBC.99003012",),
}

_ROWS: Mapping[Operation, _Row] = {
    operations.CREATE_SERVERS: {Meaning.WAIT: (_OVERLOADED,)},
    operations.GET_SERVER: {Meaning.WAIT: (_OVERLOADED,), Meaning.GONE: _NO_SERVER},
    operations.RENAME_SERVER: _CHANGE,
    operations.UPDATE_METADATA: _CHANGE,
    operations.GET_TAGS: {Meaning.WAIT: (_OVERLOADED,), Meaning.GONE: _NO_SERVER},
    operations.CHANGE_TAGS: _CHANGE,
    operations.START_SERVERS: {**_CHANGE, Meaning.DONE: ("BMS.0038",)},
    operations.STOP_SERVERS: {**_CHANGE, Meaning.DONE: ("BMS.0039",)},
    operations.REBOOT_SERVERS: _CHANGE,
    operations.DELETE_SERVERS: _CHANGE,
    operations.REINSTALL: _CHANGE,
    operations.CHANGE_IMAGE: _CHANGE,
    operations.ADD_NICS: _CHANGE,
    operations.REMOVE_NICS: _CHANGE,
    operations.LIST_ATTACHMENTS: {
        Meaning.WAIT: (_OVERLOADED,),
        Meaning.GONE: _NO_SERVER,
        Meaning.CONFIRM: ("BMS.1007",),
    },
    operations.ATTACH_VOLUME: {
        Meaning.DONE: ("BMS.1009",),
        Meaning.WAIT: (*_POWER, "BMS.1001", "BMS.1003", "BMS.1006", "BMS.1011"),
        Meaning.GONE: (*_NO_SERVER, "BMS.0103"),
    },
    operations.DETACH_VOLUME: {
        Meaning.DONE: ("BMS.0103", "BMS.0114"),
        Meaning.WAIT: (*_POWER, "BMS.1001", "BMS.1003"),
        Meaning.GONE: _NO_SERVER,
        # A busy server and a missing server have the same codes.
        Meaning.CONFIRM: ("BMS.1006", "BMS.1007"),
    },
    operations.UNSUBSCRIBE: _RENEWAL,
    operations.START_RENEWING: _RENEWAL,
    operations.STOP_RENEWING: _RENEWAL,
}

MEANINGS: Mapping[tuple[str, str], Meaning] = MappingProxyType(
    {
        (operation.name, code): meaning
        for operation, row in _ROWS.items()
        for meaning, listed in row.items()
        for code in listed
    }
)
"""By the name of the operation and the code, as `error_codes.normalise` spells codes."""


def meaning_of(operation: Operation, error: ApiError) -> Meaning | None:
    """The meaning of an error for an operation. None if the operation failed or the outcome is unknown."""
    if isinstance(error, OutcomeUnknownError) or not error.sent:
        return None
    if error.status == _TOO_MANY:
        return Meaning.WAIT
    listed = meaning_of_code(operation, error.code)
    # The error of the service behind the API makes an unsure code sure.
    if listed not in (None, Meaning.CONFIRM) or not says_not_found(error):
        return listed
    return Meaning.GONE if operation == operations.GET_SERVER else Meaning.CONFIRM


def meaning_of_code(operation: Operation, code: str | None) -> Meaning | None:
    """The meaning of a code alone for an operation."""
    return MEANINGS.get((operation.name, error_codes.normalise(code)))


def says_not_found(error: ApiError) -> bool:
    """Whether the service itself reports a missing resource.

    A gateway or a proxy also sends 404 for a wrong endpoint or path. Without a code of the service a 404 says nothing
    about a server.
    """
    if error.is_missing_in_nova:
        return True
    code = error_codes.normalise(error.code)
    of_service = bool(code) and not code.isdigit() and not code.upper().startswith(("APIGW.", "APIG."))
    return isinstance(error, NotFoundError) and error.status == 404 and of_service  # noqa: PLR2004
