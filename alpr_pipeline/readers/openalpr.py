"""Rekor Scout, formerly OpenALPR: `alpr_group` and `alpr_results` as JSON (docs.rekor.ai)."""

from collections.abc import Iterator, Sequence
from typing import Any

from alpr_pipeline.domain.picture import PictureKind
from alpr_pipeline.readers.countries import region_of
from alpr_pipeline.readers.report import READS_MAX, Part, Sighting, mapping, number, place, since_1970
from alpr_pipeline.readers.texts import base64_of, json_of


def sightings(parts: Sequence[Part]) -> Iterator[Sighting]:
    """Yield what a report holds. A heartbeat holds nothing. Confidences count to a hundred."""
    report = mapping(json_of(parts, ""), "report")
    kind = report.get("data_type")
    if kind == "alpr_group":
        best = mapping(report.get("best_plate") or {}, "best_plate")
        plate = report.get("best_plate_number") or best.get("plate")
        region = report.get("best_region") or best.get("region")
        score = report.get("best_confidence") or best.get("confidence")
        others = report.get("candidates") or best.get("candidates")
        at = since_1970(report.get("epoch_start"), "epoch_start")
        yield _sighting(report, best, at, plate, score, region, others)
    elif kind == "alpr_results":
        at = since_1970(report.get("epoch_time"), "epoch_time")
        for result in list(report.get("results") or [])[:READS_MAX]:
            found = mapping(result, "results")
            yield _sighting(
                report, found, at, found.get("plate"), found.get("confidence"), found.get("region"),
                found.get("candidates"),
            )  # fmt: skip


def _sighting(
    report: dict[str, Any], found: dict[str, Any], at: Any, plate: Any, score: Any, region: Any, others: Any
) -> Sighting:
    candidates = [mapping(one, "candidates") for one in list(others or [])[:READS_MAX]]
    country, _, part = str(region or "").partition("-")
    if not part:  # older agents name a part of the country that they are set to
        country, part = str(report.get("country") or ""), country
    crop = base64_of(found.get("plate_crop_jpeg"))
    return Sighting(
        plate=str(plate or ""),
        captured_at=at,
        confidence=number(score) / 100,
        candidates=[(str(one.get("plate") or ""), number(one.get("confidence")) / 100) for one in candidates],
        region=region_of(country, part),
        box=_box(found.get("coordinates")),
        position=place(report.get("gps_latitude"), report.get("gps_longitude")),
        source=str(report.get("best_uuid") or report.get("uuid") or ""),
        pictures={PictureKind.PLATE: crop} if crop else {},
    )


def _box(corners: object) -> tuple[int, int, int, int]:
    points = [one for one in corners if isinstance(one, dict)] if isinstance(corners, list) else []
    if not points:
        return 0, 0, 0, 0
    across, down = ([int(number(point.get(axis))) for point in points] for axis in ("x", "y"))
    return min(across), min(down), max(across) - min(across), max(down) - min(down)
