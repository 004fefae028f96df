"""When a request may be sent again, and how long to wait before: backoff with jitter, Retry-After, and a budget for all of a run."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

PASSING = frozenset({408, 429, 440, 500, 502, 503, 504, 509})
"""Statuses that another try may turn into an answer; the R client of the service repeats much the same (protocol, section 1.5)."""

REFUSED_UNSERVED = frozenset({403, 429})
"""Statuses that say that nothing was done; after any other, whoever sent a change has to read back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to keep trying. Times are seconds."""

    attempts: int = 5
    """How often one request is sent at most."""
    first_wait: float = 0.4
    longest_wait: float = 20.0
    longest_retry_after: float = 120.0
    """What a service may ask us to wait; if it asks for more, the run ends and says so."""
    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    answer_timeout: float = 300.0
    """For a whole answer, headers and all, however its bytes drip in; one that comes faster than `slowest` has all the time it needs."""
    slowest: float = 4096.0
    """Bytes that earn an answer a second more."""


class Budget:
    """Repeated requests of one run: a service that is down is not asked over and over for each of ten thousand versions.

    Every answered request adds a fifth of a repetition; there are twenty to begin with. Threads may share one.
    """

    def __init__(self, start: float = 20.0, share: float = 0.2) -> None:
        self._left = self._most = start
        self._share = share
        self._lock = threading.Lock()

    def earn(self) -> None:
        """Note an answer."""
        with self._lock:
            self._left = min(self._most, self._left + self._share)

    def spend(self) -> bool:
        """Take one repetition; whether there was one left."""
        with self._lock:
            if self._left < 1:
                return False
            self._left -= 1
            return True


def wait_before(attempt: int, patience: Patience) -> float:
    """Seconds before the next try after `attempt` tries: full jitter, so that many clients do not come back all at once."""
    return random.uniform(0.1, 1.0) * min(patience.longest_wait, patience.first_wait * float(2 ** (attempt - 1)))  # noqa: S311 # no secret


def retry_after(header: str | None, now: Callable[[], float] = time.time) -> float | None:
    """The seconds that a Retry-After asks for, as a number or as a date; None where it asks for nothing we understand."""
    if not header:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(header)
    except (ValueError, OverflowError):  # a zone can be farther away than any clock
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.fromtimestamp(now(), UTC)).total_seconds())
