"""docker-compose.yml holds to the Compose specification, as far as can be checked without Docker.

Source: the Compose specification: its own JSON schema, which the package `check-jsonschema` carries, and its
words on services, their dependencies, health checks, volumes and profiles.
What only Docker can show (images, start, health) is not shown here.
"""

import copy
import json
import os
import re
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from assembly.settings import Settings, load_settings
from assembly.stack import all_queues
from workflows._attributes import SEARCH_ATTRIBUTES

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ENV_EXAMPLE = (ROOT / ".env.example").read_text()

TOP_LEVEL = {"name", "services", "networks", "volumes", "configs", "secrets", "include"}
SERVICE_KEYS = {
    "build", "image", "command", "entrypoint", "environment", "env_file", "depends_on", "healthcheck",
    "ports", "volumes", "configs", "secrets", "networks", "profiles", "restart", "stop_grace_period",
    "cap_drop", "security_opt", "expose", "user", "working_dir", "read_only", "tmpfs", "init",
}  # fmt: skip
HEALTH_KEYS = {"test", "interval", "timeout", "retries", "start_period", "start_interval", "disable"}
CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}
RESTARTS = re.compile(r"no|always|unless-stopped|on-failure(:\d+)?")
DURATION = re.compile(r"(\d+(us|ms|s|m|h))+")
PORT = re.compile(r"127\.0\.0\.1:(\$\{\w+:-\d+\}|\d+):\d+")
VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)(?P<default>:-[^}]*|:\?[^}]*)?\}")
ONE_SHOTS = {"temporal-schema", "temporal-setup"}


