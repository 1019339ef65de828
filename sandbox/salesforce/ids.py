"""Record ids: 15 characters in which case matters, and 18 with a checksum that keeps the case."""

import re

_PLACES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ID = re.compile(r"[A-Za-z0-9]{15}([A-Za-z0-9]{3})?")
_INSTANCE = "Ho0"


def new_id(key_prefix: str, number: int) -> str:
    """The 18-character id of the object's `number`-th record."""
    digits = ""
    for _ in range(9):
        number, digit = divmod(number, 62)
        digits = _BASE62[digit] + digits
    return with_checksum(f"{key_prefix}{_INSTANCE}{digits}")


def with_checksum(id15: str) -> str:
    return id15 + "".join(_place(id15[start : start + 5]) for start in (0, 5, 10))


def canonical(text: str) -> str | None:
    """The 18-character form of an id of 15 or 18 characters; None if it is none.

    The three last characters tell which letters are capitals, so the longer form may come in any case.
    """
    if not _ID.fullmatch(text):
        return None
    if len(text) == 15:
        return with_checksum(text)
    suffix = text[15:].upper()
    if any(place not in _PLACES for place in suffix):
        return None
    restored = "".join(_cased(text[5 * chunk : 5 * chunk + 5], suffix[chunk]) for chunk in range(3))
    whole = with_checksum(restored)
    return whole if whole[15:] == suffix else None


def _place(chunk: str) -> str:
    return _PLACES[
        sum(1 << index for index, letter in enumerate(chunk) if letter.isascii() and letter.isupper())
    ]


def _cased(chunk: str, place: str) -> str:
    capitals = _PLACES.index(place)
    return "".join(
        letter.upper() if capitals >> index & 1 else letter.lower() for index, letter in enumerate(chunk)
    )
