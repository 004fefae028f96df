"""What can go wrong with a service: each failure names the request by its id and never holds a token."""

from amlgit.errors import AmlgitError, Refused, Unreachable


class ServiceFailure(AmlgitError):
    """A request that did not come to what was asked; `status` is None where there was no answer."""

    def __init__(self, message: str, *, hint: str | None = None, status: int | None = None, request_id: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.request_id = request_id


class Unauthorised(ServiceFailure, Unreachable):
    """The service did not take the token (401, 403)."""


class NotFound(ServiceFailure, Unreachable):
    """The service has no such thing (404)."""


class Stale(ServiceFailure, Refused):
    """Somebody changed the experiment meanwhile (412)."""


class Clash(ServiceFailure, Refused):
    """Something stands in the way: a name that is taken, an experiment that is locked (409)."""


class Rejected(ServiceFailure, Refused):
    """The service does not take the request as it stands (any other 4xx)."""


class Throttled(ServiceFailure, Unreachable):
    """The service wants fewer requests, for longer than it is worth waiting (429, 503 and the like)."""


class NoAnswer(ServiceFailure, Unreachable):
    """Nobody answered, or what came was no answer of the service."""


class Unreadable(NoAnswer):
    """What was asked for came, and is no such thing: of one experiment, that says nothing about the others."""


class Doubtful(ServiceFailure, Unreachable):
    """The request was sent, and what came back does not say whether it was done: read back, then decide."""
