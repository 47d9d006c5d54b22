"""ONVIF Profile M: licence plates in a metadata stream (`tt:LicensePlateInfo` of an object), or as an event's items."""

from collections.abc import Iterator, Sequence
from itertools import chain, islice

from alpr_pipeline.readers.countries import region_of
from alpr_pipeline.readers.report import READS_MAX, Part, Sighting, moment, number
from alpr_pipeline.readers.texts import Node, xml_of

_PLATE = ("PlateNumber", "LicensePlate", "Plate", "text", "lpText")  # as vendors name the item of an event
_SCORE = ("Likelihood", "Confidence", "confidence")


def sightings(parts: Sequence[Part]) -> Iterator[Sighting]:
    """Yield what a document holds: objects of frames, and events; at most so many."""
    document = xml_of(parts)
    yield from islice(chain(_objects(document), _events(document)), READS_MAX)


def _objects(document: Node) -> Iterator[Sighting]:
    for frame in document.every("Frame"):
        for thing in frame.every("Object"):
            info = thing.first("LicensePlateInfo")
            number_of = info.first("PlateNumber") if info else None
            if info is None or number_of is None or not number_of.own.strip():
                continue
            yield Sighting(
                plate=number_of.own,
                captured_at=moment(frame.attribute("UtcTime"), "Frame.UtcTime"),
                confidence=number(number_of.attribute("Likelihood")),
                region=region_of(info.text("CountryCode"), info.text("IssuingEntity")),
                source=thing.attribute("ObjectId"),
            )


def _events(document: Node) -> Iterator[Sighting]:
    for message in document.every("Message"):
        if not message.attribute("UtcTime"):
            continue
        items = {one.attribute("Name"): one.attribute("Value") for one in message.every("SimpleItem")}
        plate = next((items[name] for name in _PLATE if items.get(name)), "")
        if plate:
            score = next((items[name] for name in _SCORE if items.get(name)), "")
            yield Sighting(
                plate=plate,
                captured_at=moment(message.attribute("UtcTime"), "Message.UtcTime"),
                confidence=number(score),
                region=region_of(items.get("CountryCode") or items.get("country"), items.get("IssuingEntity")),
                source=items.get("ObjectId") or items.get("carID") or "",
            )
