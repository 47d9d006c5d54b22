"""JSON, XML, base64 and pictures out of the parts of a report, with limits, and without what XML can do to a parser."""

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from xml.etree.ElementTree import Element, ParseError

import orjson
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from alpr_pipeline.domain.picture import PICTURE_BYTES_MAX, PictureKind
from alpr_pipeline.readers.report import Part, ReportRefused

TEXT_MAX = 2_000_000  # of the JSON or XML of a report; pictures inside it count
NODES_MAX = 20_000


class Node:
    """An element of XML whose namespaces do not matter: vendors differ in them."""

    def __init__(self, element: Element) -> None:
        self._element = element

    @property
    def own(self) -> str:
        """Its own text."""
        return self._element.text or ""

    def attribute(self, name: str) -> str:
        """Return an attribute; empty, where there is none."""
        return self._element.get(name) or ""

    def every(self, name: str) -> "Iterator[Node]":
        """Yield the elements of a name below it, at any depth."""
        return (Node(one) for one in self._element.iter() if _local(one.tag) == name)

    def first(self, name: str) -> "Node | None":
        """Return the first element of a name below it, or None."""
        return next(self.every(name), None)

    def text(self, name: str) -> str:
        """Return the text of the first element of a name below it; empty, where there is none."""
        found = self.first(name)
        return found.own.strip() if found else ""


def json_of(parts: Sequence[Part], name: str) -> object:
    """Return the JSON of the part with a name, or of the first that is JSON; raise ReportRefused when none is."""
    for part in sorted(parts, key=lambda part: part.name != name):
        if part.data.lstrip()[:1] in {b"{", b"["} and len(part.data) <= TEXT_MAX:
            try:
                return orjson.loads(part.data)
            except orjson.JSONDecodeError:
                continue
    raise ReportRefused("no part of the report is JSON of a size that is taken")


def xml_of(parts: Sequence[Part]) -> Node:
    """Return the first part that is XML; raise ReportRefused when none is, or it declares a document type."""
    for part in parts:
        if part.data.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] != b"<" or len(part.data) > TEXT_MAX:
            continue
        try:
            root = fromstring(part.data, forbid_dtd=True)
        except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
            raise ReportRefused(f"not XML that is taken: {type(error).__name__}") from None
        if sum(1 for _ in root.iter()) > NODES_MAX:
            raise ReportRefused(f"XML of more than {NODES_MAX:,} elements")
        return Node(root)
    raise ReportRefused("no part of the report is XML of a size that is taken")


def base64_of(text: object) -> bytes:
    """Return bytes written as base64; nothing, where it is none or too much."""
    if not isinstance(text, str) or len(text) > PICTURE_BYTES_MAX * 4 // 3 + 4:
        return b""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def pictures_of(parts: Sequence[Part], kinds: Mapping[str, PictureKind]) -> dict[PictureKind, bytes]:
    """Return the parts whose names, in any case and with any ending, are those of pictures; the first of a kind."""
    found: dict[PictureKind, bytes] = {}
    for part in parts:
        kind = kinds.get(part.name.lower().rpartition("/")[2].partition(".")[0])
        if kind:
            found.setdefault(kind, part.data)
    return found


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
