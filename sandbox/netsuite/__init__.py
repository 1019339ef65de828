"""Oracle NetSuite, simulated: SuiteTalk REST record v1 and SuiteQL, of one OneWorld account with SuiteTax."""

from sandbox.netsuite.platform import NetSuite, create

__all__ = ["NetSuite", "create"]
