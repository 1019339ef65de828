"""Oracle NetSuite as an ERP: SuiteTalk REST records and SuiteQL."""

from connectors.netsuite.connector import NetSuite, create
from connectors.netsuite.settings import NetSuiteSettings

__all__ = ["NetSuite", "NetSuiteSettings", "create"]
