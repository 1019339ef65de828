"""Whether a platform lets us in: asked by people who look after it, never by a workflow."""

from typing import Protocol

from canonical.base import Dec, Noun


class AccessReport(Noun):
    """The platform answered and took our credentials. The percentage is its own word on how much of its rate
    limit is used; None where its API does not tell.
    """

    rate_limit_used_percent: Dec | None = None


class Access(Protocol):
    """Implemented by every connector, with one cheap authenticated read that changes nothing."""

    async def access(self) -> AccessReport:
        """Raises `ports.errors`: AuthenticationFailed where our credentials are not accepted."""
        ...

    async def aclose(self) -> None: ...
