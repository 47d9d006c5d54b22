"""Hikvision ISAPI: `EventNotificationAlert` of event type ANPR, as XML alone or in a form with pictures."""

from collections.abc import Iterator, Sequence

from alpr_pipeline.domain.camera import Position
from alpr_pipeline.domain.picture import PictureKind
from alpr_pipeline.readers.countries import region_of
from alpr_pipeline.readers.report import Part, Sighting, moment, number, place, share
from alpr_pipeline.readers.texts import Node, pictures_of, xml_of

_KINDS = {
    "licenseplatepicture": PictureKind.PLATE,
    "detectionpicture": PictureKind.OVERVIEW,
    "vehiclepicture": PictureKind.OVERVIEW,
}
_NO_PLATE = {"", "unknown", "noplate"}


def sightings(parts: Sequence[Part]) -> Iterator[Sighting]:
    """Yield what an alert holds. Another event, a heartbeat, and a vehicle without a plate hold nothing."""
    alert = xml_of(parts)
    plates = alert.first("ANPR")
    if alert.text("eventType").upper() != "ANPR" or plates is None:
        return
    plate = plates.text("licensePlate") or plates.text("originalLicensePlate")
    if plate.strip().lower() in _NO_PLATE:
        return
    yield Sighting(
        plate=plate,
        captured_at=moment(alert.text("dateTime"), "dateTime"),
        confidence=share(plates.text("confidenceLevel")),
        region=region_of(plates.text("country") or plates.text("region")),
        box=_box(plates),
        position=_position(alert),
        source=alert.text("UUID"),
        pictures=pictures_of(parts, _KINDS),
    )


def _box(plates: Node) -> tuple[int, int, int, int]:
    rect = plates.first("plateRect")
    if rect is None:
        return 0, 0, 0, 0
    left, top, width, height = (int(number(rect.text(name))) for name in ("X", "Y", "width", "height"))
    return left, top, width, height


def _position(alert: Node) -> Position | None:
    gps = alert.first("DeviceGPSInfo")
    north, east = (gps.first(name) if gps else None for name in ("Latitude", "Longitude"))
    if gps is None or north is None or east is None:
        return None
    south = -1 if gps.text("latitudeType").upper() == "S" else 1
    west = -1 if gps.text("longitudeType").upper() == "W" else 1
    return place(south * _degrees(north), west * _degrees(east))


def _degrees(angle: Node) -> float:
    return number(angle.text("degree")) + number(angle.text("minute")) / 60 + number(angle.text("sec")) / 3600
