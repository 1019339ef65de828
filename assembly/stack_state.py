"""What is known of the local stack, in two files that only their owner can read.

`stack.json` describes the stack that runs: processes, addresses, the simulators' credentials. It is written
after each start of a process, so that `q2c down` finds them even if `q2c up` was killed.
`embedded.json` holds what the first start made for good: operators with their tokens, the codec's key.
"""

import base64
import secrets
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assembly.sections import Role

LOGS = "logs"
STACK_FILE, EMBEDDED_FILE, LOCK_FILE = "stack.json", "embedded.json", "stack.lock"
FIRST_OPERATORS: tuple[tuple[str, Role], ...] = (
    ("olivia", "operator"),
    ("fiona", "finance"),
    ("felix", "finance"),
    ("anna", "approver"),
    ("adam", "admin"),
    ("vera", "viewer"),
)


PartT = TypeVar("PartT", bound="Part")


class Part(BaseModel):
    """A part of the files; keys of other versions are ignored."""

    model_config = ConfigDict(extra="ignore")


class Process(Part):
    """A process, told from a later one with the same pid by when it started."""

    name: str
    pid: int
    started: str
    log: str | None = None


class TemporalAddress(Part):
    address: str
    ui: str | None
    namespace: str


class SimulatedPlatform(Part):
    url: str
    ca_file: str
    credentials: dict[str, str]


class Stack(Part):
    """The local stack. `status` is `starting` until everything answers."""

    status: Literal["starting", "running", "stopping"] = "starting"
    supervisor: Process
    children: list[Process] = Field(default_factory=list)
    temporal: TemporalAddress
    gateway_url: str
    platforms: dict[str, SimulatedPlatform] = Field(default_factory=dict)
    queues: dict[str, list[str]] = Field(default_factory=dict)
    """Name of a worker process → the task queues that it serves."""

    def keep(self, home: Path) -> None:
        write(home / STACK_FILE, self)


class EmbeddedOperator(Part):
    name: str
    role: Role
    token: str


class Embedded(Part):
    """Secrets of the embedded stack, made at its first start."""

    operators: list[EmbeddedOperator]
    codec_keys: dict[str, str]


def read_stack(home: Path) -> Stack | None:
    """The stack as last written; None where there is none. It may have died since."""
    return _read(home / STACK_FILE, Stack)


def forget_stack(home: Path) -> None:
    (home / STACK_FILE).unlink(missing_ok=True)


def read_embedded(home: Path) -> Embedded | None:
    return _read(home / EMBEDDED_FILE, Embedded)


def ensure_embedded(home: Path) -> Embedded:
    """The secrets of the embedded stack, made at the first call."""
    found = read_embedded(home)
    if found is not None:
        return found
    operators = [
        EmbeddedOperator(name=name, role=role, token=f"q2c_{secrets.token_urlsafe(32)}")
        for name, role in FIRST_OPERATORS
    ]
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    made = Embedded(operators=operators, codec_keys={"local-1": key})
    write(home / EMBEDDED_FILE, made)
    return made


def make_home(home: Path) -> None:
    """The home with its logs, for its owner only; a home that is there stays as it is. OSError."""
    for directory in (home, home / LOGS):
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)


def write(path: Path, part: Part) -> None:
    from sandbox.kit.secret_files import write_private

    make_home(path.parent)
    write_private(path, part.model_dump_json(indent=1).encode())


def _read(path: Path, kind: type[PartT]) -> PartT | None:
    try:
        return kind.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ValueError(f"home: {path} can't be read: {error.strerror}") from None
    except ValidationError:
        raise ValueError(f"{path} is not a file of q2c's: remove it") from None
