"""How a program's functions read the cloud: checked arguments, one request a run for a question, and Outputs.

The response of the first time counts for the whole run, in every thread. An error is not kept. A run is one program
under one engine: the Automation API may run several in a process.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Hashable, Mapping
from contextvars import copy_context
from functools import partial
from typing import Any, Generic, TypeVar, cast
from weakref import WeakKeyDictionary

import pulumi
from pulumi.runtime.settings import SETTINGS

from pulumi_bms.api.http.background import start
from pulumi_bms.api.identity.single_flight import Once, before_sending
from pulumi_bms.lifecycle import input_checks
from pulumi_bms.lifecycle.connection import Connection, connect

T = TypeVar("T")


class _Answer(Generic[T]):
    """The response to one question, once known."""

    def __init__(self) -> None:
        self._once: Once[T] = Once()

    def get(self, name: str, ask: Callable[[], T]) -> T:
        with before_sending(name, "the request is still under way"):
            return self._once.get(ask)


class _NoEngine:
    """The run of a program without an engine: the process."""


class _Runs:
    """The answers of each run. Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._no_engine = _NoEngine()
        self._runs: WeakKeyDictionary[object, dict[Hashable, _Answer[Any]]] = WeakKeyDictionary()

    def answer(self, key: Hashable) -> _Answer[Any]:
        # Each run of a program has its own connection to an engine.
        run = getattr(SETTINGS, "monitor", None) or self._no_engine
        with self._lock:
            return self._runs.setdefault(run, {}).setdefault(key, _Answer())


_RUNS = _Runs()


def connected(where: Mapping[str, Any], *problems: str | None) -> Connection:
    """The API for these connection arguments. Raises `ValueError` for a problem, and `SettingsError`. Sends nothing."""
    problem = next(filter(None, [*problems, *input_checks.connection_problems(where)]), None)
    if problem:
        raise ValueError(problem)
    return connect(where, _program_config)


def answered(connection: Connection, name: str, ask: Callable[[], T], *arguments: Hashable) -> T:
    """The response to the question `name` with these arguments. Asked once a run. Raises the errors of `ask`."""
    answer: _Answer[T] = _RUNS.answer((connection, name, *arguments))
    return answer.get(name, ask)


def output_of(function: Callable[..., T], arguments: Mapping[str, pulumi.Input[Any]]) -> pulumi.Output[T]:
    """The result of a function for arguments that may be outputs. Unknown arguments ask nothing.

    A thread asks, so the program goes on meanwhile, and ends without the response after an error elsewhere.
    """

    async def ask(known: dict[str, Any]) -> T:
        work = partial(copy_context().run, partial(function, **known))
        # A thread that ends after a cancel must find its future.
        return await asyncio.shield(asyncio.wrap_future(start(work, "data source")))

    return pulumi.Output.all(**arguments).apply(ask)


def _program_config(key: str) -> object:
    namespace, _, name = key.partition(":")
    return cast("object", pulumi.Config(namespace).get(name))
