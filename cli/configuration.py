"""The settings of a command; what is wrong with them ends it with exit code 2."""

from typing import TYPE_CHECKING

from cli.exits import INVALID, leave

if TYPE_CHECKING:
    from assembly.settings import Settings


def settings(*, with_stack: bool = True) -> "Settings":
    from assembly.settings import SettingsInvalid, load_settings

    try:
        return load_settings(with_stack=with_stack)
    except SettingsInvalid as error:
        leave(INVALID, *error.problems)
    except ValueError as error:  # a state file of ours that is none
        leave(INVALID, str(error))
