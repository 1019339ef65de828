"""Settings to connectors: one for each configured platform."""

from typing import Any

import httpx
from pydantic import ValidationError

from assembly.settings import Settings, SettingsInvalid, problems_of
from connectors.registry import Capability, connector, settings_of, vendor


class PlatformMissing(LookupError):
    """A platform is needed and has no address."""


def connector_of(settings: Settings, name: str, *, transport: httpx.AsyncBaseTransport | None = None) -> Any:
    """The connector of a platform by name. Raises PlatformMissing, LookupError, SettingsInvalid."""
    platform = settings.platforms.get(name)
    if platform is None or platform.url is None:
        raise PlatformMissing(f"platforms.{name}.url: not set, and no local stack runs")
    try:
        own = settings_of(
            name,
            url=platform.url,
            ca_file=platform.ca_file,
            credentials={key: value.get_secret_value() for key, value in platform.secrets().items()},
            extra=platform.vendor_settings(),
        )
    except ValidationError as error:
        raise SettingsInvalid(problems_of(error, ("platforms", name))) from None
    except ValueError as error:  # a credential's file
        raise SettingsInvalid((f"platforms.{name}.{error}",)) from None
    return connector(name, own, transport=transport)


def capabilities_of(name: str) -> tuple[Capability, ...]:
    return vendor(name).capabilities


def configured(settings: Settings) -> tuple[str, ...]:
    """The platforms that have an address."""
    return tuple(name for name, platform in settings.platforms.items() if platform.url is not None)
