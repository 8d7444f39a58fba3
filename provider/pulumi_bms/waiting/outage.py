"""The outage: for how long a wait goes on without a good response. No clock, no I/O.

| response | before the first good response of the run | after a good response |
|---|---|---|
| no response | tolerated for FIRST_CONTACT_BUDGET | tolerated for OUTAGE_BUDGET |
| no response, after a request to slow down | tolerated for OUTAGE_BUDGET | tolerated for OUTAGE_BUDGET |
| the job is unknown | tolerated for VISIBILITY_TIME | a denial |
| unknown API, any other refusal | the end, at once | a denial |
| a rejected credential | the end, at once | the end, at once |

A *denial* after a good response may come from a single bad replica. So denials end a wait only after DOUBT_TIME and
at least DOUBT_POLLS denials, without a good response in between.
"""

from __future__ import annotations

from pulumi_bms.api.errors import (
    ApiError,
    AuthenticationError,
    NoAnswerError,
    NoSuchApiError,
    NotFoundError,
)
from pulumi_bms.waiting.outcome import End

FIRST_CONTACT_BUDGET = 60.0
"""Seconds without a good response before the first. Short, to show a wrong endpoint soon."""
OUTAGE_BUDGET = 15 * 60.0
"""Seconds without a good response after the first."""
VISIBILITY_TIME = 30.0
"""Seconds until the API must show a new job."""
DOUBT_TIME = 5 * 60.0
"""Seconds of denials before a wait ends."""
DOUBT_POLLS = 5
"""The smallest number of denials before a wait ends."""
FIRST_OUTAGE_NEWS = 15.0
"""Seconds of outage before the first message. The next message comes after twice the time, and so on."""
_TOO_MANY = 429


class Outage:
    """The bad responses to one wait's polls. Times are seconds of the loop's clock."""

    def __init__(self, started_at: float, *, job_is_known: bool) -> None:
        self.since: float | None = None
        """The start of the first poll of the outage, or None without an outage."""
        self._started_at = started_at
        self._job_is_known = job_is_known
        self._has_response = False
        self._asked_to_slow_down = False
        self._denials = 0
        self._denied_since = 0.0
        self._news_at = 0.0

    def end(self) -> None:
        """Note a good response."""
        self.since, self._denials, self._has_response = None, 0, True

    def add(self, error: ApiError, polled_at: float) -> End | None:
        """Note an error. Returns the end of the wait, if the error ends the wait."""
        if isinstance(error, AuthenticationError):
            return End.UNAUTHENTICATED
        if isinstance(error, NoAnswerError):
            return self._add_silence(error, polled_at)
        if self._has_response:
            return self._add_denial(error, polled_at)
        if self.is_not_visible(error) and polled_at - self._started_at < VISIBILITY_TIME:
            return None
        return self._end_of(error)

    def decides_at(self, error: ApiError) -> float | None:
        """The time from which another error of this kind ends the wait, or None if no poll is due then."""
        if self.since is None or error.retry_after is not None:
            return None
        if isinstance(error, NoAnswerError):
            return self.since + self._budget
        return self._denied_since + DOUBT_TIME if self._has_response else None

    def is_not_visible(self, error: ApiError) -> bool:
        """Whether an error only means that the API does not show the job yet."""
        return isinstance(error, NotFoundError) and not self._has_response

    def news(self, now: float) -> float:
        """The seconds of the outage when a message is due, else 0."""
        if self.since is None or now < self._news_at:
            return 0.0
        lasted = now - self.since
        self._news_at = now + lasted
        return lasted

    @property
    def _budget(self) -> float:
        return OUTAGE_BUDGET if self._has_response or self._asked_to_slow_down else FIRST_CONTACT_BUDGET

    def _begin(self, polled_at: float) -> float:
        if self.since is None:
            self.since, self._news_at = polled_at, polled_at + FIRST_OUTAGE_NEWS
        return self.since

    def _add_silence(self, error: NoAnswerError, polled_at: float) -> End | None:
        # No dead endpoint asks for a pause.
        if error.retry_after is not None or error.status == _TOO_MANY:
            self._asked_to_slow_down = True
        return End.NO_ANSWER if polled_at >= self._begin(polled_at) + self._budget else None

    def _add_denial(self, error: ApiError, polled_at: float) -> End | None:
        self._begin(polled_at)
        if not self._denials:
            self._denied_since = polled_at
        self._denials += 1
        lasted = polled_at >= self._denied_since + DOUBT_TIME
        return self._end_of(error) if lasted and self._denials >= DOUBT_POLLS else None

    def _end_of(self, error: ApiError) -> End:
        if isinstance(error, NotFoundError):
            return End.GONE if self._has_response or self._job_is_known else End.NOT_FOUND
        return End.NO_SUCH_API if isinstance(error, NoSuchApiError) else End.REQUEST_REFUSED
