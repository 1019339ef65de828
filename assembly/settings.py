"""The configuration: `q2c.toml`, `Q2C_…` variables over it, the running local stack under both.

load_settings()
  Q2C_… variables          nested by `__`: Q2C_STORE__DATABASE_URL
  q2c.toml                 by Q2C_CONFIG, else ./q2c.toml
  <home>/stack.json        what `q2c up` runs right now: addresses, credentials, tokens of the simulators
  defaults                 embedded: Temporal dev server, SQLite, simulators
"""

import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from assembly.local_layers import made_at_first_start, offered_by_stack
from assembly.sections import (
    Codec,
    Events,
    Gateway,
    Governance,
    Log,
    Platform,
    Reconciliation,
    Revenue,
    Sandbox,
    Store,
    Temporal,
    Workers,
)
from assembly.toml_rules import SecretInFile, checked

CONFIG_VARIABLE, CONFIG_FILE = "Q2C_CONFIG", "q2c.toml"
PREFIX = "Q2C_"


class SettingsInvalid(Exception):
    """The configuration can't be used; `problems` name each setting and what is wrong, without its value."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class Settings(BaseSettings):
    """All settings; see the sections for each."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    home: Path = Field(
        Path(".q2c"),
        description="Where state lives: databases, logs, the simulators' state, made secrets. "
        "A relative path counts from the working directory.",
    )
    tenant: str = Field(
        "default", min_length=1, description="Goes into every idempotency key; never change it."
    )
    governance: Governance = Field(default_factory=Governance)
    store: Store = Field(default_factory=Store)
    gateway: Gateway = Field(default_factory=Gateway)
    temporal: Temporal = Field(default_factory=Temporal)
    platforms: dict[str, Platform] = Field(
        default_factory=dict, description="One table per platform: `[platforms.salesforce]`."
    )
    codec: Codec = Field(default_factory=Codec)
    workers: Workers = Field(default_factory=Workers)
    reconciliation: Reconciliation = Field(default_factory=Reconciliation)
    revenue: Revenue = Field(default_factory=Revenue)
    events: Events = Field(default_factory=Events)
    sandbox: Sandbox = Field(default_factory=Sandbox)
    log: Log = Field(default_factory=Log)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (env_settings, init_settings)

    @property
    def database_url(self) -> str:
        """The store's URL; contains its password, so it is never printed."""
        if self.store.database_url is not None:
            return self.store.database_url.get_secret_value()
        return f"sqlite+aiosqlite:///{self.home / 'q2c.sqlite'}"

    @property
    def gateway_url(self) -> str:
        return self.gateway.url or f"http://{self.gateway.host}:{self.gateway.port}"

    @property
    def active_codec_key(self) -> str | None:
        """Id of the key that encrypts; None where nothing is encrypted."""
        return self.codec.active or next(iter(self.codec.keys), None)


def load_settings(*, with_stack: bool = True) -> Settings:
    """The settings of this process; SettingsInvalid names what is wrong with them.

    `with_stack` takes what the running local stack offers where nothing else is configured. Reads files and
    variables only; does not connect to anything.
    """
    unknown = tuple(_unknown_variables())
    if unknown:
        raise SettingsInvalid(unknown)
    document = _document()
    home = _home(document)
    layers = [made_at_first_start(home)]
    if with_stack:
        layers.append(offered_by_stack(home))
    return _valid(_over(layers, document), home)


def _valid(document: dict[str, Any], home: Path) -> Settings:
    try:
        settings = Settings(**document)
    except ValidationError as error:
        raise SettingsInvalid(problems_of(error)) from None
    except SettingsError as error:
        raise SettingsInvalid((str(error),)) from None
    return settings.model_copy(update={"home": home})


def _document() -> dict[str, Any]:
    """What `q2c.toml` says; nothing if there is none where it is looked for by default."""
    named = os.environ.get(CONFIG_VARIABLE)
    path = Path(named or CONFIG_FILE).expanduser().absolute()
    if not named and not path.exists():
        return {}
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        return checked(table, Settings, path.parent)
    except OSError as error:
        raise SettingsInvalid((f"{CONFIG_VARIABLE}: {path} can't be read: {error.strerror}",)) from None
    except SecretInFile as error:
        raise SettingsInvalid((str(error),)) from None
    except ValueError as error:  # TOML or UTF-8 that is none
        raise SettingsInvalid((f"{path}: {error}",)) from None


def _home(document: dict[str, Any]) -> Path:
    default = Settings.model_fields["home"].default
    return Path(os.environ.get("Q2C_HOME") or document.get("home") or default).expanduser().absolute()


def _over(layers: list[dict[str, Any]], document: dict[str, Any]) -> dict[str, Any]:
    """The document over the layers. What a platform with an address of its own, or a codec with keys of its
    own, would take from them is dropped: local secrets do not mix with configured ones."""
    own = {name for name, table in document.get("platforms", {}).items() if "url" in table}
    own_keys = "keys" in document.get("codec", {}) or any(
        name.startswith(f"{PREFIX}CODEC__KEYS") for name in os.environ
    )
    merged: dict[str, Any] = {}
    for layer in layers:
        platforms = {
            name: offered
            for name, offered in layer.get("platforms", {}).items()
            if name not in own and f"{PREFIX}PLATFORMS__{name.upper()}__URL" not in os.environ
        }
        codec = {} if own_keys else layer.get("codec", {})
        merged = _merged(merged, {**layer, "platforms": platforms, "codec": codec})
    return _merged(merged, document)


def _merged(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        if isinstance(below, dict) and isinstance(value, dict):
            merged[key] = _merged(below, value)
        else:
            merged[key] = value
    return merged


def _unknown_variables() -> Iterator[str]:
    """Nested variables of a section that does not exist; others with our prefix may be anybody's."""
    for variable in sorted(os.environ):
        section, nested, _ = variable.removeprefix(PREFIX).partition("__")
        if variable.startswith(PREFIX) and nested and section.lower() not in Settings.model_fields:
            yield f"{variable}: there is no section {section.lower()!r}"


def problems_of(error: ValidationError, at: tuple[str, ...] = ()) -> tuple[str, ...]:
    """One line for each wrong setting under `at`; its value is not told, for it may be a secret."""
    return tuple(
        ".".join((*at, *(str(part) for part in problem["loc"])))
        + ": "
        + problem["msg"].removeprefix("Value error, ")
        for problem in error.errors(include_url=False, include_context=False, include_input=False)
    )
