"""What a camera that reads by itself reports, whatever its vendor calls it; and the read that it becomes. Pure."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from alpr_pipeline.domain.camera import Position
from alpr_pipeline.domain.identity import uuid7
from alpr_pipeline.domain.picture import PICTURE_BYTES_MAX, Picture, PictureKind
from alpr_pipeline.domain.plate import PlateText, normalise
from alpr_pipeline.domain.read import CANDIDATES_MAX, PlateRead
from alpr_pipeline.errors import AlprError

READS_MAX = 50  # of one report

_JPEG = b"\xff\xd8"
_NOWHERE = (0, 0, 0, 0)
_PLATE: TypeAdapter[str] = TypeAdapter(PlateText)


class ReportRefused(AlprError):
    """A report that is not what its vendor's documents say; the text names the field, and never the plate."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of what a camera sent: its only one, or one of several."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Sighting:
    """One plate, as a vendor reports it."""

    plate: str
    captured_at: datetime
    confidence: float  # 0 to 1
    candidates: Sequence[tuple[str, float]] = ()  # others that it could be, with the vendor's own scores
    region: str | None = None
    box: tuple[int, int, int, int] = _NOWHERE  # left, top, width, height
    position: Position | None = None
    source: str = ""  # the vendor's own identity of it, where it has one
    pictures: Mapping[PictureKind, bytes] = field(default_factory=dict)


def read_of(sighting: Sighting, camera_id: str, reader: str) -> tuple[PlateRead, list[Picture]]:
    """Return the read that a sighting is, with its pictures; raise ReportRefused when it is none.

    The identity is made of what was reported, so that a report sent again is the same read. Pictures that are no JPEG,
    or larger than the bus takes, are left out.
    """
    plate = normalise(sighting.plate)
    at = sighting.captured_at.astimezone(UTC)
    digest = hashlib.sha256(f"{camera_id}/{at.isoformat()}/{plate}/{sighting.source}".encode()).digest()
    confidence = min(1.0, max(0.0, sighting.confidence))
    try:
        read = PlateRead(
            read_id=uuid7(at, digest),
            camera_id=camera_id,
            captured_at=at,
            plate=plate,
            confidence=confidence,
            candidates=_candidates(plate, confidence, sighting.candidates),
            characters=(),
            region=sighting.region,
            box=sighting.box,
            position=sighting.position,
            reader=reader,
        )
    except ValidationError as error:
        raise ReportRefused(f"{error.errors()[0]['loc'][0]}: not as a plate read has it") from None
    kept = {kind: jpeg for kind, jpeg in sighting.pictures.items() if _is_picture(jpeg)}
    pictures = [
        Picture(read_id=read.read_id, captured_at=at, kind=kind, jpeg=jpeg) for kind, jpeg in sorted(kept.items())
    ]
    return read, pictures


def _candidates(plate: str, confidence: float, others: Sequence[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
    """Return the texts that it could be, the plate first; a vendor's scores are made shares of one.

    What no plate can be is left out of them: the plate itself must not be lost for it. A reader that sends no scores
    sends a text alone: it is then met by the look-alikes of its list.
    """
    scored: dict[str, float] = {plate: confidence}
    for text, score in others:
        known = normalise(text)
        if known != plate and score > 0 and len(scored) < CANDIDATES_MAX and _is_plate(known):
            scored[known] = min(1.0, score)
    if len(scored) == 1:
        return ((plate, confidence),)
    total = max(1.0, sum(scored.values()))
    first, *rest = ((text, score / total) for text, score in scored.items())
    return (first, *sorted(rest, key=lambda one: -one[1]))


def _is_plate(text: str) -> bool:
    try:
        _PLATE.validate_python(text)
    except ValidationError:
        return False
    return True


def _is_picture(data: bytes) -> bool:
    return data.startswith(_JPEG) and len(data) <= PICTURE_BYTES_MAX


def share(value: object) -> float:
    """Return a vendor's score as a share of one: some count to a hundred."""
    score = number(value)
    return score / 100 if score > 1 else score


def number(value: object) -> float:
    """Return a number, whether it came as one or as text; 0 where there is none, or one without an end."""
    try:
        counted = float(value)  # type: ignore[arg-type]  # whatever it is, it is tried
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return counted if math.isfinite(counted) else 0.0


def moment(text: object, where: str) -> datetime:
    """Return an ISO 8601 time; raise ReportRefused when it has no zone: nobody guesses when a vehicle passed."""
    try:
        at = datetime.fromisoformat(str(text).strip())
    except ValueError:
        raise ReportRefused(f"{where}: not an ISO 8601 time") from None
    if at.tzinfo is None:
        raise ReportRefused(f"{where}: has no time zone: set one in the camera")
    return at


def since_1970(milliseconds: object, where: str) -> datetime:
    """Return a time that is counted in milliseconds."""
    counted = number(milliseconds)
    if not 0 < counted < 32_503_680_000_000:  # noqa: PLR2004  # the year 3000
        raise ReportRefused(f"{where}: not milliseconds since 1970")
    return datetime.fromtimestamp(counted / 1000, UTC)


def mapping(value: object, where: str) -> dict[str, Any]:
    """Return a JSON object; raise ReportRefused otherwise."""
    if not isinstance(value, dict):
        raise ReportRefused(f"{where}: not a JSON object")
    return value


def place(latitude: object, longitude: object) -> Position | None:
    """Return where a camera says it stands; nowhere, where it says nothing or 0, 0."""
    north, east = number(latitude), number(longitude)
    if (north, east) == (0.0, 0.0) or abs(north) > 90 or abs(east) > 180:  # noqa: PLR2004  # degrees
        return None
    return Position(latitude=north, longitude=east)
