"""The reference pages and the example file say what is so."""

import re
import tomllib
from pathlib import Path

import pytest

from assembly.settings import Settings, load_settings
from cli.reference import PAGES, commands_page, settings_page

EXAMPLE = PAGES.parent.parent / "q2c.toml.example"
REWRITE = "run `python -m cli.reference`"


def test_the_page_of_commands_is_up_to_date() -> None:
    assert (PAGES / "cli.md").read_text(encoding="utf-8") == commands_page(), REWRITE


def test_the_page_of_settings_is_up_to_date() -> None:
    assert (PAGES / "configuration.md").read_text(encoding="utf-8") == settings_page(), REWRITE


def test_every_setting_is_described() -> None:
    rows = re.findall(r"^\| `([\w.]+)` \| (.*?) \| (.*?) \|$", settings_page(), flags=re.MULTILINE)
    described = {name: meaning for name, _, meaning in rows}
    assert {"gateway.port", "store.database_url", "codec.keys", "gateway.operators.token"} <= set(described)
    limits = [name for name in described if name.startswith("gateway.limits.")]
    assert [name for name, meaning in described.items() if not meaning and name not in limits] == []


def test_the_example_file_is_valid_as_it_stands_and_with_every_line_in_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    in_force = re.sub(r"^# (?=\[|[a-z_0-9]+ = )", "", text, flags=re.MULTILINE)
    secret = tmp_path / "secret"
    secret.write_text("c2VjcmV0")
    for number, each in enumerate((text, re.sub(r"/run/secrets/[\w.-]+", str(secret), in_force))):
        path = tmp_path / f"{number}.toml"
        path.write_text(each)
        monkeypatch.setenv("Q2C_CONFIG", str(path))
        settings = load_settings()
    assert settings.platforms["stripe"].secrets()["api_key"].get_secret_value() == "c2VjcmV0"
    assert set(tomllib.loads(in_force)) == set(Settings.model_fields)
