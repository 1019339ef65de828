"""How to reach one Stripe account."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class StripeSettings(BaseModel):
    """`base_url` is https://api.stripe.com, or a simulator's. `api_key` a secret or restricted key with
    write access to customers, products, prices, tax rates, subscriptions, schedules, invoices, credit notes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    base_url: str = Field(default="https://api.stripe.com", pattern=r"^https?://[^/]+/?$")
    ca_file: Path | None = None
    api_key: SecretStr
    api_version: Literal["2026-05-27.dahlia"] = "2026-05-27.dahlia"
    """Pinned: wire models and forms are written for it."""
    webhook_secret: SecretStr | None = None
    """Kept for the composition root, which gives it to the webhook's check; not used by the connector."""
    tax_display_name: str = Field(default="Tax", max_length=50)
    """What customers read beside the rate."""
    recent_hours: int = Field(default=48, ge=1)
    """How far back lists are read for what searches may not show yet."""
    connect_timeout_seconds: float = Field(default=5.0, gt=0)
    read_timeout_seconds: float = Field(default=45.0, gt=0)
