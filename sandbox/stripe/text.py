"""Long lists of words, written as text."""


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())
