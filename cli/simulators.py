"""The control API of the local stack's simulators, as the commands call it."""

import ssl
from pathlib import Path
from typing import Any, Literal

from cli.configuration import settings
from cli.exits import FAILED, INVALID, UNREACHABLE, leave

Method = Literal["GET", "POST", "DELETE"]

_TIMEOUT_SECONDS = 60.0


def simulators_run() -> bool:
    """Whether commands talk to the local stack, and it has simulators."""
    from assembly.stack_state import read_stack

    configured = settings()
    stack = read_stack(configured.home)
    if stack is None or not stack.platforms:
        return False
    return configured.gateway_url.rstrip("/") == stack.gateway_url.rstrip("/")


class Simulators:
    """Those that run now; the command ends with exit code 4 where none does."""

    def __init__(self) -> None:
        from assembly.stack_state import read_stack

        configured = settings()
        stack = read_stack(configured.home)
        if stack is None or not stack.platforms:
            leave(UNREACHABLE, f"no simulators run in {configured.home}: `q2c up` starts them")
        self._platforms = stack.platforms
        self._token_file = configured.home / "sandbox" / "control-token"

    @property
    def names(self) -> list[str]:
        return list(self._platforms)

    def require(self, platform: str) -> None:
        """Ends the command with exit code 2 if there is no simulator of this name."""
        if platform not in self._platforms:
            leave(INVALID, f"PLATFORM: {platform!r} is none of {', '.join(self.names)}")

    def call(self, platform: str, method: Method, path: str, body: Any = None) -> Any:
        """What the control API answers; ends the command where it refuses or is not there."""
        import httpx

        self.require(platform)
        where = self._platforms[platform]
        context = ssl.create_default_context(cafile=Path(where.ca_file))
        with httpx.Client(verify=context, timeout=_TIMEOUT_SECONDS, trust_env=False) as client:
            headers = {"X-Sandbox-Token": self._token_file.read_text()}
            try:
                answer = client.request(method, f"{where.url}/_sandbox/{path}", headers=headers, json=body)
            except httpx.TransportError as error:
                leave(UNREACHABLE, f"the simulator of {platform} is not reachable ({type(error).__name__})")
        if answer.status_code == 422:
            leave(INVALID, f"{platform}: {_words(answer.json())}")
        if not answer.is_success:
            leave(FAILED, f"{platform}: the simulator answered {answer.status_code}")
        return answer.json() if answer.content else None


def _words(body: Any) -> str:
    """The control API's word without the exception's name before it."""
    text = str(body.get("error", body)) if isinstance(body, dict) else str(body)
    kind, colon, rest = text.partition(": ")
    return rest if colon and kind.endswith("Error") else text
