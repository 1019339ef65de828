"""The vendor's error bodies."""

from typing import Any

from starlette.responses import Response

from sandbox.netsuite.wire_numbers import dumps

_SECTIONS = {
    400: ("15.5.1", "Bad Request"),
    401: ("15.5.2", "Unauthorized"),
    403: ("15.5.4", "Forbidden"),
    404: ("15.5.5", "Not Found"),
    405: ("15.5.6", "Method Not Allowed"),
    409: ("15.5.10", "Conflict"),
    413: ("15.5.14", "Content Too Large"),
    415: ("15.5.16", "Unsupported Media Type"),
    429: ("", "Too Many Requests"),
    500: ("15.6.1", "Internal Server Error"),
    502: ("15.6.3", "Bad Gateway"),
    503: ("15.6.4", "Service Unavailable"),
    504: ("15.6.5", "Gateway Timeout"),
}
_CODES = {
    401: ("INVALID_LOGIN", "Invalid login attempt. For more details, see the Login Audit Trail."),
    404: ("NONEXISTENT_ID", "The requested resource was not found."),
    405: ("METHOD_NOT_ALLOWED", "The method is not allowed for this resource."),
    413: ("REQUEST_ENTITY_TOO_LARGE", "The request is larger than 104 MB."),
    429: ("CONCURRENCY_LIMIT_EXCEEDED", "Concurrent request limit exceeded. Request blocked."),
    503: ("SERVICE_UNAVAILABLE", "The service is temporarily unavailable."),
}
_UNEXPECTED = ("UNEXPECTED_ERROR", "An unexpected error occurred. Error ID: m1x2y3z4.")


class NsError(Exception):
    """The request is refused with `code`; `path` is the body property (JSONPath) that it is about."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        status: int = 400,
        path: str | None = None,
        query: str | None = None,
        title: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code, self.detail, self.status = code, detail, status
        self.path, self.query, self.title, self.headers = path, query, title, headers or {}

    def response(self) -> Response:
        section, title = _SECTIONS.get(self.status, ("15.5", "Error"))
        details: dict[str, Any] = {"detail": self.detail, "o:errorCode": self.code}
        if self.path is not None:
            details["o:errorPath"] = self.path
        if self.query is not None:
            details["o:errorQueryParam"] = self.query
        body = {
            "type": f"https://www.rfc-editor.org/rfc/rfc9110.html#section-{section}",
            "title": self.title or title,
            "status": self.status,
            "o:errorDetails": [details],
        }
        return Response(
            dumps(body),
            self.status,
            media_type="application/vnd.oracle.resource+json; type=error",
            headers=self.headers,
        )


def by_status(status: int) -> Response:
    code, detail = _CODES.get(status, _UNEXPECTED)
    return NsError(code, detail, status=status).response()


def user_error(detail: str, path: str | None = None) -> NsError:
    """The vendor's catch-all for business rules: only the (localised) text says which."""
    return NsError("USER_ERROR", f"Error while accessing a resource. {detail}", path=path)
