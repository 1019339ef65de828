"""Who may approve what: never the person who has asked for it.

Source: RELIABILITY.md, I10: the approver is not the requester. Names of operators come from configuration
and, in an emergency, from whoever types them; one person's name may be written in several ways.
"""

import unicodedata


def is_same_person(one: str, other: str) -> bool:
    """Whether two names are one person's: case, white space and how a letter is encoded make no other."""
    return _identity(one) == _identity(other)


def _identity(name: str) -> str:
    visible = "".join(each for each in unicodedata.normalize("NFKC", name) if _is_visible(each))
    return unicodedata.normalize("NFKC", visible.casefold())


def _is_visible(character: str) -> bool:
    return not character.isspace() and unicodedata.category(character) not in ("Cf", "Cc")
