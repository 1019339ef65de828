"""Where events are sent; the receiver that the sandbox was started with is the default one."""

from typing import Any

from sandbox.stripe import pages
from sandbox.stripe.errors import invalid
from sandbox.stripe.operations import Call, operation
from sandbox.stripe.resources.fields import keep, metadata
from sandbox.stripe.world import World

Document = dict[str, Any]

_DEFAULT = "we_1SandboxDefault000000"


def _new_endpoint(world: World, id: str, url: str, secret: str) -> Document:
    return {
        "id": id,
        "object": "webhook_endpoint",
        "api_version": None,
        "application": None,
        "created": world.now(),
        "description": None,
        "enabled_events": ["*"],
        "livemode": False,
        "metadata": {},
        "secret": secret,
        "status": "enabled",
        "url": url,
    }


def keep_default(world: World, url: str | None, secret: str) -> None:
    """The endpoint of the sandbox's configuration, with its address of today."""
    kept = world.get("webhook_endpoint", _DEFAULT)
    if url is None:
        world.state.delete("webhook_endpoint", _DEFAULT)
    elif kept is None or kept["url"] != url:
        world.put((kept or _new_endpoint(world, _DEFAULT, url, secret)) | {"url": url, "_default": True})


@operation("POST /v1/webhook_endpoints")
def create(call: Call) -> Document:
    """The secret is shown by this answer only."""
    world = call.world
    secret = world.new_id("whsec", 32)
    endpoint = _new_endpoint(world, world.new_id("we"), _url(call), secret)
    endpoint["enabled_events"] = _enabled(call)
    endpoint["api_version"] = call.get("api_version")
    endpoint["description"] = call.get("description")
    endpoint["metadata"] = metadata(call.get("metadata"))
    world.put(endpoint)
    return {**endpoint, "object": "webhook_endpoint", "_secret_shown": True}


def _url(call: Call) -> str:
    url: str = call.params["url"]
    if not url.startswith(("http://", "https://")):
        message = "Invalid URL: An explicit scheme (such as https) must be provided."
        raise invalid(message, "url", "url_invalid")
    return url


def _enabled(call: Call) -> list[str]:
    events: list[str] = call.params["enabled_events"] or []
    for index, name in enumerate(events):
        if name != "*" and ("." not in name or name.endswith("*")):
            raise invalid(
                f"Invalid enabled_events[{index}]: unknown event type {name}.", f"enabled_events[{index}]"
            )
    return events


@operation("GET /v1/webhook_endpoints")
def list_endpoints(call: Call) -> Document:
    return pages.page(call, call.world.all("webhook_endpoint"))


@operation("GET /v1/webhook_endpoints/{webhook_endpoint}")
def retrieve(call: Call) -> Document:
    return call.world.require("webhook_endpoint", call.id(), "webhook_endpoint")


@operation("POST /v1/webhook_endpoints/{webhook_endpoint}")
def update(call: Call) -> Document:
    endpoint = call.world.require("webhook_endpoint", call.id(), "webhook_endpoint")
    keep(endpoint, call, ("description",))
    if call.get("url"):
        endpoint["url"] = _url(call)
    if call.get("enabled_events"):
        endpoint["enabled_events"] = _enabled(call)
    if call.get("disabled") is not None:
        endpoint["status"] = "disabled" if call.params["disabled"] else "enabled"
    return call.world.update(endpoint, None)


@operation("DELETE /v1/webhook_endpoints/{webhook_endpoint}")
def delete(call: Call) -> Document:
    return call.world.delete(call.world.require("webhook_endpoint", call.id(), "webhook_endpoint"))
