"""Asynchronous execution: `Prefer: respond-async`, once per X-NetSuite-Idempotency-Key."""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.kit.state import State
from sandbox.netsuite.errors import NsError

PATH = "/services/rest/async/v1/job"
KIND, _KEYS = "_job", "_idempotency_key"


def start(state: State, request: Request, base_url: str, act: Callable[[], Response]) -> Response:
    """202 and where the job is; a key that was seen before is 400 IDEMPOTENCY_ERROR."""
    key = request.headers.get("x-netsuite-idempotency-key")
    if key is not None:
        seen = state.get(_KEYS, key)
        if seen is not None:
            raise NsError(
                "IDEMPOTENCY_ERROR",
                "A request with the same idempotency key was submitted before.",
                title="Conflict",
                headers={"Location": f"{base_url}{PATH}/{seen['job']}"},
            )
    number = str(state.next_number(KIND))
    if key is not None:
        state.put(_KEYS, key, {"job": number})
    try:
        response = act()
    except NsError as error:
        response = error.response()
    headers = {name: value for name, value in response.headers.items() if name == "location"}
    result = {
        "status": response.status_code,
        "headers": headers,
        "type": response.media_type,
        "body": bytes(response.body).decode(),
    }
    state.put(KIND, number, {"id": number, "result": result})
    location = f"{base_url}{PATH}/{number}"
    return Response(status_code=202, headers={"Location": location, "Preference-Applied": "respond-async"})


def shown(job: dict[str, Any], base_url: str) -> dict[str, Any]:
    url = f"{base_url}{PATH}/{job['id']}"
    task = {"links": [{"rel": "self", "href": f"{url}/task"}]}
    return {
        "links": [{"rel": "self", "href": url}],
        "completed": True,
        "id": job["id"],
        "progress": _progress(job),
        "task": task,
    }


def task_shown(job: dict[str, Any], base_url: str) -> dict[str, Any]:
    url = f"{base_url}{PATH}/{job['id']}/task/1"
    result = {"links": [{"rel": "self", "href": f"{url}/result"}]}
    return {
        "links": [{"rel": "self", "href": url}], "completed": True, "id": "1", "progress": _progress(job),
        "result": result,
    }  # fmt: skip


def _progress(job: dict[str, Any]) -> str:
    return "succeeded" if job["result"]["status"] < 300 else "failed"
