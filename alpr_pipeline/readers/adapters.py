"""Every kind of camera that reads by itself, with what understands its reports."""

from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum

import structlog

from alpr_pipeline.domain.picture import Picture
from alpr_pipeline.domain.read import PlateRead
from alpr_pipeline.readers import axis, hikvision, onvif, openalpr, plate_recognizer
from alpr_pipeline.readers.report import Part, ReportRefused, Sighting, read_of
from alpr_pipeline.telemetry.metrics import DROPPED

WORKER = "external-readers"

log = structlog.get_logger()


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
    """Return the reads of a report with their pictures; none, for a heartbeat. Raises ReportRefused.

    Of several plates, one that cannot be a read is left out: the others are not lost with it.
    """
    found: list[tuple[PlateRead, list[Picture]]] = []
    refusals: list[ReportRefused] = []
    try:
        for sighting in _ADAPTERS[kind](parts):
            try:
                found.append(read_of(sighting, camera_id, f"external:{kind}"))
            except ReportRefused as refusal:
                refusals.append(refusal)
    except (TypeError, ValueError, OverflowError, AttributeError):  # a list where a text should be, and the like
        raise ReportRefused(f"not shaped as the documents of {kind} say") from None
    if refusals and not found:
        raise refusals[0]
    for why in refusals:
        DROPPED.labels(WORKER, "not-a-read").inc()
        log.warning("sighting_left_out", reader=str(kind), camera=camera_id, error=str(why))
    return found
