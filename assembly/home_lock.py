"""One stack per home: a lock that the system gives back when its holder ends, however it ends."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assembly.stack_state import LOCK_FILE, make_home


class AlreadyRuns(Exception):
    """A stack of this home runs, or is being started or stopped."""


@contextmanager
def locked(home: Path) -> Iterator[None]:
    """Holds the home's lock; AlreadyRuns if another process holds it. OSError if the home can't be made."""
    make_home(home)
    with (home / LOCK_FILE).open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRuns(f"a stack runs in {home}") from None
        yield


def is_locked(home: Path) -> bool:
    if not (home / LOCK_FILE).exists():
        return False
    try:
        with locked(home):
            return False
    except AlreadyRuns:
        return True
