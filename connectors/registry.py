"""Which vendors there are. A new one is a folder and a line here."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

import httpx
from pydantic import BaseModel

Capability = Literal["crm", "billing", "tax", "erp", "payments", "events"]


@dataclass(frozen=True)
class Vendor:
    """`package` has `settings.<settings_class>` and `connector.create(settings, *, transport)`. The first
    capability is what the vendor is here for; its connector implements the Protocols of all of them."""

    capabilities: tuple[Capability, ...]
    package: str
    settings_class: str


VENDORS: Mapping[str, Vendor] = {
    "salesforce": Vendor(("crm", "events"), "connectors.salesforce", "SalesforceSettings"),
    "stripe": Vendor(("billing", "payments", "events"), "connectors.stripe", "StripeSettings"),
    "avatax": Vendor(("tax",), "connectors.avatax", "AvaTaxSettings"),
    "netsuite": Vendor(("erp",), "connectors.netsuite", "NetSuiteSettings"),
}


def vendor(name: str) -> Vendor:
    """Raises LookupError, naming those that there are."""
    if name not in VENDORS:
        raise LookupError(f"there is no connector {name!r}; there are: {', '.join(sorted(VENDORS))}")
    return VENDORS[name]


def settings_of(
    name: str, *, url: str, ca_file: object, credentials: Mapping[str, str], extra: Mapping[str, Any]
) -> BaseModel:
    """The vendor's settings from an address, credentials by the vendor's names, and its own keys.

    Credentials that the connector does not use (a webhook's secret, a ready session) are left out, and so is
    the content of a file where it takes the file itself. Raises pydantic.ValidationError.
    """
    entry = vendor(name)
    model: type[BaseModel] = getattr(import_module(f"{entry.package}.settings"), entry.settings_class)
    known = {
        key: value
        for key, value in credentials.items()
        if key in model.model_fields
        and not (f"{key}_file" in credentials and f"{key}_file" in model.model_fields)
    }
    return model.model_validate({"base_url": url, "ca_file": ca_file, **known, **extra})


def connector(name: str, settings: BaseModel, *, transport: httpx.AsyncBaseTransport | None = None) -> Any:
    """The vendor's connector, which implements the Protocol of its capability in `ports`."""
    return import_module(f"{vendor(name).package}.connector").create(settings, transport=transport)
