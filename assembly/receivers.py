"""Which webhook is checked how: the vendors' own checks with the configured secrets bound."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module

from pydantic import SecretStr

from assembly.settings import Settings
from connectors.webhooks import PlatformEvent
from gateway.receivers import FunctionReceiver, WebhookReceiver

Check = Callable[[Mapping[str, str], bytes, dt.datetime], Sequence[PlatformEvent]]


def receivers(settings: Settings) -> dict[str, WebhookReceiver]:
    """One receiver per path after `/webhooks/`, for the platforms whose secrets are configured."""
    found: dict[str, WebhookReceiver] = {}
    for name in settings.platforms:
        secrets = {key: value.get_secret_value() for key, value in settings.platforms[name].secrets().items()}
        for path, check in _checks(name, secrets).items():
            found[path] = FunctionReceiver(check)
    return found


def _checks(name: str, secrets: Mapping[str, str]) -> dict[str, Check]:
    found: dict[str, Check] = {}
    if name == "salesforce" and "webhook_secret" in secrets:
        webhook = import_module("connectors.salesforce.webhook")
        known = _several(secrets["webhook_secret"])
        found["salesforce/approvals"] = lambda h, b, n: (webhook.verify_approval(h, b, known, n),)
        if "organization_id" in secrets:
            organizations = _words(secrets["organization_id"])
            found["salesforce/outbound-messages"] = lambda h, b, n: webhook.parse_outbound_message(
                b, organizations, n
            )
    if name == "stripe" and "webhook_secret" in secrets:
        webhook = import_module("connectors.stripe.webhook")
        found["stripe"] = partial(_one, webhook.verify, _several(secrets["webhook_secret"]))
    return found


def _one(
    verify: Callable[..., PlatformEvent],
    secrets: Sequence[SecretStr],
    headers: Mapping[str, str],
    body: bytes,
    now: dt.datetime,
) -> tuple[PlatformEvent, ...]:
    return (verify(headers, body, secrets, now),)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.replace(",", " ").split())


def _several(text: str) -> tuple[SecretStr, ...]:
    """Secrets separated by commas or spaces: during a rotation there are two."""
    return tuple(SecretStr(word) for word in _words(text))
