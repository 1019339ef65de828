"""Temporal's remote codec: the Web UI and the CLI send payloads here to be made readable.

Only operators may use it: by bearer token, or by the console's cookie where the browser sends it along.
"""

from collections.abc import Awaitable, Callable, Sequence

from fastapi import APIRouter, Depends, Request, Response
from google.protobuf import json_format
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send
from temporalio.api.common.v1 import Payload, Payloads

from gateway.access import RequiresRole
from gateway.deps import TheDeps
from gateway.problems import ErrorBody, Problem

_PAYLOADS = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["payloads"],
                    "properties": {"payloads": {"type": "array", "items": {"type": "object"}}},
                }
            }
        },
    }
}
router = APIRouter(
    prefix="/codec",
    tags=["codec"],
    dependencies=[Depends(RequiresRole("viewer", cookie=True))],
    responses={status: {"model": ErrorBody} for status in (400, 401, 403, 404)},
)

Transform = Callable[[Sequence[Payload]], Awaitable[list[Payload]]]


@router.post("/encode", openapi_extra=_PAYLOADS)
async def encode(request: Request, deps: TheDeps) -> Response:
    """Encrypts each payload as the workers do."""
    return await _transformed(request, deps.codec.encode if deps.codec else None)


@router.post("/decode", openapi_extra=_PAYLOADS)
async def decode(request: Request, deps: TheDeps) -> Response:
    """Decrypts each payload; 400 for one whose key is not known or that was tampered with."""
    return await _transformed(request, deps.codec.decode if deps.codec else None)


async def _transformed(request: Request, transform: Transform | None) -> Response:
    if transform is None:
        raise Problem(404, "no_codec", "payloads are not encoded here")
    body = await request.body()
    try:
        if not body.lstrip().startswith(b"{"):
            raise json_format.ParseError("not an object")
        payloads = json_format.Parse(body, Payloads())
    except (json_format.ParseError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(400, "invalid", "the body is not a list of payloads", field="payloads") from error
    try:
        answer = Payloads(payloads=await transform(payloads.payloads))
    except (ValueError, LookupError) as error:
        raise Problem(400, "not_decodable", "a payload can't be transformed with the known keys") from error
    return Response(json_format.MessageToJson(answer, indent=None), media_type="application/json")


class CodecCors:
    """Lets the Web UI's origin call the codec from the browser, with credentials; and nothing else of us."""

    def __init__(self, app: ASGIApp, origin: str) -> None:
        self._app = app
        self._cors = CORSMiddleware(
            app,
            allow_origins=[origin.rstrip("/")],
            allow_methods=["POST"],
            allow_headers=["content-type", "authorization", "x-namespace"],
            allow_credentials=True,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_codec = scope["type"] == "http" and scope["path"].startswith("/codec/")
        await (self._cors if is_codec else self._app)(scope, receive, send)
