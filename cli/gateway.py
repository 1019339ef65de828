"""`q2c gateway`: the HTTP side, until SIGTERM."""

import asyncio
from typing import Annotated

import typer

from cli.configuration import settings
from cli.exits import FAILED, leave
from cli.serving import exit_codes

app = typer.Typer()


@app.command()
def gateway(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.", min=0, max=65535)] = None,
) -> None:
    """Run the gateway: webhooks, operations API, console, codec.

    Example: q2c gateway --host 0.0.0.0 --port 8080
    """
    from assembly.gateway import build_gateway
    from assembly.stack_state import make_home
    from gateway.logs import configure
    from gateway.server import bound_socket, server

    configured = settings()
    configure(configured.log.level.upper())
    make_home(configured.home)
    where = host or configured.gateway.host, configured.gateway.port if port is None else port
    try:
        listening = bound_socket(*where)
    except OSError as error:
        leave(FAILED, f"{where[0]}:{where[1]} can't be listened on: {error.strerror}")
    with listening, exit_codes():
        serving = server(build_gateway(configured), configured.gateway.limits, host=where[0], port=where[1])
        asyncio.run(serving.serve(sockets=[listening]))
