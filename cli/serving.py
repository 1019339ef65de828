"""How processes end that can't do their work: the settings are wrong, or a server is not there."""

from collections.abc import Iterator
from contextlib import contextmanager

from cli.exits import INVALID, UNREACHABLE, leave


@contextmanager
def exit_codes() -> Iterator[None]:
    """2 for settings and policy that are wrong, 4 for a store or Temporal that is not reachable."""
    from assembly.platforms import PlatformMissing
    from assembly.settings import SettingsInvalid
    from governance.problems import PolicyError
    from store.database import StoreUnavailable

    try:
        yield
    except SettingsInvalid as error:
        leave(INVALID, *error.problems)
    except (PlatformMissing, PolicyError) as error:
        leave(INVALID, str(error))
    except StoreUnavailable as error:
        leave(UNREACHABLE, f"the store is not reachable: {error}")
    except RuntimeError as error:  # Temporal's client has no class of its own for it
        if "failed client connect" not in str(error).lower():
            raise
        leave(UNREACHABLE, f"Temporal is not reachable: {error}")
