"""How to reach one Salesforce org."""

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator


class SalesforceSettings(BaseModel):
    """`base_url` is the org's My Domain, the instance address that its tokens name.

    `jwt_bearer` needs username, consumer_key and private_key (or its file); `client_credentials`
    consumer_key and consumer_secret.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    base_url: str = Field(pattern=r"^https://[^/]+/?$")
    ca_file: Path | None = None
    api_version: str = Field(default="68.0", pattern=r"^v?\d{2}\.0$")
    flow: Literal["jwt_bearer", "client_credentials"] = "jwt_bearer"
    consumer_key: str = Field(min_length=1)
    username: str | None = None
    private_key: SecretStr | None = None
    private_key_file: Path | None = None
    consumer_secret: SecretStr | None = None
    audience: str = "https://login.salesforce.com"
    fields_file: Path | None = None
    """The org's own field mapping; unset: the one that ships in governance."""
    webhook_secrets: tuple[SecretStr, ...] = ()
    """Secrets (whsec_…) of the approval webhook; several while one is rotated."""
    organization_ids: tuple[str, ...] = ()
    """Orgs whose Outbound Messages are taken."""
    connect_timeout_seconds: float = Field(default=5.0, gt=0)
    read_timeout_seconds: float = Field(default=30.0, gt=0)

    @model_validator(mode="after")
    def _flow_has_its_credentials(self) -> Self:
        if self.flow == "client_credentials":
            if self.consumer_secret is None:
                raise ValueError("client_credentials needs consumer_secret")
            return self
        if self.username is None or (self.private_key is None) == (self.private_key_file is None):
            raise ValueError("jwt_bearer needs username, and either private_key or private_key_file")
        return self

    @property
    def version_number(self) -> str:
        return self.api_version.removeprefix("v")

    def signing_key(self) -> SecretStr:
        """The private key's PEM; OSError if its file can't be read."""
        if self.private_key is not None:
            return self.private_key
        if self.private_key_file is None:
            raise ValueError("no private key")
        return SecretStr(self.private_key_file.read_text())
