"""A call of the REST API and its reply, apart from HTTP: what a composite request holds several of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from sandbox.salesforce.errors import ApiError, not_found

OLDEST_VERSION, NEWEST_VERSION = 59, 68
VERSIONS = tuple(f"{number}.0" for number in range(OLDEST_VERSION, NEWEST_VERSION + 1))
_ROOT = "/services/data/"


@dataclass(frozen=True)
class Call:
    """`segments` is the path below the version, decoded; header names are in lower case."""

    method: str
    version: str
    segments: tuple[str, ...]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    user: str

    def fields(self) -> dict[str, Any]:
        """The body as a record's fields."""
        if not isinstance(self.body, dict):
            raise ApiError(400, "JSON_PARSER_ERROR", "The HTTP entity body is required, as a JSON object.")
        return self.body


@dataclass
class Reply:
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


def located(url: str) -> tuple[str, tuple[str, ...], dict[str, str]]:
    """Version, segments and query of a URL path; ApiError 404 if it is none of a supported version."""
    parts = urlsplit(url)
    if not parts.path.startswith(_ROOT):
        raise not_found()
    version, *segments = [unquote(part) for part in parts.path.removeprefix(_ROOT).split("/")]
    if not version.startswith("v") or version[1:] not in VERSIONS:
        raise not_found()
    while segments and segments[-1] == "":
        segments.pop()
    return version[1:], tuple(segments), dict(parse_qsl(parts.query, keep_blank_values=True))


def check_preconditions(call: Call, row: Mapping[str, Any], modified: Any) -> bool:
    """Whether the record is unchanged since `If-Modified-Since`; ApiError 412 if changed since the other.

    HTTP dates have no fractions of a second.
    """
    stamp = modified.replace(microsecond=0)
    unless = _http_date(call.headers.get("if-unmodified-since"))
    if unless is not None and stamp > unless:
        raise ApiError(412, "PRECONDITION_FAILED", "A precondition of the request headers was not met.")
    since = _http_date(call.headers.get("if-modified-since"))
    return call.method == "GET" and since is not None and stamp <= since


def http_date(moment: Any) -> str:
    return format_datetime(moment, usegmt=True)


def _http_date(text: str | None) -> Any:
    if text is None:
        return None
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        raise ApiError(400, "INVALID_HTTP_HEADER", "a date header is no HTTP date") from None
