"""Guard credentials against lockout: the first use is sent alone, and a rejected credential is not sent again.

Five bad signatures in a row lock an access key. Some wrong passwords lock a user. Ten resources that start together
with a wrong secret must cost one request. Until an API has accepted a credential, one request at a time is sent with
the credential. The waiting requests learn from the response. After acceptance, requests are sent without waiting.
After `PATIENCE` seconds without a response, a second and a third request are sent. So a job without any response does
not delay the other jobs.

A rejection counts for one project, because the API may accept the same credential in another project. No code tells a
wrong credential from a wrong project: the gateway has APIGW.0301 for both. So every project has its own first use.
After `MOST_FIRST_USES` rejections and no acceptance, a credential is rejected for all projects.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from pulumi_bms.api.auth.credential import Credential
from pulumi_bms.api.errors import AuthenticationError, NoAnswerError
from pulumi_bms.api.http.background import CHECK, INTERRUPTED, Unwanted
from pulumi_bms.api.http.request import Request

PATIENCE = 2.0
"""Seconds for which a pending first use delays the next first use."""
MOST_FIRST_USES = 3
"""First uses pending or rejected in all projects together. More would lock a key or a user."""


class CredentialState:
    """The state of one credential at one API, by project: unknown, accepted or rejected."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._changed = threading.Condition()
        self._under_way: Counter[str] = Counter()
        self._accepted: set[str] = set()
        self._rejections: dict[str, AuthenticationError] = {}
        self._miss: NoAnswerError | None = None

    @contextmanager
    def first_use(self, credential: Credential, what: str, request: Request) -> Iterator[None]:
        """Send one request, `what`, with the credential. Raises the rejection of an earlier first use.

        The pending first use is a probe. If the probe got no response, waiting GETs fail at once: many waits must not
        queue at a silent API. A POST fails only if the probe was never sent. The wait for a turn ends with the
        request's timeout, or when the request is unwanted.
        """
        project = request.concerns
        is_first_use = self._enter(credential, what, request)
        try:
            yield
        except NoAnswerError as error:
            with self._changed:
                if is_first_use and error.status is None:
                    self._miss = error
            raise
        finally:
            if is_first_use:
                with self._changed:
                    self._under_way[project] -= 1
                    self._changed.notify_all()

    def accept(self, project: str = "") -> None:
        """Note a response that only an accepted credential gets."""
        with self._changed:
            self._accepted.add(project)
            self._changed.notify_all()

    def reject(self, error: AuthenticationError, project: str = "") -> None:
        """Note that the API rejected the credential."""
        with self._changed:
            # Another error without a traceback: a traceback would keep the rejected request alive, and so the secret.
            self._rejections.setdefault(project, error.replaced())
            self._changed.notify_all()

    def _enter(self, credential: Credential, what: str, request: Request) -> bool:
        """Wait for a turn. True for a first use: the other requests wait for the result."""
        project, timeout, unwanted = request.concerns, request.timeout, request.unwanted
        started_at = time.monotonic()
        with self._changed:
            miss = self._miss
            while True:
                waited = time.monotonic() - started_at
                self._raise_if_rejected(credential, what, project)
                if project in self._accepted:
                    return False
                if self._miss and self._miss is not miss and (request.is_repeatable or not self._miss.sent):
                    raise NoAnswerError.never_sent(what, self._miss.detail or "")
                if self._has_turn(project, waited):
                    self._under_way[project] += 1
                    return True
                if timeout is not None and waited >= timeout:
                    raise NoAnswerError.never_sent(what, "the first request with this credential has no response yet")
                if unwanted and unwanted():
                    raise NoAnswerError.never_sent(what, INTERRUPTED)
                self._changed.wait(self._until_next_turn(waited, timeout, unwanted))

    def _has_turn(self, project: str, waited: float) -> bool:
        allowed = min(1 + int(waited / self._patience), MOST_FIRST_USES)
        if self._accepted:
            # The credential itself is good: projects don't wait for each other.
            return self._under_way[project] < allowed
        return self._under_way.total() < min(allowed, MOST_FIRST_USES - len(self._rejections))

    def _until_next_turn(self, waited: float, timeout: float | None, unwanted: Unwanted) -> float:
        until_next = self._patience - waited % self._patience
        left = until_next if timeout is None else timeout - waited
        return max(0.0, min(until_next, left, CHECK if unwanted else until_next))

    def _raise_if_rejected(self, credential: Credential, what: str, project: str) -> None:
        rejection = self._rejections.get(project)
        if not rejection and not self._accepted and len(self._rejections) >= MOST_FIRST_USES:
            rejection = next(iter(self._rejections.values()))
        if rejection:
            unsent = f"{what} (not sent: the API rejected the same credential before in this run)"
            raise rejection.replaced(what=unsent, sent=False, credential=credential.name)


class LockoutGuard:
    """The states of all credentials at all APIs. Safe to use from many threads."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._lock = threading.Lock()
        self._states: dict[tuple[str, str], CredentialState] = {}

    def state_of(self, endpoint: str, credential: Credential) -> CredentialState:
        """The state of a credential at an endpoint.

        The same credential may be good at one endpoint and bad at another.
        """
        with self._lock:
            return self._states.setdefault((endpoint, credential.fingerprint), CredentialState(self._patience))


LOCKOUT_GUARD = LockoutGuard()
"""The states of this process."""
