"""When to look next: pure. The longer a job has run, the less a few seconds matter."""

from __future__ import annotations

from dataclasses import dataclass

SHARE_OF_ELAPSED = 0.04
"""The poll interval as a share of the time waited so far: what it adds to a job's duration at most, on average half."""
SHORTEST_INTERVAL = 1.0
"""Seconds between two looks at least."""
LONGEST_INTERVAL = 10.0
"""Seconds between two looks at most, while the API answers."""
LONGEST_BACKOFF = 60.0
"""Seconds between two looks at most, while it does not."""
LONGEST_RETRY_AFTER = 300.0
"""Seconds that a server may ask us to pause; a larger wish is cut to this."""
JITTER = 0.1
"""The share by which an interval is varied, so that waits begun together spread out."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long to pause between looks, in seconds; the defaults suit jobs of 5 to 60 minutes."""

    share: float = SHARE_OF_ELAPSED
    shortest: float = SHORTEST_INTERVAL
    longest: float = LONGEST_INTERVAL

    def interval(self, elapsed: float, chance: float, *, failures: int = 0, retry_after: float | None = None) -> float:
        """Seconds until the next look.

        `elapsed` is the time waited so far, `chance` a random number in [0, 1), `failures` how many looks in a row
        brought no news, `retry_after` the pause that the server asks for, which wins.
        """
        usual = min(self.longest, max(self.shortest, self.share * elapsed))
        backoff = min(LONGEST_BACKOFF, self.shortest * 2.0 ** min(failures - 1, 10)) if failures else 0.0
        if retry_after is not None:
            return max(self.shortest, min(retry_after, LONGEST_RETRY_AFTER))
        return max(self.shortest, max(usual, backoff) * (1 - JITTER * chance))
