"""The sections of the configuration, each field with what it means; `docs/reference/configuration.md` is made
from them.

A secret (`SecretStr`) is given by its `Q2C_…` variable or, as `<name>_file`, by the file that holds it; it is
never shown by `repr`, errors or logs.
"""

import itertools
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from gateway.settings import GatewaySettings
from rules.approval import is_same_person

Role = Literal["viewer", "operator", "finance", "approver", "admin"]
ROLES: tuple[Role, ...] = ("viewer", "operator", "finance", "approver", "admin")
FILE_SUFFIX = "_file"


class Section(BaseModel):
    """A table of `q2c.toml`; unknown keys are errors, and `<secret>_file` is read where it is given."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, validate_default=True)

    @model_validator(mode="before")
    @classmethod
    def _secrets_from_files(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        read = dict(data)
        for name, field in cls.model_fields.items():
            named_file = f"{name}{FILE_SUFFIX}"
            if field.annotation not in (SecretStr, SecretStr | None) or named_file not in read:
                continue
            if name in read:
                raise ValueError(f"{name} and {named_file} are both given: which one counts?")
            read[name] = secret_from_file(named_file, Path(str(read.pop(named_file))))
        return read


def secret_from_file(setting: str, path: Path) -> str:
    """The file's text without the line end; ValueError naming the setting if it can't be read or is empty."""
    try:
        text = path.expanduser().read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{setting}: {path} can't be read ({type(error).__name__})") from None
    if not text:
        raise ValueError(f"{setting}: {path} is empty")
    return text


class Governance(Section):
    """Policy as data: ownership, authority, routing, accounts, SLAs, approval limits."""

    directory: Path | None = Field(
        None, description="Its files take the place of the shipped ones of the same name. Unset: the shipped."
    )


class Reconciliation(Section):
    """When periods are reconciled by themselves; what a break is, and whose, is governance's."""

    nightly: bool = Field(True, description="Whether the nightly run is switched on.")
    nightly_cron: str = Field(
        "0 2 * * *",
        min_length=9,
        description="When it runs: minute, hour, day, month, weekday.",
    )
    time_zone: str = Field("UTC", description="The zone of `nightly_cron`, such as Europe/Berlin.")


class Revenue(Section):
    """When a month's revenue is posted by itself, for each legal entity; the close posts what is missing."""

    month_end: bool = Field(True, description="Whether the month-end run is switched on.")
    month_end_cron: str = Field(
        "0 3 1 * *",
        min_length=9,
        description="When it begins: minute, hour, day, month, weekday. An entity whose month is not over "
        "then waits for its own midnight.",
    )
    time_zone: str = Field("UTC", description="The zone of `month_end_cron`, such as Europe/Berlin.")


class Events(Section):
    """How lost events are found again: the platforms' own lists are compared with our log."""

    sweep: bool = Field(
        True, description="Whether that is done by itself; `q2c event sweep` does it at once."
    )
    sweep_every_minutes: int = Field(15, ge=1, le=1440, description="How often.")
    overlap_minutes: int = Field(
        60, ge=1, le=1440, description="How far before the newest event swept the next sweep begins."
    )
    first_days: int = Field(
        3, ge=0, le=30, description="How far a platform's first sweep goes back; 0: from its time on."
    )


class Store(Section):
    """Our own database: event log, lineage, exceptions, audit, read models."""

    database_url: SecretStr | None = Field(
        None,
        description="SQLAlchemy URL with an async driver, such as `postgresql+asyncpg://q2c:…@db/q2c`. "
        "Unset: SQLite in `home`.",
    )
    pool_size: int = Field(10, ge=1, le=200, description="Connections that each process keeps to PostgreSQL.")


class Operator(Section):
    """A person or program that may act through the gateway."""

    name: str = Field(min_length=1, description="Shown in audit entries.")
    role: Role = Field(description="What it may do: `viewer`, `operator`, `finance`, `approver` or `admin`.")
    token: SecretStr = Field(description="Its bearer token (`Q2C_TOKEN` of the command line).")


class Gateway(Section):
    """The HTTP side: webhooks in, operations API, console, codec."""

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(
        8080, ge=0, le=65535, description="Port to listen on; `q2c up` takes a free one if it is taken."
    )
    url: str | None = Field(
        None,
        description="Where commands reach it, if that is not `http://<host>:<port>` (a proxy, a cluster).",
    )
    operators: tuple[Operator, ...] = Field(
        (),
        description="Who may act, each with `name`, `role` and `token` or `token_file`. "
        "Unset: `q2c up` makes one per role (two of finance) with random tokens.",
    )
    limits: GatewaySettings = Field(
        default_factory=GatewaySettings, description="Sizes, times and rates that bound each request."
    )

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [operator.name for operator in self.operators]
        if any(is_same_person(one, other) for one, other in itertools.combinations(names, 2)):
            raise ValueError("operators: two have the same name, but for case and white space")
        return self


