"""Variables over q2c.toml over the running stack over embedded defaults; secrets never in clear."""

from pathlib import Path

import pytest

from assembly.settings import SettingsInvalid, load_settings
from assembly.stack_state import Process, SimulatedPlatform, Stack, TemporalAddress, ensure_embedded

SECRET = "hunter2-hunter2"


def write_config(directory: Path, text: str) -> Path:
    path = directory / "q2c.toml"
    path.write_text(text)
    return path


def a_stack() -> Stack:
    return Stack(
        supervisor=Process(name="q2c up", pid=1, started="1"),
        temporal=TemporalAddress(address="127.0.0.1:17233", ui=None, namespace="default"),
        gateway_url="http://127.0.0.1:18080",
        platforms={
            "stripe": SimulatedPlatform(
                url="https://127.0.0.1:9102", ca_file="/ca.pem", credentials={"api_key": SECRET}
            )
        },
    )


def test_without_any_configuration_the_embedded_defaults_run(tmp_path: Path) -> None:
    settings = load_settings()
    assert settings.database_url == f"sqlite+aiosqlite:///{tmp_path}/home/q2c.sqlite"
    assert settings.gateway_url == "http://127.0.0.1:8080"
    assert settings.temporal.namespace == "default"
    assert settings.platforms == {}


def test_a_variable_goes_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_config(tmp_path, "[gateway]\nport = 9000\nhost = '0.0.0.0'\n")
    monkeypatch.setenv("Q2C_GATEWAY__PORT", "9001")
    gateway = load_settings().gateway
    assert (gateway.host, gateway.port) == ("0.0.0.0", 9001)


def test_the_file_is_found_by_variable_and_its_paths_count_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "etc"
    elsewhere.mkdir()
    (elsewhere / "key").write_text(f"{SECRET}\n")
    config = write_config(
        elsewhere,
        '[governance]\ndirectory = "policy"\n[platforms.stripe]\nurl = "https://api.stripe.com"\n'
        '[platforms.stripe.credentials]\napi_key_file = "key"\n',
    )
    monkeypatch.setenv("Q2C_CONFIG", str(config))
    settings = load_settings()
    assert settings.governance.directory == elsewhere / "policy"
    assert settings.platforms["stripe"].secrets()["api_key"].get_secret_value() == SECRET


def test_a_file_named_by_variable_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("Q2C_CONFIG", "/nowhere/q2c.toml")
    with pytest.raises(SettingsInvalid, match=r"Q2C_CONFIG: /nowhere/q2c\.toml can't be read"):
        load_settings()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (f'[platforms.stripe.credentials]\napi_key = "{SECRET}"', "platforms.stripe.credentials.api_key"),
        (f'[codec.keys]\nk1 = "{SECRET}"', "codec.keys.k1"),
        (
            f'[[gateway.operators]]\nname = "a"\nrole = "admin"\ntoken = "{SECRET}"',
            "gateway.operators.0.token",
        ),
        (f'[store]\ndatabase_url = "postgresql+asyncpg://q2c:{SECRET}@db/q2c"', "store.database_url"),
        (f'[gateway.limits]\nsession_key = "{SECRET}"', "gateway.limits.session_key"),
    ],
)
def test_a_secret_in_the_file_is_refused_without_telling_it(tmp_path: Path, text: str, named: str) -> None:
    write_config(tmp_path, text)
    with pytest.raises(SettingsInvalid) as refused:
        load_settings()
    assert str(refused.value).startswith(f"{named}: a secret does not belong in q2c.toml")
    assert SECRET not in str(refused.value)


def test_a_database_url_without_a_password_may_stand_in_the_file(tmp_path: Path) -> None:
    write_config(tmp_path, '[store]\ndatabase_url = "postgresql+asyncpg://q2c@db/q2c"')
    assert load_settings().database_url == "postgresql+asyncpg://q2c@db/q2c"


