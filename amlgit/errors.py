"""What can go wrong and is not a bug: every expected failure names the thing and says what to do next."""


class AmlgitError(Exception):
    """An expected failure: `str()` names the thing, `hint` says what to do next."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(AmlgitError):
    """What was asked for does not exist or does not fit together (exit code 2)."""


class Refused(AmlgitError):
    """Going on would overwrite, leak or break something (exit code 3)."""


class InvalidDocument(Refused):
    """A document that can't be read or can't be held by the form, with the reason (exit code 3)."""


class Unreachable(AmlgitError):
    """A remote, a service or the network did not answer as needed (exit code 4)."""


class StorageFailed(AmlgitError):
    """Git or the disk failed underneath; nothing of ours was left half-written (exit code 4)."""