class Temporal(Section):
    """Which Temporal. Its own `TEMPORAL_…` variables and the profiles in `temporal.toml` come first."""

    namespace: str = Field(
        "default", min_length=1, description="Namespace, unless `TEMPORAL_NAMESPACE` or a profile names one."
    )
    address: str | None = Field(
        None,
        description="Address, unless `TEMPORAL_ADDRESS` or a profile names one. "
        "Unset: the embedded server that `q2c up` runs.",
    )
    port: int = Field(7233, ge=0, le=65535, description="Preferred port of the embedded server.")
    ui_port: int = Field(8233, ge=0, le=65535, description="Preferred port of the embedded server's Web UI.")


class Platform(BaseModel):
    """A platform's address and credentials. Other keys are the vendor's own settings (see its README)."""

    model_config = ConfigDict(frozen=True, extra="allow", hide_input_in_errors=True)

    url: str | None = Field(
        None, description="Base URL. Unset: the simulator of this name that `q2c up` runs."
    )
    ca_file: Path | None = Field(None, description="Certificates to trust instead of the system's.")
    credentials: dict[str, SecretStr] = Field(
        default_factory=dict,
        description="By the vendor's names. In `q2c.toml` only as `<name>_file`; `Q2C_PLATFORMS__STRIPE__"
        "CREDENTIALS__API_KEY` as a variable.",
    )

    def secrets(self) -> dict[str, SecretStr]:
        """The credentials with the content of each `<name>_file` under `<name>`, too.

        ValueError if a file can't be read.
        """
        found = dict(self.credentials)
        for name, value in self.credentials.items():
            plain = name.removesuffix(FILE_SUFFIX)
            if plain != name and plain not in found:
                path = Path(value.get_secret_value())
                found[plain] = SecretStr(secret_from_file(f"credentials.{name}", path))
        return found

    def vendor_settings(self) -> dict[str, Any]:
        """The keys that are neither address nor credentials, for the vendor's own settings model."""
        return dict(self.model_extra or {})


class Codec(Section):
    """Encryption of what Temporal stores (AES-256-GCM)."""

    keys: dict[str, SecretStr] = Field(
        default_factory=dict,
        description="Key id → 32 bytes in base64; in `q2c.toml` as `<id>_file`. Unset: `q2c up` makes one.",
    )
    active: str | None = Field(
        None, description="Id of the key that encrypts; the others only decrypt. Unset: the only one."
    )

    @model_validator(mode="before")
    @classmethod
    def _keys_from_files(cls, data: Any) -> Any:
        if not isinstance(data, dict) or not isinstance(data.get("keys"), dict):
            return data
        keys = {}
        for name, value in data["keys"].items():
            plain = str(name).removesuffix(FILE_SUFFIX)
            from_file = plain != name
            keys[plain] = secret_from_file(f"keys.{name}", Path(str(value))) if from_file else value
        return {**data, "keys": keys}

    @model_validator(mode="after")
    def _active_is_known(self) -> Self:
        if self.active is not None and self.active not in self.keys:
            raise ValueError(f"active: there is no key {self.active!r}")
        if self.active is None and len(self.keys) > 1:
            raise ValueError("active: several keys, so it must say which one encrypts")
        return self


class Workers(Section):
    """How the work is spread over processes."""

    processes: int = Field(1, ge=1, le=64, description="Worker processes of `q2c up`, each with its queues.")
    queues: tuple[str, ...] = Field((), description="Task queues that `q2c worker` serves. Unset: all.")
    max_cached_workflows: int = Field(
        500, ge=0, le=100_000, description="Workflows that a worker keeps in memory (about 154 kB each)."
    )
    shutdown_seconds: int = Field(
        10, ge=0, le=3600, description="How long a worker may finish its activities after SIGTERM."
    )


class Sandbox(Section):
    """The simulators that `q2c up` runs for platforms without an address."""

    platforms: tuple[str, ...] = Field(
        ("salesforce", "stripe", "netsuite", "avatax"), description="Which platforms are simulated."
    )
    port: int = Field(
        9101, ge=0, le=65535, description="Port of the first one; the others follow. 0: any free one."
    )


class Log(Section):
    """What the processes tell of themselves: JSON lines on stderr."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least level that is written."
    )
