"""Whether the platforms hold what the rules predict: listings held against documents, and whole lives."""

from tests.agreement.listing import listings, scenario_of, until_agreed

__all__ = ["listings", "scenario_of", "until_agreed"]
