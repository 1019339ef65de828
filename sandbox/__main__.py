"""Run simulated platforms: `python -m sandbox stripe --port 9102 --dir .q2c/sandbox`, or several in one
process: `python -m sandbox salesforce:9101 stripe:9102 --dir .q2c/sandbox`.

Each is the package `sandbox.<name>` with `create(state, *, config) -> Platform`.
"""

import argparse
import asyncio
import importlib
import json
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from sandbox.kit.platform import Platform, PlatformConfig, build_app
from sandbox.kit.secret_files import SecretFiles
from sandbox.kit.server import Certificate, listen, serve_all, server
from sandbox.kit.state import State
from sandbox.kit.tls import ensure_authority, issue

HOST = "127.0.0.1"
_ALL_ADDRESSES = "0.0.0.0"  # noqa: S104 - asked for by --host, in a container of its own
WRONG_USAGE, FAILED = 2, 1


@dataclass(frozen=True)
class Options:
    directory: Path
    webhook_url: str | None  # "{platform}" in it stands for the platform's name
    tls: bool
    host: str = HOST


def main(arguments: list[str] | None = None) -> int:
    parsed = _parser().parse_args(arguments)
    options = Options(parsed.dir, parsed.webhook_url, not parsed.no_tls, parsed.host)
    try:
        wanted = [_named(text, parsed.port) for text in parsed.platforms]
    except ValueError as error:
        print(error, file=sys.stderr)
        return WRONG_USAGE
    options.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        servers = [_prepared(name, port, options) for name, port in wanted]
    except (OSError, ModuleNotFoundError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return FAILED
    asyncio.run(serve_all(servers))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="Run simulated platforms.")
    parser.add_argument("platforms", nargs="+", metavar="PLATFORM[:PORT]")
    parser.add_argument("--port", type=int, help="of the one platform named without a port; 0: any free one")
    parser.add_argument("--dir", type=Path, required=True, help="where state, secrets and certificates are")
    parser.add_argument("--webhook-url", help="where webhooks go; {platform} stands for the name")
    parser.add_argument(
        "--host",
        default=HOST,
        help=f"name by which clients reach it; unless {HOST}, all addresses are served",
    )
    parser.add_argument("--no-tls", action="store_true", help="plain HTTP")
    return parser


def _named(text: str, port: int | None) -> tuple[str, int]:
    name, colon, own_port = text.partition(":")
    if not name.isidentifier() or name == "kit":
        raise ValueError(f"{text}: not a platform's name")
    if colon and own_port.isdigit():
        return name, int(own_port)
    if colon or port is None:
        raise ValueError(f"{text}: which port? (PLATFORM:PORT or --port)")
    return name, port


def _prepared(name: str, port: int, options: Options) -> tuple[uvicorn.Server, socket.socket]:
    """A platform that takes connections, ready to be served; says on stdout where it is."""
    vendor = importlib.import_module(f"sandbox.{name}")
    listening = listen(HOST if options.host == HOST else _ALL_ADDRESSES, port)
    scheme = "https" if options.tls else "http"
    url = f"{scheme}://{options.host}:{listening.getsockname()[1]}"
    state, config = _kept(name, url, options)
    platform: Platform = vendor.create(state, config=config)
    tls_directory = options.directory / "tls"
    hosts = dict.fromkeys((options.host, HOST, "localhost"))
    certificate = Certificate(*issue(tls_directory, *hosts)) if options.tls else None
    ca_file = str(ensure_authority(tls_directory)) if options.tls else None
    prepared = server(build_app(platform, deliver_webhooks=True), certificate)
    print(json.dumps({"platform": name, "url": url, "ca_file": ca_file}), flush=True)
    return prepared, listening


def _kept(name: str, base_url: str, options: Options) -> tuple[State, PlatformConfig]:
    """The platform's state and secrets of earlier starts, if there were any."""
    directory = options.directory / name
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    config = PlatformConfig(
        secrets_dir=directory,
        control_token=SecretFiles(options.directory).text("control-token"),
        base_url=base_url,
        webhook_url=options.webhook_url.replace("{platform}", name) if options.webhook_url else None,
    )
    return State(str(directory / "state.sqlite")), config


if __name__ == "__main__":
    sys.exit(main())
