"""What goes over HTTP: each call with the activity that made it, and when a workflow makes its first."""

import asyncio
import time
from collections import defaultdict
from dataclasses import dataclass, field

import httpx
from temporalio import activity


@dataclass(frozen=True)
class RecordedCall:
    """A request as a connector sent it, and the simulator's answer."""

    platform: str
    method: str
    content: bytes
    status: int
    answer: bytes


@dataclass
class CallBook:
    """By workflow and activity. `simulators_seconds` is the CPU time of this thread spent in simulators."""

    calls: dict[tuple[str, str], list[RecordedCall]] = field(default_factory=lambda: defaultdict(list))
    simulators_seconds: float = 0.0
    recording: bool = False
    _begun: dict[str, asyncio.Event] = field(default_factory=lambda: defaultdict(asyncio.Event))

    async def begun(self, workflow_id: str) -> None:
        """Returns once the workflow has made a call, so that its handle can be asked for its result."""
        await self._begun[workflow_id].wait()
        del self._begun[workflow_id]

    def entered(self) -> None:
        """A call is being made by the activity of this task."""
        if activity.in_activity():
            self._begun[activity.info().workflow_id or ""].set()

    def left(self, call: RecordedCall) -> None:
        if self.recording and activity.in_activity():
            info = activity.info()
            self.calls[info.workflow_id or "", info.activity_type].append(call)


class BookedTransport(httpx.AsyncBaseTransport):
    """Passes requests on to a simulator in this process, and books them."""

    def __init__(self, inner: httpx.AsyncBaseTransport, platform: str, book: CallBook) -> None:
        self._inner, self._platform, self._book = inner, platform, book

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._book.entered()
        content = await request.aread()
        started = time.thread_time()
        response = await self._inner.handle_async_request(request)
        self._book.simulators_seconds += time.thread_time() - started
        if self._book.recording:
            answer = await response.aread()
            self._book.left(
                RecordedCall(self._platform, request.method, content, response.status_code, answer)
            )
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()
