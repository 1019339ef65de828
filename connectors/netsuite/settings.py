"""How to reach one NetSuite account, and how our roles show in it."""

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from canonical.document import AccountRole
from connectors.http import Timeouts

_OAUTH2 = ("client_id", "certificate_id")
_TBA = ("consumer_key", "consumer_secret", "token_id", "token_secret")


class NetSuiteSettings(BaseModel):
    """`auth` oauth2 takes client_id, certificate_id and the private key (PEM) or its file; tba the four keys
    of its tokens.

    `base_url` is https://<account>.suitetalk.api.netsuite.com. `concurrent_requests` is our part of the
    account's limit, which SOAP, RESTlets and all other integrations share.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str
    account_id: str
    auth: Literal["oauth2", "tba"] = "oauth2"
    client_id: str | None = None
    certificate_id: str | None = None
    private_key: SecretStr | None = None
    private_key_file: Path | None = None
    consumer_key: str | None = None
    consumer_secret: SecretStr | None = None
    token_id: str | None = None
    token_secret: SecretStr | None = None
    ca_file: Path | None = None
    api_version: Literal["v1"] = "v1"
    connect_seconds: float = Field(default=5.0, gt=0)
    read_seconds: float = Field(default=60.0, gt=0)
    concurrent_requests: int = Field(default=5, ge=1)
    page_rows: int = Field(default=1000, ge=1, le=1000)
    tax_code: str = "EXTERNAL"
    """External id of the tax code whose account takes the tax that the tax engine computed."""
    write_off_item: str = "BAD-DEBT"
    """The item whose income account is bad debt: NetSuite's way to write off is a credit memo of it."""
    item_suffixes: dict[AccountRole, str] = {"unbilled_receivable": "-ARREARS"}
    """In NetSuite the item decides about a line's account: a line of one of these roles is sold as the item
    `<item><suffix>`, all others as `<item>`."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        missing = [name for name in (_OAUTH2 if self.auth == "oauth2" else _TBA) if not getattr(self, name)]
        if self.auth == "oauth2" and not (self.private_key or self.private_key_file):
            missing.append("private_key or private_key_file")
        if missing:
            raise ValueError(f"auth {self.auth} needs {', '.join(missing)}")
        return self

    @property
    def timeouts(self) -> Timeouts:
        return Timeouts(
            connect_seconds=self.connect_seconds,
            read_seconds=self.read_seconds,
            write_seconds=self.read_seconds,
        )
