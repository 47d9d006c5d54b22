"""AXIS License Plate Verifier: push events as JSON, alone or in a form with pictures (developer.axis.com)."""

from collections.abc import Iterator, Sequence

from alpr_pipeline.domain.picture import PictureKind
from alpr_pipeline.readers.countries import region_of
from alpr_pipeline.readers.report import Part, Sighting, mapping, number, place, share, since_1970
from alpr_pipeline.readers.texts import base64_of, json_of, pictures_of

_KINDS = {"plate": PictureKind.PLATE, "vehicle": PictureKind.OVERVIEW, "frame": PictureKind.OVERVIEW}


def sightings(parts: Sequence[Part]) -> Iterator[Sighting]:
    """Yield what an event holds. One vehicle is told as `new`, `update` and `lost`; the last says nothing new."""
    event = mapping(json_of(parts, ""), "event")
    if event.get("carState") == "lost" or ("plateASCII" not in event and "plateText" not in event):
        return
    geotag = mapping(event.get("geotag") or {}, "geotag")
    box = event.get("plateCoordinates")
    corners = [int(number(one)) for one in box] if isinstance(box, list) else []
    region = region_of(event.get("plateCountry"), event.get("plateISO3166-2"))
    if region and "-" not in region and event.get("plateCountry") == "USA":
        region = region_of("US", event.get("plateRegionCode"))
    yield Sighting(
        plate=str(event.get("plateASCII") or event.get("plateText") or ""),
        captured_at=since_1970(event.get("capture_timestamp"), "capture_timestamp"),
        confidence=share(event.get("plateConfidence")),
        region=region,
        box=(corners[0], corners[1], corners[2], corners[3]) if len(corners) == 4 else (0, 0, 0, 0),  # noqa: PLR2004
        position=place(geotag.get("lat"), geotag.get("lon")),
        source=str(event.get("carID") or ""),
        pictures=pictures_of(parts, _KINDS) | _inside(event.get("ImageArray") or event.get("imageArray")),
    )


def _inside(images: object) -> dict[PictureKind, bytes]:
    """Return the pictures that stand in the event itself."""
    found: dict[PictureKind, bytes] = {}
    for image in images if isinstance(images, list) else []:
        facts = mapping(image, "ImageArray")
        kind = _KINDS.get(str(facts.get("ImageType") or "").lower())
        data = base64_of(facts.get("BinaryImage"))
        if kind and data:
            found[kind] = data
    return found
