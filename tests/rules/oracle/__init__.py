"""A second reading of FINANCE.md: what `q2c preview FILE -o json` must print, found by walking day by day.

It shares no code with `rules/` or `canonical/`: it reads the scenario's plain JSON and keeps plain lists. It
is slow, and it assumes that the scenario is valid. Where it and the rules differ, the text decides.
"""

from tests.rules.oracle.books import expected_preview

__all__ = ["expected_preview"]
