"""Logs say what happened, and nothing of what was said."""

import io
import json

import pytest
import structlog
from structlog.testing import capture_logs

from gateway import logs
from tests.gateway.fakes import Gateway


async def test_request_is_logged_by_its_route_without_body_token_or_path(gateway: Gateway) -> None:
    structlog.reset_defaults()  # whatever another test's server has silenced
    with capture_logs() as lines:
        await gateway.deliver(b'{"card": "4111111111111111"}')
        await gateway.deliver(b"x", path="stripe/secret-path-of-ours")
        await gateway.ask("/contracts/C-confidential")
    said = repr(lines)
    assert {line["route"] for line in lines if line["event"] == "request"} == {
        "/webhooks/salesforce/approvals",
        "/webhooks/{source:path}",
        "/api/v1/contracts/{contract:path}",
    }
    for secret in ("4111", "secret-path", "token-of", "v1,", "C-confidential"):
        assert secret not in said


def test_process_logs_json_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    try:
        logs.configure("INFO")
        structlog.get_logger().info("started", port=1)
    finally:
        structlog.reset_defaults()
    line = json.loads(written.getvalue())
    assert (line["event"], line["port"], line["level"]) == ("started", 1, "info")
    assert line["timestamp"].endswith("Z")
