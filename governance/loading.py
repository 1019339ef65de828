"""YAML files to models: no duplicate keys, no `no` that turns false; problems with file, key and way out."""

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from canonical.base import Noun
from governance.problems import PolicyError, PolicyProblem

Section = TypeVar("Section", bound=Noun)


_Loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
"""The parser in C where the wheel has it: the same language, six times as fast on the field mapping."""


class _StrictLoader(_Loader):  # type: ignore[misc, valid-type]  # which of the two is known at run time
    """YAML in which a key comes once and only `true` and `false` are booleans (NO is Norway)."""


def _mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node)
        if key in seen:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {key!r} comes twice", key_node.start_mark
            )
        seen.add(key)
    loader.flatten_mapping(node)
    found: dict[Any, Any] = loader.construct_mapping(node, deep=True)
    return found


_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
_StrictLoader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag != "tag:yaml.org,2002:bool" or first in ("t", "f", "T", "F")
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read_yaml(path: Path) -> Any:
    """The document of a file; raises PolicyError where it is not readable YAML."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_StrictLoader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"line {mark.line + 1}" if mark else "the file"
        raise _one(path, place, error.problem or "is not YAML", "correct the line") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise _one(path, "the file", f"can't be read ({type(error).__name__})", "replace the file") from error


def read_section(path: Path, model: type[Section]) -> Section:
    """The file as its model; raises PolicyError with every mistake in it."""
    document = read_yaml(path)
    if not isinstance(document, dict):
        raise _one(path, "the file", "must be a mapping", f"begin with {', '.join(model.model_fields)}")
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise PolicyError(tuple(_problem(path, mistake) for mistake in error.errors())) from error


def _problem(path: Path, mistake: Any) -> PolicyProblem:
    key = ".".join(str(part) for part in mistake["loc"] if part != "[key]") or "the file"
    ways_out = {
        "extra_forbidden": "remove it, or correct its spelling",
        "missing": "add it",
        "string_type": "put it in quotes",
    }
    way_out = ways_out.get(mistake["type"], "correct the value")
    return PolicyProblem(file=path.name, key=key, problem=str(mistake["msg"]), way_out=way_out)


def _one(path: Path, key: str, problem: str, way_out: str) -> PolicyError:
    return PolicyError((PolicyProblem(file=path.name, key=key, problem=problem, way_out=way_out),))
