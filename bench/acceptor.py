"""A gateway as a process, without a relay: `python -m bench.acceptor HOME PORT SECRET`.

The store is SQLite in HOME; the limit on requests per source is lifted. SECRET signs webhooks, and is the
token of an operator.
"""

import asyncio
import sys
from pathlib import Path
from typing import cast

from assembly.receivers import receivers
from assembly.settings import Settings
from gateway.app import create_app
from gateway.deps import GatewayDeps
from gateway.logs import configure
from gateway.operations import Operations
from gateway.server import bound_socket, server
from gateway.settings import GatewaySettings
from store.database import Database
from store.migrations import upgrade
from store.operators import OperatorList


async def serve(home: Path, port: int, secret: str) -> None:
    settings = Settings.model_validate(
        {"home": home, "platforms": {"salesforce": {"credentials": {"webhook_secret": secret}}}}
    )
    await upgrade(settings.database_url)
    limits = GatewaySettings(rate_per_second=1e9, rate_burst=10**9)
    database = Database(settings.database_url)
    await OperatorList(database).put("bench", "operator", secret)
    nobody = cast(Operations, None)  # only webhooks are called, and usage is reported
    app = create_app(GatewayDeps(database, receivers(settings), nobody, settings=limits))
    await server(app, limits).serve(sockets=[bound_socket("127.0.0.1", port)])


if __name__ == "__main__":
    configure("WARNING")
    asyncio.run(serve(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
