"""Every exception of this package, in one tree.

Exception
└── InngestError
    ├── ConfigError                    you declared something that cannot work (also a ValueError)
    ├── UsageError                     you called something where it cannot be called (also a RuntimeError)
    ├── UnserializableError            a value that has no JSON form (also a TypeError)
    ├── EventDataError                 event data that does not fit its EventType (also a ValueError)
    ├── SendEventsError                the event API did not take all the events
    ├── DivergenceError                your function does something else when it is replayed (also an AssertionError)
    ├── RequestError                   they sent something that we do not accept: has a status and a code
    │   ├── InvalidJSONError           a body that is not JSON
    │   ├── BodyTooLargeError          a body with more bytes than are read
    │   ├── LengthRequiredError        a body in chunks, which the web server does not read
    │   ├── SignatureError             a missing, stale or wrong signature
    │   ├── FunctionNotFoundError      a call for a function that is not served here
    │   ├── MethodNotAllowedError      a method that no Inngest server uses
    │   ├── ServerKindError            a dev server talking to a production app, or the reverse
    │   └── StepNotFoundError          a call for a step that the function no longer has
    ├── ServerError                    an Inngest server answered something that it should not
    ├── NonRetriableError              raise it: no retry will help
    ├── RetryAfterError                raise it: retry, but not before then
    └── StepError                      a step failed for good; catch it where the step is awaited

BaseException
└── Interrupt                          control flow of plain functions: never catch it
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from http import HTTPStatus


class InngestError(Exception):
    """The base of every error that this package raises."""


# What you did ------------------------------------------------------------------------------------------------------


class ConfigError(InngestError, ValueError):
    """A declaration that cannot work. The message names the function, the field, the value and the rule."""


class UsageError(InngestError, RuntimeError):
    """A call in a place where it cannot be made, such as a step inside a step."""


class UnserializableError(InngestError, TypeError):
    """A value that has no JSON form; `path` says where in it, as in `$.orders[3].placed_by`."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        """Say where and why."""
        return f"cannot be written as JSON: at {self.path}: {self.reason}"


class EventDataError(InngestError, ValueError):
    """Event data that does not fit the model of its EventType. Never retried: the same data would fail again."""


class SendEventsError(InngestError):
    """The event API did not accept every event.

    `ids` holds the ids of the events that were accepted before the refusal: a batch is not atomic (PROTOCOL 10.1).
    """

    def __init__(self, message: str, ids: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.ids = list(ids)


class DivergenceError(InngestError, AssertionError):
    """A function that does something else when it is replayed: in production it would go astray.

    `steps` is how many steps had their results then, `difference` what was different, `cause` why that may be.
    """

    def __init__(self, function: str, steps: int, difference: str, cause: str) -> None:
        super().__init__(function, steps, difference, cause)
        self.function = function
        self.steps = steps
        self.difference = difference
        self.cause = cause

    def __str__(self) -> str:
        """Say what was different, and why that may be."""
        after = f"after {self.steps} step{'' if self.steps == 1 else 's'}"
        return f"{self.function} is not the same when it is replayed {after}: {self.difference}.\nLikely: {self.cause}."


# What they did -----------------------------------------------------------------------------------------------------


class RequestError(InngestError):
    """A request that is not accepted. `status` is the HTTP status to answer with, `code` names the kind."""

    status: HTTPStatus = HTTPStatus.BAD_REQUEST
    code: str = "bad_request"


class InvalidJSONError(RequestError):
    """A body that is not JSON, or not the JSON that was expected."""

    code = "body_invalid"


class BodyTooLargeError(RequestError):
    """A body with more bytes than an app reads, so that nobody can fill its memory."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "body_too_large"


class LengthRequiredError(RequestError):
    """A body that came in chunks, of which the web server gave the app nothing."""

    status = HTTPStatus.LENGTH_REQUIRED
    code = "length_required"


class SignatureError(RequestError):
    """A request whose signature is missing, stale or wrong (PROTOCOL 2.2). The reply never says which (2.6)."""

    status = HTTPStatus.UNAUTHORIZED
    code = "sig_verification_failed"


class FunctionNotFoundError(RequestError):
    """A call for a function that is not served here. Retriable: a deployment may be under way (PROTOCOL 5.2)."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    code = "function_not_found"


class MethodNotAllowedError(RequestError):
    """A request whose method is none of GET, POST and PUT."""

    status = HTTPStatus.METHOD_NOT_ALLOWED
    code = "method_not_allowed"


class ServerKindError(RequestError):
    """A dev server talks to an app in production mode, or the reverse (PROTOCOL 2.7)."""

    code = "server_kind_mismatch"


class StepNotFoundError(RequestError):
    """A targeted call whose step was not met while the function ran (PROTOCOL 5.2)."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    code = "step_not_found"


class ServerError(InngestError):
    """An Inngest server could not be reached, or answered something that it should not.

    `status` is the HTTP status of its answer, or None if there was none.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


# What you raise, and what you catch --------------------------------------------------------------------------------


class NonRetriableError(InngestError):
    """Raise it in a step or a function when no retry will help.

    In a step it fails that step for good: the function sees a `StepError`. `quiet` keeps it out of the error log.
    """

    def __init__(self, message: str | None = None, *, quiet: bool = False) -> None:
        super().__init__(message or "")
        self.message = message or ""
        self.quiet = quiet


class RetryAfterError(InngestError):
    """Raise it in a step or a function to say when the next attempt makes sense.

    `retry_after` is a duration (`"30s"`, `timedelta`) or a moment (an aware `datetime`). The server clamps it to
    between one second and 24 hours from now (PROTOCOL 7.2). `quiet` keeps it out of the error log.

    Raises TypeError if `retry_after` is a bare number.
    """

    def __init__(self, message: str, retry_after: str | timedelta | datetime, *, quiet: bool = False) -> None:
        if not isinstance(retry_after, (str, timedelta, datetime)):
            raise TypeError(
                f"RetryAfterError: retry_after={retry_after!r} has no unit: "
                f'write "{retry_after}s", a timedelta or a datetime'
            )
        super().__init__(message, retry_after)
        self.message = message
        self.retry_after = retry_after
        self.quiet = quiet

    def __str__(self) -> str:
        """Return the message alone."""
        return self.message


class StepError(InngestError):
    """A step failed and will not be retried. `name`, `message` and `stack` are those of the original error.

    `step_id` is the id that the step was given in the code; `cause` is the error behind the error, if there was one.
    An invoked function that fails, or does not end in time, is a StepError too (PROTOCOL 6.3).
    """

    def __init__(
        self,
        step_id: str = "",
        name: str = "Error",
        message: str = "",
        stack: str = "",
        cause: StepError | None = None,
    ) -> None:
        super().__init__(message)
        self.step_id = step_id
        self.name = name
        self.message = message
        self.stack = stack
        self.cause = cause
        self.__cause__ = cause

    def __str__(self) -> str:
        """Return the original error as a traceback would show its last line."""
        return f"{self.name}: {self.message}" if self.message else self.name


# Control flow ------------------------------------------------------------------------------------------------------


class Interrupt(BaseException):
    """Ends this execution of a plain function at a step that has to be reported. Not an error; never catch it."""
