"""The vendor's errors: a list of code, message and fields, with an HTTP status."""

from dataclasses import dataclass, field
from typing import Any


@dataclass
class ApiError(Exception):
    """What a request is refused with. `entry` is one member of the answer's list."""

    status: int
    code: str
    message: str
    fields: list[str] = field(default_factory=list)

    def entry(self) -> dict[str, Any]:
        body: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        return body | ({"fields": self.fields} if self.fields else {})

    def collection_entry(self) -> dict[str, Any]:
        """The same inside a result of a collection, where the code has another name."""
        return {"statusCode": self.code, "message": self.message, "fields": self.fields}


def not_found(message: str = "The requested resource does not exist") -> ApiError:
    return ApiError(404, "NOT_FOUND", message)


def no_column(name: str, object_name: str) -> ApiError:
    return ApiError(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {object_name}", [name])


def unreadable(kind: str, value: object) -> ApiError:
    """A value of the wrong JSON type."""
    shown = "VALUE_NULL" if value is None else f"VALUE_STRING value {value}"
    return ApiError(
        400,
        "JSON_PARSER_ERROR",
        f"Cannot deserialize instance of {kind} from {shown} or request may be missing a required field",
    )


BY_STATUS = {
    401: ("INVALID_SESSION_ID", "Session expired or invalid"),
    403: ("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
    404: ("NOT_FOUND", "The requested resource does not exist"),
    405: ("METHOD_NOT_ALLOWED", "HTTP Method not allowed."),
    413: ("REQUEST_ENTITY_TOO_LARGE", "The request entity is too large."),
    429: ("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded."),
    500: (
        "UNKNOWN_EXCEPTION",
        "An unexpected error occurred. Please include this ErrorId if you contact support",
    ),
    502: ("SERVER_UNAVAILABLE", "The server is temporarily unavailable."),
    503: ("SERVER_UNAVAILABLE", "The server is temporarily unavailable."),
    504: ("SERVER_UNAVAILABLE", "The server did not answer in time."),
}
