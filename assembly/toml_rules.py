"""What `q2c.toml` may hold: no secret in clear, and paths that count from the file's own directory."""

import types
import typing
from pathlib import Path
from typing import Any, Union, get_args, get_origin
from urllib.parse import urlsplit

from pydantic import BaseModel, SecretStr

from assembly.sections import FILE_SUFFIX

Table = dict[str, Any]


class SecretInFile(ValueError):
    """`setting` is a secret in clear; it belongs in a variable or in a file of its own."""

    def __init__(self, setting: str) -> None:
        variable = "Q2C_" + setting.replace(".", "__").upper()
        super().__init__(
            f"{setting}: a secret does not belong in q2c.toml: use {variable}, or {setting}{FILE_SUFFIX} "
            "with the path of a file"
        )


def checked(table: Table, model: type[BaseModel], directory: Path, at: str = "") -> Table:
    """The table with absolute paths; SecretInFile where it holds a secret. Does not look for unknown keys."""
    resolved = dict(table)
    for key, value in table.items():
        name = f"{at}{key}"
        if key.endswith(FILE_SUFFIX) and isinstance(value, str):
            resolved[key] = _absolute(value, directory)
        elif key in model.model_fields:
            resolved[key] = _checked_value(value, model.model_fields[key].annotation, directory, name)
    return resolved


def _checked_value(value: Any, annotation: Any, directory: Path, name: str) -> Any:
    kind = _without_none(annotation)
    arguments = get_args(kind)
    if kind is SecretStr:
        if isinstance(value, str) and _is_open(value):
            return value
        raise SecretInFile(name)
    if kind is Path and isinstance(value, str):
        return _absolute(value, directory)
    if isinstance(kind, type) and issubclass(kind, BaseModel) and isinstance(value, dict):
        return checked(value, kind, directory, f"{name}.")
    if get_origin(kind) is dict and isinstance(value, dict):
        return {key: _checked_entry(key, each, arguments[1], directory, name) for key, each in value.items()}
    if get_origin(kind) is tuple and isinstance(value, list):
        return [
            _checked_value(each, arguments[0], directory, f"{name}.{index}")
            for index, each in enumerate(value)
        ]
    return value


def _checked_entry(key: str, value: Any, annotation: Any, directory: Path, name: str) -> Any:
    if key.endswith(FILE_SUFFIX) and isinstance(value, str):
        return _absolute(value, directory)
    return _checked_value(value, annotation, directory, f"{name}.{key}")


def _is_open(value: str) -> bool:
    """A database URL without a password is no secret."""
    parts = urlsplit(value)
    return "://" in value and not parts.password and not parts.query


def _absolute(value: str, directory: Path) -> str:
    return str(directory / Path(value).expanduser())


def _without_none(annotation: Any) -> Any:
    if get_origin(annotation) in (Union, types.UnionType):
        kinds = [kind for kind in typing.get_args(annotation) if kind is not type(None)]
        return kinds[0] if len(kinds) == 1 else annotation
    return annotation
