"""The base of a simulated platform, and the ASGI application around it.

A vendor subclasses `Platform` (routes, credentials, its own error body) and `build_app` adds what all share:
faults, the log of requests, limits of body size, webhooks, and the control API under `/_sandbox/`.
"""

import ssl
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from sandbox.kit.application import Application
from sandbox.kit.clock import Clock
from sandbox.kit.faults import Faults
from sandbox.kit.secret_files import SecretFiles
from sandbox.kit.state import State
from sandbox.kit.webhooks import Outbox

OnClock = Callable[[datetime, datetime], Awaitable[None]]
ExceptionHandler = Callable[[Request, Exception], Awaitable[Response]]


@dataclass(frozen=True)
class PlatformConfig:
    """What a platform is told from outside when it is made."""

    secrets_dir: Path
    control_token: str
    base_url: str  # where clients reach the platform, without a slash at the end
    webhook_url: str | None = None  # where its webhooks go; none: it sends none


class Platform(ABC):
    """One simulated platform. Subclasses set `name` and fill in the abstract methods."""

    name: str
    read_only_posts: Sequence[str] = ()
    """Path patterns of POSTs that change nothing (queries)."""
    fault_exempt: Sequence[str] = ()
    """Path patterns of authentication and token routes, spared by faults without a route."""
    enum_fields: tuple[str, ...] = ("status", "state")
    """Fields that `enum-added` gives a new value, the first one present."""
    body_limit_bytes: int = 10 * 1024 * 1024
    slow_seconds: float = 3.0

    def __init__(self, state: State, *, config: PlatformConfig, clock: Clock | None = None) -> None:
        self.state = state
        self.config = config
        self.clock = clock or Clock(state)
        self.faults = Faults(state)
        self.outbox = Outbox(state, self.clock, self.faults)
        self.secrets = SecretFiles(config.secrets_dir)
        self._on_clock: list[OnClock] = []

    @abstractmethod
    def routes(self) -> Sequence[BaseRoute]:
        """The vendor's API; endpoints are coroutines."""

    @abstractmethod
    def credentials(self) -> dict[str, str]:
        """What the vendor's own client needs to log on, by the vendor's names."""

    @abstractmethod
    def error_response(self, status: int, request: Request) -> Response:
        """The vendor's own error body for 401, 404, 405, 413, 429 or 5xx."""

    def seed_defaults(self) -> None:  # noqa: B027 - a platform may well begin empty
        """Put in what every new account of this platform has; called when it is new and after a reset."""

    def exception_handlers(self) -> Mapping[Any, ExceptionHandler]:
        """How the vendor answers exceptions that its endpoints raise; keep what the base gives."""

        async def by_status(request: Request, error: Exception) -> Response:
            return self.error_response(
                error.status_code if isinstance(error, HTTPException) else 500, request
            )

        return {HTTPException: by_status}

    async def expire_token(self, request: Request) -> Response | None:
        """The fault `token-expired`. A vendor may revoke the request's token and return None: then the
        request goes on and meets the vendor's own refusal."""
        return self.error_response(401, request)

    async def load(self, document: dict[str, Any]) -> dict[str, Any]:
        """Put scenario data straight into the platform; returns what was made. Vendors define their own;
        this one takes {kind: [objects with an id]}."""
        with self.state.transaction():
            for kind, objects in document.items():
                for made in objects:
                    self.state.put(kind, str(made["id"]), made)
        return {kind: [made["id"] for made in objects] for kind, objects in document.items()}

    def dump(self) -> dict[str, list[dict[str, Any]]]:
        """The platform's own objects by kind, as its API lists them."""
        return {kind: self.state.all(kind) for kind in self.state.kinds()}

    def on_clock(self, callback: OnClock) -> None:
        """Have `callback(old, new)` awaited each time the clock was set forward."""
        self._on_clock.append(callback)

    async def advance_clock(self, moment: datetime) -> None:
        """Set the clock forward and do what falls due; ValueError if it would go back."""
        old = self.clock.now()
        self.clock.advance_to(moment)
        for callback in self._on_clock:
            await callback(old, moment)
        self.outbox.wake()

    def reset(self) -> None:
        """As new: objects, faults, webhooks and the clock's offset are gone. Secrets stay."""
        self.state.reset()
        self.faults.reload()
        self.start()

    def start(self) -> None:
        """Seed the defaults once in the life of a state."""
        if self.state.get("_platform", "seeded") is None:
            with self.state.transaction():
                self.seed_defaults()
                self.state.put("_platform", "seeded", {"seeded": True})

    def writes(self, method: str, path: str) -> bool:
        if method in ("GET", "HEAD", "OPTIONS"):
            return False
        return not any(fnmatchcase(path, pattern) for pattern in self.read_only_posts)

    def spares(self, path: str) -> bool:
        return any(fnmatchcase(path, pattern) for pattern in self.fault_exempt)


def build_app(
    platform: Platform, *, deliver_webhooks: bool = False, verify: ssl.SSLContext | bool = True
) -> ASGIApp:
    """The whole simulator. With `deliver_webhooks` its lifespan runs the delivery; in process call
    `platform.outbox.flush(client)` instead."""
    platform.start()
    return Application(platform, deliver_webhooks=deliver_webhooks, verify=verify)
