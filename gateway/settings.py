"""The gateway's limits and addresses."""

from pydantic import BaseModel, ConfigDict, Field, SecretStr

DEFAULT_KEPT_HEADERS = frozenset(
    {
        "content-type",
        "user-agent",
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
        "stripe-signature",
        "soapaction",
    }
)


class GatewaySettings(BaseModel):
    """Sizes in bytes, times in seconds, as their names say."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    max_body_bytes: int = Field(default=1024 * 1024, ge=1)
    """A larger body is answered 413."""
    max_json_depth: int = Field(default=64, ge=1)
    """How deep an event's JSON may nest."""
    body_timeout_seconds: float = Field(default=10.0, gt=0)
    """How long a client may take to send its whole body."""
    header_timeout_seconds: float = Field(default=10.0, gt=0)
    """How long a client may take to send its request's head."""
    store_timeout_seconds: float = Field(default=8.0, gt=0)
    """After this an event counts as not stored (503); was it after all, then its repeat is a duplicate."""
    retry_after_seconds: int = Field(default=5, ge=1)
    """What a sender is told whose event could not be stored."""
    rate_per_second: float = Field(default=500.0, gt=0)
    """Requests per second and source, on average."""
    rate_burst: int = Field(default=2000, ge=1)
    """Requests at once from one source, after a while without any."""
    max_batch: int = Field(default=500, ge=1)
    """Webhooks that are stored in one transaction, at most."""
    max_waiting: int = Field(default=5000, ge=1)
    """Webhooks that may wait to be stored; those beyond are answered 503."""
    kept_headers: frozenset[str] = DEFAULT_KEPT_HEADERS
    """Headers kept with an event, in lower case; the rest (credentials among them) is dropped."""
    temporal_ui_url: str | None = None
    """Origin of Temporal's Web UI, which may call the codec from the browser."""
    session_key: SecretStr | None = None
    """Signs the console's cookie; without one each process makes its own at start."""
    session_hours: int = Field(default=8, ge=1)
    """How long a sign-in to the console lasts."""
