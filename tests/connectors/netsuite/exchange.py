"""One request and its answer."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Exchange:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    status: int
    answer: bytes
    answer_headers: dict[str, str] = field(default_factory=dict)
