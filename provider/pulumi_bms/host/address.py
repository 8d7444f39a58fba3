"""The engine's address on the command line."""

from __future__ import annotations


def is_address(argument: str) -> bool:
    """Whether the argument is HOST:PORT, the form of the engine's address."""
    host, colon, port = argument.rpartition(":")
    return bool(host and colon) and port.isascii() and port.isdigit()
