"""Errors as answers: ``application/problem+json`` with an id to quote and never a trace (WEB-8)."""

import logging
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from agent_desktop.auth import SignedOut, WrongPassword
from agent_desktop.finding import TooManySearches
from agent_desktop.lockout import TooManyTries
from agent_desktop.principal import ConfirmationNeeded, Forbidden
from router.model.errors import (
    CarillonError,
    InvalidInput,
    NotFound,
    Overloaded,
    Refused,
    StorageFailed,
)
from router.ports import Ids

log = logging.getLogger(__name__)

TITLES = {
    400: "Not understood",
    401: "Sign in first",
    403: "Not allowed",
    404: "Not found",
    405: "Not a method of this address",
    409: "Not possible now",
    411: "Say how long it is",
    413: "Too large",
    415: "Not the right kind of content",
    422: "Something in it is wrong",
    429: "Too many requests",
    500: "Something broke",
    503: "Try again in a moment",
}
_STATUS: tuple[tuple[type[CarillonError], int], ...] = (
    (WrongPassword, 401),
    (SignedOut, 401),
    (TooManyTries, 429),
    (TooManySearches, 429),
    (Forbidden, 403),
    (ConfirmationNeeded, 403),
    (NotFound, 404),
    (InvalidInput, 422),
    (Refused, 409),
    (Overloaded, 503),
    (StorageFailed, 503),
)


class TooLarge(Exception):
    """The body is longer than allowed."""


class FieldError(msgspec.Struct, frozen=True):
    """What is wrong with one field."""

    field: str
    message: str


class Problem(msgspec.Struct, frozen=True):
    """The body of every error (RFC 9457), with a stable code and an id for the log."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: tuple[FieldError, ...]
    id: str


def problem(
    ids: Ids,
    status: int,
    code: str,
    detail: str = "",
    errors: tuple[FieldError, ...] = (),
    headers: dict[str, str] | None = None,
) -> Response:
    """An error as an answer. It is logged under its id."""
    title = TITLES.get(status, "Not done")
    body = Problem("about:blank", title, status, code, detail or title, errors, ids.new())
    level = logging.ERROR if status >= 500 else logging.INFO
    log.log(
        level,
        "refused a request",
        extra={"event": "request_refused", "status": status, "code": code, "id": body.id},
    )
    return Response(
        msgspec.json.encode(body),
        status_code=status,
        media_type="application/problem+json",
        headers=headers,
    )


def of_error(ids: Ids, error: CarillonError) -> Response:
    """One of our own errors as an answer."""
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 500)
    headers: dict[str, str] = {}
    if isinstance(error, TooManyTries):
        headers["Retry-After"] = str(-(-error.wait_ms // 1_000))
    if status == 503 or isinstance(error, TooManySearches):
        headers["Retry-After"] = "1"
    errors: tuple[FieldError, ...] = ()
    if isinstance(error, InvalidInput):
        errors = (FieldError(error.field, error.message),)
    return problem(ids, status, error.code, error.message, errors, headers)


def install(app: FastAPI, ids: Ids, methods_of: Callable[[str], Sequence[str]]) -> None:
    """Let an application answer every failure in this form.

    ``methods_of`` names the methods a path has (RFC 9110, 15.5.6: all of them, said with 405).
    """

    async def ours(_request: Request, error: Exception) -> Response:
        if not isinstance(error, CarillonError):
            raise TypeError(type(error).__name__)
        return of_error(ids, error)

    async def http(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
        if status == 405:
            headers["Allow"] = ", ".join(methods_of(request.scope["path"]))
        code = {404: "not_found", 405: "method_not_allowed"}.get(status, f"status_{status}")
        return problem(ids, status, code, headers=headers)

    async def invalid(_request: Request, error: Exception) -> Response:
        found: list[dict[str, Any]] = (
            list(error.errors()) if isinstance(error, RequestValidationError) else []
        )
        errors = tuple(
            FieldError(".".join(str(part) for part in each["loc"][1:]), str(each["msg"]))
            for each in found
        )
        return problem(ids, 422, "invalid_input", errors=errors)

    async def large(_request: Request, _error: Exception) -> Response:
        return problem(ids, 413, "too_large", headers={"Connection": "close"})

    async def gone(_request: Request, _error: Exception) -> Response:
        # Nobody is there to read it; what was begun has been undone.
        return Response(status_code=400)

    async def broken(_request: Request, error: Exception) -> Response:
        log.error("a request failed", exc_info=error, extra={"event": "request_failed"})
        return problem(ids, 500, "internal")

    app.add_exception_handler(CarillonError, ours)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(TooLarge, large)
    app.add_exception_handler(ClientDisconnect, gone)
    app.add_exception_handler(Exception, broken)
