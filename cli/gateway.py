"""`q2c gateway`: the HTTP side, until SIGTERM."""

from typing import Annotated

import typer

from cli.configuration import settings

app = typer.Typer()

_SHUTDOWN_SECONDS = 3


@app.command()
def gateway(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.", min=0, max=65535)] = None,
) -> None:
    """Run the gateway: webhooks, operations API, console, codec.

    Example: q2c gateway --host 0.0.0.0 --port 8080
    """
    import uvicorn
    from assembly.gateway import build_gateway

    configured = settings()
    uvicorn.run(
        build_gateway(configured),
        host=host or configured.gateway.host,
        port=configured.gateway.port if port is None else port,
        log_level=configured.log.level,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
    )
