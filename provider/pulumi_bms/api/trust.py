"""What APIs think of credentials: the first use is made alone, and a rejected one is not used again.

Five bad signatures in a row lock an access key, and some wrong passwords a user: ten resources that start together with
a wrong secret must cost one request. So until an API has accepted a credential, one request at a time is sent with it;
whoever waited learns from its answer. After that everybody sends at will. Where an answer is slow to come, one more
request is sent every few seconds: a job that the API never answers for must not hold up the others.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pulumi_bms.api.auth import Credential
from pulumi_bms.api.errors import AuthenticationError, NoNewsError

PATIENCE = 5.0
"""Seconds for which the first use of a credential keeps the next one waiting."""


class Standing:
    """What one API thinks of one credential: nothing yet, that it is good, or that it is not."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._accepted = False
        self._rejection: AuthenticationError | None = None
        self._miss: NoNewsError | None = None

    @contextmanager
    def use(self, *, repeatable: bool) -> Iterator[None]:
        """Send one request with the credential; raises what its first use has shown.

        A `repeatable` request takes "no news" from the one that it waited for as its own, so that many waits don't
        queue up at an API that is silent; any other does so only where that one never left either.
        """
        miss = self._miss
        turn = None if self._accepted else self._my_turn()
        try:
            self._raise_if_rejected()
            if turn and self._miss is not miss and self._miss and (repeatable or not self._miss.sent):
                raise copy.copy(self._miss)
            if turn and self._accepted:
                turn.release()
                turn = None
            with self._noting_misses():
                yield
        finally:
            if turn:
                turn.release()

    def _my_turn(self) -> threading.Lock:
        """The lock of this turn, held: that of the one before, or a new one where that one takes too long."""
        while True:
            turn = self._turn
            in_time = turn.acquire(timeout=self._patience)
            with self._lock:
                if self._turn is turn:
                    if not in_time:
                        turn = self._turn = threading.Lock()
                        turn.acquire()
                    return turn
            # Somebody has overtaken meanwhile, and it is for their turn to end.
            if in_time:
                turn.release()

    @contextmanager
    def _noting_misses(self) -> Iterator[None]:
        try:
            yield
        except NoNewsError as error:
            self._miss = error
            raise

    def accept(self) -> None:
        """Note that an answer came which only an accepted credential gets."""
        self._accepted = True

    def reject(self, error: AuthenticationError) -> None:
        """Note that the API does not accept the credential."""
        self._rejection = self._rejection or error

    def _raise_if_rejected(self) -> None:
        if self._rejection:
            again = copy.copy(self._rejection)
            again.what = f"{again.what}, rejected before in this run and not sent again"
            raise again


class Trust:
    """The standings of all credentials at all APIs. Safe to use from many threads."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._lock = threading.Lock()
        self._standings: dict[tuple[str, str], Standing] = {}

    def standing(self, endpoint: str, credential: Credential) -> Standing:
        """The standing of a credential at an endpoint: it may be bad at one and good at another."""
        with self._lock:
            return self._standings.setdefault((endpoint, credential.fingerprint), Standing(self._patience))


TRUST = Trust()
"""That of this process."""
