# ruff: noqa: N818 -- a refusal is named for what it says: NotFound, Gone
"""One hierarchy of refusals. Each says what was wrong, and what to do about it.

The API maps a class to an HTTP status once, by `status_hint`; nothing below the API knows HTTP
beyond that number.
"""

from typing import ClassVar


class SemioscopeError(Exception):
    """A refusal with a stable `code`, one clear sentence, and perhaps a hint.

    `retryable` says that the same request may succeed later, unchanged.
    """

    status_hint: ClassVar[int] = 500

    def __init__(
        self, code: str, message: str, hint: str | None = None, *, retryable: bool = False
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.retryable = retryable


class InvalidRequest(SemioscopeError):
    """The request makes no sense as it stands."""

    status_hint = 422


class NotFound(SemioscopeError):
    """There is nothing of that name."""

    status_hint = 404


class Gone(SemioscopeError):
    """It was there, and was taken back (a revoked link)."""

    status_hint = 410


class Forbidden(SemioscopeError):
    """The caller has no right to do this."""

    status_hint = 403


class Conflict(SemioscopeError):
    """The tree's present state does not allow it."""

    status_hint = 409


class TooLarge(SemioscopeError):
    """A body or a result over a stated bound."""

    status_hint = 413


class LimitExceeded(SemioscopeError):
    """A budget or a rate is used up."""

    status_hint = 429


class Unavailable(SemioscopeError):
    """Something this needs cannot be had now (a rule that is not loaded)."""

    status_hint = 503
