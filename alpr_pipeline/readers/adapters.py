"""Every kind of camera that reads by itself, with what understands its reports."""

from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum

from alpr_pipeline.domain.picture import Picture
from alpr_pipeline.domain.read import PlateRead
from alpr_pipeline.readers import axis, hikvision, onvif, openalpr, plate_recognizer
from alpr_pipeline.readers.report import Part, ReportRefused, Sighting, read_of


class ReaderKind(StrEnum):
    """Whose reports are understood."""

    PLATE_RECOGNIZER = "plate-recognizer"
    OPENALPR = "openalpr"  # Rekor Scout
    AXIS = "axis"
    HIKVISION = "hikvision"
    ONVIF = "onvif"


_ADAPTERS: dict[ReaderKind, Callable[[Sequence[Part]], Iterator[Sighting]]] = {
    ReaderKind.PLATE_RECOGNIZER: plate_recognizer.sightings,
    ReaderKind.OPENALPR: openalpr.sightings,
    ReaderKind.AXIS: axis.sightings,
    ReaderKind.HIKVISION: hikvision.sightings,
    ReaderKind.ONVIF: onvif.sightings,
}


def understand(kind: ReaderKind, parts: Sequence[Part], camera_id: str) -> list[tuple[PlateRead, list[Picture]]]:
    """Return the reads of a report with their pictures; none, for a heartbeat. Raises ReportRefused."""
    try:
        return [read_of(sighting, camera_id, f"external:{kind}") for sighting in _ADAPTERS[kind](parts)]
    except (TypeError, ValueError, OverflowError, AttributeError):  # a list where a text should be, and the like
        raise ReportRefused(f"not shaped as the documents of {kind} say") from None
