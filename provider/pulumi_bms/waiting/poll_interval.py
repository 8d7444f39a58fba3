"""The time of the next poll, as a pure function. The longer a job has run, the less a few seconds matter."""

from __future__ import annotations

from dataclasses import dataclass

SHARE_OF_ELAPSED = 0.04
"""The poll interval as a share of the time waited so far.

Polling delays the end of a wait by at most the share of the job's duration, and on average by half of the share.
"""
SHORTEST_INTERVAL = 1.0
"""The shortest poll interval in seconds."""
LONGEST_INTERVAL = 10.0
"""The longest poll interval in seconds while the API responds."""
LONGEST_BACKOFF = 60.0
"""The longest poll interval in seconds during an outage."""
LONGEST_RETRY_AFTER = 300.0
"""The longest pause in seconds at a server's request. Longer requests are cut."""
JITTER = 0.1
"""The random share of an interval. Waits with the same start spread out."""


@dataclass(frozen=True, slots=True)
class PollInterval:
    """Poll intervals in seconds. The defaults suit jobs of 5 to 60 minutes."""

    share: float = SHARE_OF_ELAPSED
    shortest: float = SHORTEST_INTERVAL
    longest: float = LONGEST_INTERVAL

    def interval(self, elapsed: float, chance: float, *, failures: int = 0, retry_after: float | None = None) -> float:
        """Seconds until the next poll.

        `elapsed` is the time waited so far, `chance` a random number in [0, 1), `failures` the number of polls without
        a response in a row. `retry_after` is the pause at the server's request, and wins.
        """
        usual = min(self.longest, max(self.shortest, self.share * elapsed))
        backoff = min(LONGEST_BACKOFF, self.shortest * 2.0 ** min(failures - 1, 10)) if failures else 0.0
        if retry_after is not None:
            return max(self.shortest, min(retry_after, LONGEST_RETRY_AFTER))
        return max(self.shortest, max(usual, backoff) * (1 - JITTER * chance))
