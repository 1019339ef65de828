"""What the pages say is there: the files that they link to, the commands that they show."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command

from cli.main import app

ROOT = Path(__file__).parent.parent.parent
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])

_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
_IN_LINE = re.compile(r"`([^`\n]*\bq2c [^`\n]*)`")
_COMMAND = re.compile(r"^(?:\w+=\S*\s+|\w+=<[^>]*>\s+)*(?:\.venv/bin/)?q2c (?P<rest>.+)$")
_ANYTHING = ("…", "<", "|", "&&", "/")


def anchors(page: Path) -> set[str]:
    """The headings of a page, as links name them."""
    titles = re.findall(r"^#+ +(.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def links(page: Path) -> list[str]:
    text = _FENCE.sub("", page.read_text())
    return [link for link in _LINK.findall(text) if not link.startswith(("http://", "https://"))]


def shown_lines(page: Path) -> Iterator[str]:
    text = page.read_text()
    for block in _FENCE.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            yield line.strip()
    yield from _IN_LINE.findall(_FENCE.sub("", text))


def commands(page: Path) -> list[str]:
    """What follows `q2c`, of each command that the page shows."""
    found = (_COMMAND.match(line) for line in shown_lines(page))
    return [match["rest"] for match in found if match]


def problem(shown: str) -> str | None:
    """What is wrong with a command line; the values of arguments and options are not looked at."""
    words = shlex.split(shown, comments=True)
    command: Any = get_command(app)
    context = typer.Context(command)
    while words and hasattr(command, "list_commands") and not words[0].startswith(("-", *_ANYTHING)):
        name = words.pop(0)
        if name not in command.list_commands(context):
            return f"there is no command {name!r}"
        command = command.get_command(context, name)
    known = {option for parameter in command.params for option in parameter.opts} | {"--help", "-h"}
    known |= {"--install-completion", "--show-completion"}
    unknown = [word for word in words if re.match(r"--?[a-z]", word) and word.partition("=")[0] not in known]
    return f"no option {unknown[0]}" if unknown else None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_and_headings(page: Path) -> None:
    for link in links(page):
        name, _, heading = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        assert target.is_relative_to(ROOT), f"{link} leads out of the repository"
        assert not heading or heading in anchors(target), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_exist_with_the_options_shown(page: Path) -> None:
    wrong = {shown: found for shown in commands(page) if (found := problem(shown))}
    assert not wrong


def test_pages_show_commands() -> None:
    assert len(commands(ROOT / "docs" / "tutorial.md")) > 10


@pytest.mark.parametrize("shown", ["contract destroy C-1", "up --sideways", "nothing"])
def test_command_that_is_not_there_is_noticed(shown: str) -> None:
    assert problem(shown)


def test_index_names_every_page() -> None:
    index = ROOT / "docs" / "README.md"
    named = {(index.parent / link.partition("#")[0]).resolve() for link in links(index)}
    decisions = ROOT / "docs" / "decisions"
    pages = {page for page in PAGES if page.parent != decisions} - {index, ROOT / "README.md"}
    assert not {str(page.relative_to(ROOT)) for page in pages - named}
