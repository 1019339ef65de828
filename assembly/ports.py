"""TCP ports of the local stack: the preferred one if nobody has it, else a free one.

A port is claimed for the life of this process by a locked file, so that two stacks that start at the same
time do not choose the same one before either listens.
"""

import fcntl
import os
import socket
import tempfile
from pathlib import Path
from typing import IO

HOST = "127.0.0.1"
_ATTEMPTS = 50


class NoFreePort(Exception):
    """The machine has no free port left."""


class Claims:
    """The ports that this process has claimed; `release` gives them back."""

    def __init__(self) -> None:
        self._held: dict[int, IO[bytes]] = {}
        self._directory = Path(tempfile.gettempdir()) / f"q2c-ports-{os.getuid()}"
        self._directory.mkdir(mode=0o700, exist_ok=True)

    def claim(self, preferred: int) -> int:
        """The preferred port, or a free one if it is taken or 0. NoFreePort if there is none."""
        if preferred and self._claimed(preferred):
            return preferred
        for _ in range(_ATTEMPTS):
            port = _any_free()
            if self._claimed(port):
                return port
        raise NoFreePort(f"none of {_ATTEMPTS} ports was free")

    def release(self) -> None:
        for file in self._held.values():
            file.close()
        self._held.clear()

    def _claimed(self, port: int) -> bool:
        if port in self._held:
            return False
        file = (self._directory / str(port)).open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return False
        if not is_free(port):
            file.close()
            return False
        self._held[port] = file
        return True


def is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def _any_free() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
