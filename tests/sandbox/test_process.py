"""`python -m sandbox` as users run it: HTTPS, real sockets, SIGTERM, a second start."""

import json
import queue
import signal
import ssl
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import IO

import httpx
import pytest

from sandbox.__main__ import main
from sandbox.kit.platform import build_app
from sandbox.kit.server import Certificate, listen, serving
from sandbox.kit.tls import ensure_authority, issue
from tests.sandbox.petshop import PetShop

START = (
    "import sys, tests.sandbox.petshop as petshop; sys.modules['sandbox.petshop'] = petshop;"
    "from sandbox.__main__ import main; sys.exit(main())"
)
PET = {"name": "Rex"}
PROJECT = Path(__file__).parents[2]


@contextmanager
def running(directory: Path, *arguments: str) -> Iterator[list[httpx.Client]]:
    """The started platforms' clients, in order; ends the process by SIGTERM and sees that it ends well."""
    command = [sys.executable, "-W", "error", "-c", START, *arguments, "--dir", str(directory)]
    names = [text for text in arguments if text.startswith("petshop")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=PROJECT) as process:
        assert process.stdout is not None
        clients = [_client(process.stdout, directory) for _ in names]
        try:
            yield clients
        finally:
            for client in clients:
                client.close()
            process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def _client(stdout: IO[str], directory: Path) -> httpx.Client:
    started = json.loads(stdout.readline())
    token = (directory / "control-token").read_text()
    verify = ssl.create_default_context(cafile=started["ca_file"]) if started["ca_file"] else True
    headers = {"X-Sandbox-Token": token}
    return httpx.Client(base_url=started["url"], verify=verify, headers=headers, timeout=20)


def _fault(client: httpx.Client, outcome: str, **more: object) -> None:
    assert client.post("/_sandbox/faults", json={"outcome": outcome, **more}).status_code == 201


def _pets(client: httpx.Client) -> int:
    return len(client.get("/v1/pets").json()["data"])


def test_faults_on_real_sockets(tmp_path: Path) -> None:
    with running(tmp_path, "petshop", "--port", "0") as [client]:
        for outcome, pets in [("refused", 0), ("applied-then-cut", 1), ("down", 1)]:
            _fault(client, outcome, route="POST /v1/pets")
            with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
                client.post("/v1/pets", json=PET)
            assert _pets(client) == pets
        for outcome, pets in [("not-applied-then-timeout", 1), ("applied-then-timeout", 2)]:
            _fault(client, outcome)
            with pytest.raises(httpx.ReadTimeout):
                client.post("/v1/pets", json=PET, timeout=0.3)
            assert _pets(client) == pets


def test_second_start_keeps_objects_secrets_and_certificates(tmp_path: Path) -> None:
    def seen(client: httpx.Client) -> tuple[object, bytes]:
        return client.get("/_sandbox/credentials").json(), (tmp_path / "tls" / "ca.pem").read_bytes()

    with running(tmp_path, "petshop", "--port", "0") as [client]:
        client.post("/v1/pets", json=PET)
        first = seen(client)
    with running(tmp_path, "petshop", "--port", "0") as [client]:
        assert _pets(client) == 1
        assert seen(client) == first
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".sqlite"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files if "sqlite" not in path.name} == {0o600}


def test_several_platforms_in_one_process_without_tls(tmp_path: Path) -> None:
    with running(tmp_path, "petshop:0", "petshop:0", "--no-tls") as [one, other]:
        assert one.base_url != other.base_url
        assert {client.get("/_sandbox/healthz").status_code for client in (one, other)} == {200}


def test_served_in_a_thread_for_blocking_clients(petshop: PetShop, tmp_path: Path) -> None:
    listening = listen("127.0.0.1", 0)
    certificate = Certificate(*issue(tmp_path, "127.0.0.1", "localhost"))
    trust = ssl.create_default_context(cafile=ensure_authority(tmp_path))
    with (
        serving(build_app(petshop), listening, certificate),
        httpx.Client(base_url=f"https://localhost:{listening.getsockname()[1]}", verify=trust) as client,
    ):
        assert client.post("/v1/pets", json=PET).status_code == 201
    assert petshop.state.count("pet") == 1


class _Receiver(BaseHTTPRequestHandler):
    """Refuses each webhook's first attempt and takes its second."""

    seen: queue.Queue[tuple[bytes, int]] = queue.Queue()
    attempts = 0

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        _Receiver.attempts += 1
        status = 503 if _Receiver.attempts == 1 else 202
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()
        _Receiver.seen.put((body, status))

    def log_message(self, *_: object) -> None:
        """Quiet."""


def test_webhooks_are_delivered_in_the_background_and_tried_again(tmp_path: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Receiver) as receiver:
        Thread(target=receiver.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{receiver.server_port}/{{platform}}"
        with running(tmp_path, "petshop", "--port", "0", "--webhook-url", url) as [client]:
            client.post("/v1/pets", json=PET)
            received = [_Receiver.seen.get(timeout=20) for _ in range(2)]
        receiver.shutdown()
    assert received == [(b'{"made": "pet_1"}', 503), (b'{"made": "pet_1"}', 202)]


WRONG = [(["petshop"], 2), (["kit:0"], 2), (["petshop:x"], 2), (["nosuchplatform:0"], 1)]


@pytest.mark.parametrize(("arguments", "code"), WRONG)
def test_wrong_usage_is_told(
    arguments: list[str], code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "--dir", str(tmp_path)]) == code
    assert arguments[0].partition(":")[0] in capsys.readouterr().err
