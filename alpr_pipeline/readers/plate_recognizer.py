"""Plate Recognizer Stream: a webhook of JSON, or a form whose field `json` holds it (guides.platerecognizer.com)."""

from collections.abc import Iterator, Sequence
from typing import Any

from alpr_pipeline.domain.picture import PictureKind
from alpr_pipeline.readers.countries import region_of
from alpr_pipeline.readers.report import READS_MAX, Part, Sighting, mapping, moment, number, share
from alpr_pipeline.readers.texts import json_of, pictures_of


def sightings(parts: Sequence[Part]) -> Iterator[Sighting]:
    """Yield what a report holds. A heartbeat or another event holds nothing."""
    report = mapping(json_of(parts, "json"), "report")
    if "results" not in report and "data" not in report:
        return
    data = mapping(report.get("data", report), "data")
    at = moment(data.get("timestamp"), "data.timestamp")
    pictures = pictures_of(parts, {"upload": PictureKind.OVERVIEW})
    for result in list(data.get("results") or [])[:READS_MAX]:
        found = mapping(result, "data.results")
        region = mapping(found.get("region") or {}, "region")
        others = [mapping(one, "candidates") for one in found.get("candidates") or []]
        country, _, part = str(region.get("code") or "").partition("-")
        yield Sighting(
            plate=str(found.get("plate") or ""),
            captured_at=at,
            confidence=share(found.get("score")),
            candidates=[(str(one.get("plate") or ""), share(one.get("score"))) for one in others],
            region=region_of(country, part),
            box=_box(mapping(found.get("box") or {}, "box")),
            source=str(data.get("filename") or ""),
            pictures=pictures,
        )


def _box(box: dict[str, Any]) -> tuple[int, int, int, int]:
    left, top, right, bottom = (int(number(box.get(name))) for name in ("xmin", "ymin", "xmax", "ymax"))
    return left, top, max(0, right - left), max(0, bottom - top)
