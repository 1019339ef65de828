"""How AvaTax is reached, and what it calls our legal entities."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from canonical.contract import Address


class AvaTaxSettings(BaseModel):
    """`base_url` is https://rest.avatax.com, https://sandbox-rest.avatax.com, or a simulator's.

    `companies` names the company code of a legal entity where it is another one; `origins` the address from
    which an entity sells, without which the company's default location in AvaTax counts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: str
    account_id: str
    license_key: SecretStr
    company_code: str | None = None
    """The account's default company. Documents never go there: each goes to its legal entity's company."""
    companies: Mapping[str, str] = Field(default_factory=dict)
    origins: Mapping[str, Address] = Field(default_factory=dict)
    ca_file: Path | None = None
    api_version: Literal["v2"] = "v2"
    connect_timeout_seconds: float = 5.0
    read_timeout_seconds: float = 45.0
    """The vendor advises at least 45 seconds for documents of a thousand lines and more."""
    concurrent_quotes: int = Field(default=4, ge=1, le=20)
    page_size: int = Field(default=500, ge=1, le=1000)

    def company_of(self, legal_entity: str) -> str:
        return self.companies.get(legal_entity, legal_entity)
