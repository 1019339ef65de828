"""The search attributes: ids and states only, as they are not encrypted. Registered when a server starts."""

from temporalio.common import SearchAttributeKey

CONTRACT = SearchAttributeKey.for_keyword("Q2CContract")
ACCOUNT = SearchAttributeKey.for_keyword("Q2CAccount")
LEGAL_ENTITY = SearchAttributeKey.for_keyword("Q2CLegalEntity")
STATUS = SearchAttributeKey.for_keyword("Q2CStatus")
BLOCKED_ON = SearchAttributeKey.for_keyword("Q2CBlockedOn")
EXCEPTION_OWNER = SearchAttributeKey.for_keyword("Q2CExceptionOwner")
NEEDS_ATTENTION = SearchAttributeKey.for_bool("NeedsAttention")
EXCEPTION_CODE = SearchAttributeKey.for_keyword("ExceptionCode")
STAGE = SearchAttributeKey.for_keyword("Stage")

SEARCH_ATTRIBUTES: dict[str, str] = {
    CONTRACT.name: "Keyword",
    ACCOUNT.name: "Keyword",
    LEGAL_ENTITY.name: "Keyword",
    STATUS.name: "Keyword",
    BLOCKED_ON.name: "Keyword",
    EXCEPTION_OWNER.name: "Keyword",
    NEEDS_ATTENTION.name: "Bool",
    EXCEPTION_CODE.name: "Keyword",
    STAGE.name: "Keyword",
}
"""Name to type, as `temporal server start-dev --search-attribute` takes them."""