def dependencies(service: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = service.get("depends_on", {})
    return found


def variables_of(service: str) -> dict[str, str]:
    environment: dict[str, str] = SERVICES[service].get("environment", {})
    return environment


def example_variables() -> dict[str, str]:
    lines = [line for line in ENV_EXAMPLE.splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def specification() -> dict[str, Any]:
    schemas = resources.files("check_jsonschema") / "builtin_schemas" / "vendor"
    found: dict[str, Any] = json.loads((schemas / "compose-spec.json").read_text())
    return found


def test_file_is_valid_by_the_specifications_own_schema() -> None:
    jsonschema.validate(COMPOSE, specification())


@pytest.mark.parametrize(
    ("key", "value"), [("helthcheck", {}), ("restart", True), ("depends_on", {"gateway": {}})]
)
def test_what_the_schema_does_not_know_is_found(key: str, value: object) -> None:
    """Else the test above could not fail."""
    broken = copy.deepcopy(COMPOSE)
    broken["services"]["gateway"][key] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, specification())


def test_only_keys_that_are_known_here_are_used() -> None:
    assert {key for key in COMPOSE if not key.startswith("x-")} <= TOP_LEVEL
    for name, service in SERVICES.items():
        assert set(service) <= SERVICE_KEYS, name
        assert set(service.get("healthcheck", {})) <= HEALTH_KEYS, name


def test_every_service_has_an_image_or_is_built() -> None:
    for name, service in SERVICES.items():
        assert re.fullmatch(r"[a-z0-9][a-z0-9-]*", name)
        assert service.get("image") or service.get("build"), name


def test_values_have_the_types_that_the_specification_gives_them() -> None:
    for name, service in SERVICES.items():
        assert RESTARTS.fullmatch(service["restart"]), name
        for key in ("command", "entrypoint"):
            assert all(isinstance(word, str) for word in service.get(key, [])), name
        assert all(isinstance(value, str) for value in service.get("environment", {}).values()), name
        if "stop_grace_period" in service:
            assert DURATION.fullmatch(service["stop_grace_period"]), name


def test_every_service_that_stays_says_whether_it_is_well() -> None:
    without = {name for name, service in SERVICES.items() if "healthcheck" not in service}
    assert without == ONE_SHOTS | {"temporal-ui"}
    for name in set(SERVICES) - without:
        check = SERVICES[name]["healthcheck"]
        assert check["test"][0] in ("CMD", "CMD-SHELL"), name
        assert all(isinstance(word, str) for word in check["test"]), name
        assert check["test"][0] == "CMD" or len(check["test"]) == 2, name
        for key in ("interval", "timeout"):
            assert DURATION.fullmatch(check[key]), name
        assert isinstance(check["retries"], int), name


def test_dependencies_are_there_and_can_meet_their_condition() -> None:
    for name, service in SERVICES.items():
        for wanted, how in dependencies(service).items():
            assert wanted in SERVICES, f"{name} needs {wanted}"
            assert set(how) <= {"condition", "required", "restart"}
            assert how["condition"] in CONDITIONS
            if how["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[wanted], f"{name} needs {wanted} to be healthy"
            if how["condition"] == "service_completed_successfully":
                assert wanted in ONE_SHOTS
                assert SERVICES[wanted]["restart"].startswith("on-failure")


def test_a_service_outside_a_profile_does_not_require_one_inside() -> None:
    for name, service in SERVICES.items():
        for wanted, how in dependencies(service).items():
            inside = set(SERVICES[wanted].get("profiles", []))
            if inside and not inside & set(service.get("profiles", [])):
                assert how.get("required") is False, f"{name} can't require {wanted}"


def test_dependencies_have_no_circle() -> None:
    done: set[str] = set()
    while len(done) < len(SERVICES):
        ready = {name for name in set(SERVICES) - done if set(dependencies(SERVICES[name])) <= done}
        assert ready, f"a circle among {sorted(set(SERVICES) - done)}"
        done |= ready


def test_volumes_and_configs_are_declared_and_used() -> None:
    mounted = {each.split(":")[0] for service in SERVICES.values() for each in service.get("volumes", [])}
    assert {name for name in mounted if not name.startswith((".", "/"))} == set(COMPOSE["volumes"])
    given = {each["source"] for service in SERVICES.values() for each in service.get("configs", [])}
    assert given == set(COMPOSE["configs"])
    for config in COMPOSE["configs"].values():
        assert yaml.safe_load(config["content"])


def test_databases_keep_their_data_in_volumes() -> None:
    for name in ("temporal-db", "store"):
        assert any(each.endswith(":/var/lib/postgresql/data") for each in SERVICES[name]["volumes"])


def test_ports_are_open_on_this_machine_only() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports
    assert all(PORT.fullmatch(port) for port in ports), ports
    published = [port.rsplit(":", 1)[0] for port in ports]
    assert len(set(published)) == len(published)


def test_addresses_inside_name_services() -> None:
    hosts = re.findall(r"(?:https?://|@)([a-z][a-z-]*):\d+", TEXT) + re.findall(r"ADDRESS: ([a-z-]+):", TEXT)
    assert set(hosts) <= set(SERVICES)
    assert variables_of("temporal")["POSTGRES_SEEDS"] in SERVICES


def test_every_variable_has_a_default_or_stands_in_the_example() -> None:
    documented = example_variables()
    for match in VARIABLE.finditer(TEXT):
        default = match["default"] or ""
        assert default.startswith(":-") or match[1] in documented, match[0]
    required = {match[1] for match in VARIABLE.finditer(TEXT) if (match["default"] or "").startswith(":?")}
    assert all(documented[name] == "" for name in required), "the example holds no password"


def test_no_secret_stands_in_the_file() -> None:
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|PWD|TOKEN|SECRET|_KEY", variable):
                assert value.startswith("${"), f"{name}: {variable}"


def test_each_queue_has_one_worker() -> None:
    commands = [service["command"] for name, service in SERVICES.items() if name.startswith("worker-")]
    queues = [command[command.index("--queue") + 1] for command in commands]
    platforms = Settings.model_fields["sandbox"].get_default(call_default_factory=True).platforms
    assert sorted(queues) == sorted(all_queues(platforms))


def test_all_search_attributes_are_registered() -> None:
    script = SERVICES["temporal-setup"]["command"][0]
    added = dict(re.findall(r"^add (\w+) (\w+)$", script, flags=re.MULTILINE))
    assert added == SEARCH_ATTRIBUTES


def test_the_containers_settings_are_valid_ones(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [each for each in os.environ if each.startswith("Q2C_")]:
        monkeypatch.delenv(name)
    for name, value in {**example_variables(), **variables_of("gateway")}.items():
        if name.startswith("Q2C_"):
            monkeypatch.setenv(name, VARIABLE.sub("filled", value) or "filled")
    monkeypatch.setenv("Q2C_GATEWAY__LIMITS__TEMPORAL_UI_URL", "http://127.0.0.1:8233")
    settings = load_settings()
    ports = {name: platform.url for name, platform in settings.platforms.items()}
    served = dict(
        word.split(":") for word in SERVICES["simulators"]["command"] if re.fullmatch(r"\w+:\d+", word)
    )
    assert ports == {name: f"https://simulators:{port}" for name, port in served.items()}


def test_the_image_has_every_package_that_is_installed() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    packages = re.search(r"^include = \[(.*)\]$", project, flags=re.MULTILINE)
    assert packages is not None
    kept = set(re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), flags=re.MULTILINE))
    assert set(re.findall(r'"(\w+)\*"', packages[1])) <= kept
