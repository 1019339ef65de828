"""Salesforce: the CRM that holds contracts and their approved changes."""
