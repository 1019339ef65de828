"""The shapes that one contract's life may have: each a scenario as a file has it, around today."""

from tests.agreement.shapes import amendments, ends, late, parties, usage
from tests.agreement.shapes.common import EURO, GRADUATED, SHAPES, VOLUME, YEN

__all__ = ["EURO", "GRADUATED", "SHAPES", "VOLUME", "YEN", "amendments", "ends", "late", "parties", "usage"]
