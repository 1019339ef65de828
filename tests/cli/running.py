"""Running `q2c` in this process, as a user sees it: exit code, stdout, stderr."""

import json
from dataclasses import dataclass
from typing import Any

from typer.testing import CliRunner

from cli.main import app


@dataclass(frozen=True)
class Outcome:
    exit_code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        return json.loads(self.stdout)


class Command:
    def __call__(self, *arguments: str) -> Outcome:
        result = CliRunner().invoke(app, arguments, prog_name="q2c", catch_exceptions=False)
        return Outcome(result.exit_code, result.stdout, result.stderr)
