"""Every error of the gateway has one shape: `{"error": {"code", "message", "field"}}`."""

from collections.abc import Mapping

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from gateway.operations import (
    ContractOrExceptionNotFound,
    InvalidRequest,
    OperationError,
    RefusedByPolicy,
    StateConflict,
    TemporalUnreachable,
)
from store.database import StoreUnavailable

_log = structlog.get_logger("gateway")


class ErrorDetail(BaseModel):
    """`code` is for programs, `message` for people; `field` names what is wrong with the input."""

    code: str
    message: str
    field: str | None = None


class ErrorBody(BaseModel):
    error: ErrorDetail


class Problem(Exception):
    """Raised anywhere in a route, answered as its status and body say."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.detail = ErrorDetail(code=code, message=message, field=field)
        self.headers = dict(headers or {})

    def response(self) -> JSONResponse:
        body = ErrorBody(error=self.detail).model_dump()
        return JSONResponse(body, status_code=self.status, headers=self.headers)


OPERATION_STATUS: tuple[tuple[type[OperationError], int, str], ...] = (
    (ContractOrExceptionNotFound, 404, "not_found"),
    (InvalidRequest, 400, "invalid"),
    (StateConflict, 409, "conflict"),
    (RefusedByPolicy, 403, "refused_by_policy"),
    (TemporalUnreachable, 503, "temporal_unreachable"),
)
"""What each error of an operation is answered with."""

_CODES = {400: "invalid", 401: "unauthorized", 403: "forbidden", 404: "not_found", 405: "method_not_allowed"}


def problem_of(error: Exception) -> Problem:
    """The problem that an error is answered with; an error that is not known is `internal`, without words."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, OperationError):
        for kind, status, code in OPERATION_STATUS:
            if isinstance(error, kind):
                headers = {"Retry-After": "5"} if status == 503 else {}
                return Problem(status, code, error.message, field=error.field, headers=headers)
    if isinstance(error, StoreUnavailable):
        message = "the store is not available; try again"
        return Problem(503, "store_unavailable", message, headers={"Retry-After": "5"})
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        return Problem(400, "invalid", str(first["msg"]), field=_field(first["loc"]))
    if isinstance(error, HTTPException):
        code = _CODES.get(error.status_code, "error")
        return Problem(error.status_code, code, str(error.detail), headers=error.headers)
    return Problem(500, "internal", "an unexpected error; see the gateway's log")


def _field(location: tuple[int | str, ...]) -> str:
    """The field as a user of the API knows it: without the part that says "in the body"."""
    parts = location[1:] if location and location[0] in ("body", "query", "path", "header") else location
    return ".".join(str(part) for part in parts) or "body"


def install(app: FastAPI) -> None:
    async def answer(request: Request, error: Exception) -> JSONResponse:
        problem = problem_of(error)
        if problem.status == 500:
            _log.error("unexpected error", error=type(error).__name__, exc_info=error)
        return problem.response()

    known = (Problem, OperationError, StoreUnavailable, RequestValidationError, HTTPException, Exception)
    for kind in known:
        app.add_exception_handler(kind, answer)
