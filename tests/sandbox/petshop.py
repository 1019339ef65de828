"""A small vendor on the kit: what README.md shows, and what the kit's tests run."""

import json
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.kit.platform import Platform, PlatformConfig
from sandbox.kit.state import State


class PetShop(Platform):
    name = "petshop"
    read_only_posts = ("/v1/search",)
    fault_exempt = ("/v1/token",)

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/v1/pets", self.create, methods=["POST"]),
            Route("/v1/pets", self.list_pets, methods=["GET"]),
            Route("/v1/pets/{id}", self.read, methods=["GET"]),
            Route("/v1/search", self.list_pets, methods=["POST"]),
            Route("/v1/token", self.token, methods=["POST"]),
        ]

    def credentials(self) -> dict[str, str]:
        return {"api_key": self.secrets.text("api-key")}

    def error_response(self, status: int, request: Request) -> Response:
        return JSONResponse({"error": {"code": f"E{status}", "path": request.url.path}}, status)

    async def create(self, request: Request) -> Response:
        pet = await request.json()
        with self.state.transaction():
            pet["id"] = f"pet_{self.state.next_number('pet')}"
            self.state.put("pet", pet["id"], pet)
            if self.config.webhook_url:
                body = json.dumps({"made": pet["id"]}).encode()
                self.outbox.enqueue(self.config.webhook_url, body, event_id=pet["id"], topic="pet.made")
        return JSONResponse(pet, 201)

    async def list_pets(self, _request: Request) -> Response:
        return JSONResponse({"data": self.state.all("pet")})

    async def read(self, request: Request) -> Response:
        pet = self.state.get("pet", request.path_params["id"])
        return JSONResponse(pet) if pet else self.error_response(404, request)

    async def token(self, _request: Request) -> Response:
        return JSONResponse({"access_token": "t"})


def create(state: State, *, config: PlatformConfig) -> Platform:
    return PetShop(state, config=config)
