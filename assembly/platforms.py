"""Settings to connectors: one for each configured platform."""

from typing import Any

import httpx

from assembly.settings import Settings
from connectors.registry import Capability, connector, settings_of, vendor


class PlatformMissing(LookupError):
    """A platform is needed and has no address."""


def connector_of(settings: Settings, name: str, *, transport: httpx.AsyncBaseTransport | None = None) -> Any:
    """The connector of a platform by name. Raises PlatformMissing, LookupError, pydantic.ValidationError."""
    platform = settings.platforms.get(name)
    if platform is None or platform.url is None:
        raise PlatformMissing(f"platforms.{name}.url: not set, and no local stack runs")
    credentials = {key: value.get_secret_value() for key, value in platform.secrets().items()}
    own = settings_of(
        name,
        url=platform.url,
        ca_file=platform.ca_file,
        credentials=credentials,
        extra=platform.vendor_settings(),
    )
    return connector(name, own, transport=transport)


def capability_of(name: str) -> Capability:
    return vendor(name).capability


def configured(settings: Settings) -> tuple[str, ...]:
    """The platforms that have an address."""
    return tuple(name for name, platform in settings.platforms.items() if platform.url is not None)