@pytest.mark.parametrize(
    ("variable", "value", "named"),
    [
        ("Q2C_GATEWAY__PORT", "eighty", "gateway.port: "),
        ("Q2C_GATEWAY__PROT", "80", "gateway.prot: Extra inputs are not permitted"),
        ("Q2C_GATEWEY__PORT", "80", "Q2C_GATEWEY__PORT: there is no section 'gatewey'"),
        ("Q2C_LOG__LEVEL", "loud", "log.level: "),
        ("Q2C_STORE__DATABASE_URL_FILE", "/nowhere", "store: database_url_file: /nowhere can't be read"),
        ("Q2C_GATEWAY__OPERATORS", f'[{{"name": "a", "role": "boss", "token": "{SECRET}"}}]', "role: "),
        ("Q2C_GATEWAY__OPERATORS", SECRET, "gateway"),
        ("Q2C_CODEC__ACTIVE", "k9", "codec: active: there is no key 'k9'"),
    ],
)
def test_an_invalid_setting_is_named_and_its_value_is_not_told(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, named: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsInvalid) as refused:
        load_settings()
    assert named in str(refused.value)
    assert SECRET not in str(refused.value)


def test_broken_toml_is_named(tmp_path: Path) -> None:
    path = write_config(tmp_path, "[gateway\n")
    with pytest.raises(SettingsInvalid, match=str(path)):
        load_settings()


def test_a_secret_is_read_from_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "url").write_text(f"postgresql+asyncpg://q2c:{SECRET}@db/q2c\n")
    monkeypatch.setenv("Q2C_STORE__DATABASE_URL_FILE", str(tmp_path / "url"))
    settings = load_settings()
    assert settings.database_url.endswith(f"{SECRET}@db/q2c")


def test_no_secret_is_shown_by_repr(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ensure_embedded(tmp_path / "home")
    a_stack().keep(tmp_path / "home")
    monkeypatch.setenv("Q2C_STORE__DATABASE_URL", f"postgresql+asyncpg://q2c:{SECRET}@db/q2c")
    monkeypatch.setenv("Q2C_PLATFORMS__STRIPE__CREDENTIALS__WEBHOOK_SECRET", SECRET)
    settings = load_settings()
    tokens = [operator.token.get_secret_value() for operator in settings.gateway.operators]
    shown = f"{settings!r} {settings} {settings.model_dump()}"
    assert SECRET not in shown
    assert tokens
    assert not [token for token in tokens if token in shown]


def test_the_running_stack_is_found_without_configuration(tmp_path: Path) -> None:
    ensure_embedded(tmp_path / "home")
    a_stack().keep(tmp_path / "home")
    settings = load_settings()
    assert settings.temporal.address == "127.0.0.1:17233"
    assert settings.gateway_url == "http://127.0.0.1:18080"
    assert settings.platforms["stripe"].secrets()["api_key"].get_secret_value() == SECRET
    assert settings.active_codec_key == "local-1"
    assert load_settings(with_stack=False).platforms == {}


def test_a_configured_platform_takes_nothing_from_the_local_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_stack().keep(tmp_path / "home")
    monkeypatch.setenv("Q2C_PLATFORMS__STRIPE__URL", "https://api.stripe.com")
    stripe = load_settings().platforms["stripe"]
    assert (stripe.url, stripe.ca_file, stripe.credentials) == ("https://api.stripe.com", None, {})


def test_configured_codec_keys_do_not_mix_with_the_local_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure_embedded(tmp_path / "home")
    monkeypatch.setenv("Q2C_CODEC__KEYS__K1", "a-key")
    assert list(load_settings().codec.keys) == ["k1"]


def test_what_the_vendor_alone_knows_is_kept_for_its_settings(tmp_path: Path) -> None:
    write_config(tmp_path, '[platforms.stripe]\nurl = "https://api.stripe.com"\napi_version = "2026-01-01"')
    assert load_settings().platforms["stripe"].vendor_settings() == {"api_version": "2026-01-01"}


def test_the_first_start_makes_one_operator_per_role_and_two_of_finance(tmp_path: Path) -> None:
    made = ensure_embedded(tmp_path / "home")
    roles = sorted(operator.role for operator in made.operators)
    assert roles == ["admin", "approver", "finance", "finance", "operator", "viewer"]
    assert len({operator.token for operator in made.operators}) == 6
    assert ensure_embedded(tmp_path / "home") == made


def test_files_with_secrets_are_for_their_owner_only(tmp_path: Path) -> None:
    home = tmp_path / "home"
    ensure_embedded(home)
    a_stack().keep(home)
    assert [(home / name).stat().st_mode & 0o777 for name in ("embedded.json", "stack.json")] == [
        0o600,
        0o600,
    ]
