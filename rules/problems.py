"""What is wrong with a scenario: for each finding the field, named precisely, and what is wrong with it."""

from collections.abc import Iterable, Sequence

Problem = tuple[str, str]
"""Field path, like "contract.lines[1].pricing.tiers", and message. An empty path is the file as a whole."""


class InvalidScenario(ValueError):
    """The scenario can't be computed. `problems` are all findings, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: list[Problem] = list(dict.fromkeys(problems))
        super().__init__(
            "; ".join(f"{path}: {message}" if path else message for path, message in self.problems)
        )


def field_path(parts: Sequence[str | int]) -> str:
    """("contract", "lines", 1, "pricing") as "contract.lines[1].pricing"."""
    path = ""
    for part in parts:
        if isinstance(part, int):
            path += f"[{part}]"
        else:
            path += f".{part}" if path else part
    return path


def under(path: str, problems: Iterable[Problem]) -> list[Problem]:
    """The problems of a part, seen from the whole."""
    return [
        (f"{path}{inner}" if inner.startswith("[") else f"{path}.{inner}", message)
        for inner, message in problems
    ]
