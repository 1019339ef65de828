"""XML read into a small tree that knows its lines, without DTD, entities or namespaces. Pure."""

import xml.sax.handler
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.sax import SAXParseException
from xml.sax.xmlreader import AttributesImpl, Locator

import defusedxml.sax
from defusedxml.common import DefusedXmlException

DEEPEST = 40


class NotXml(ValueError):
    """The text is no XML, or has what we do not read; the message names the line."""


@dataclass
class Node:
    """An element by its local name; `text` is its own."""

    name: str
    line: int
    attributes: dict[str, str]
    text: str = ""
    children: list["Node"] = field(default_factory=list)

    def all(self, path: str) -> Iterator["Node"]:
        """Those at the path ("Refs/EndToEndId"), in order."""
        step, _, rest = path.partition("/")
        for child in self.children:
            if child.name == step:
                yield from child.all(rest) if rest else (child,)

    def first(self, *paths: str) -> "Node | None":
        """The first that is there, of the first path that has one."""
        return next((node for path in paths for node in self.all(path)), None)

    def value(self, *paths: str) -> str:
        """Its text; "" where it is not there."""
        found = self.first(*paths)
        return "" if found is None else found.text.strip()


def parse(content: bytes) -> Node:
    """The root. Raises NotXml."""
    handler = _Tree()
    try:
        defusedxml.sax.parseString(content, handler, forbid_dtd=True)
    except SAXParseException as error:
        raise NotXml(f"line {error.getLineNumber()}: is not XML ({error.getMessage()})") from None
    except DefusedXmlException:
        raise NotXml("line 1: has a document type or entities, which are not read") from None
    except (UnicodeError, LookupError, ValueError) as error:
        raise NotXml(str(error) if isinstance(error, NotXml) else "line 1: can't be decoded") from None
    if handler.root is None:
        raise NotXml("line 1: is empty")
    return handler.root


class _Tree(xml.sax.handler.ContentHandler):
    def __init__(self) -> None:
        super().__init__()
        self.root: Node | None = None
        self._open: list[Node] = []
        self._locator: Locator | None = None

    def setDocumentLocator(self, locator: Locator) -> None:
        self._locator = locator

    def startElement(self, name: str, attrs: AttributesImpl) -> None:
        line = (self._locator.getLineNumber() if self._locator is not None else None) or 0
        node = Node(name.rpartition(":")[2], line, dict(attrs.items()))
        if len(self._open) >= DEEPEST:
            raise NotXml(f"line {line}: {node.name} lies deeper than {DEEPEST} elements")
        if self._open:
            self._open[-1].children.append(node)
        elif self.root is None:
            self.root = node
        self._open.append(node)

    def endElement(self, name: str) -> None:
        self._open.pop()

    def characters(self, content: str) -> None:
        self._open[-1].text += content
