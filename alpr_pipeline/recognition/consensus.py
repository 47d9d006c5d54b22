"""Many looks at one plate -> one text, from the looks' probabilities, not from their texts. Pure.

Looks of one length are combined position by position, as a weighted product of their probabilities: a character that
one look leaves open is settled by a look that is sure of it. Looks of another length are another explanation of the
same plate (a character lost at the edge, a bolt read as one); explanations share the probability between them.
Following frames err alike, so n looks count as fewer than n: otherwise the confidence of a repeated error would run
to 1 (as users of other readers report).
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alpr_pipeline.domain.read import CANDIDATES_MAX
from alpr_pipeline.recognition.alternatives import Alternatives, alternatives, candidates
from alpr_pipeline.recognition.sighting import Sighting

INDEPENDENCE = 0.3  # what each further look adds, as a part of a look
FLOOR = 1e-3  # no look rules a character out altogether
QUALITY_MIN = 0.05


@dataclass(frozen=True, slots=True)
class Consensus:
    """What the looks at one plate come to."""

    plate: str
    confidence: float  # that this is a plate and every character of `plate` is right
    candidates: tuple[tuple[str, float], ...]  # `plate` first
    characters: tuple[Alternatives, ...]
    region: str | None
    looks: int  # that were combined
    agreeing: int  # of them, those whose own text is `plate`


def combine(sightings: Sequence[Sighting]) -> Consensus | None:
    """Return what the legible looks come to; None when there is none."""
    groups = _by_length(sightings)
    total = sum(_support(group) for group in groups)
    if total <= 0:
        return None
    explained = [(group, _combined(group)) for group in groups]
    strings: dict[str, float] = defaultdict(float)
    origin: dict[str, int] = {}
    for number, (group, slots) in enumerate(explained):
        share = _support(group) / total * max(sighting.detection.confidence for sighting in group)
        for text, probability in candidates(alternatives(slots), share):
            strings[text] += probability
            origin.setdefault(text, number)
    ranked = sorted(strings.items(), key=lambda item: -item[1])[:CANDIDATES_MAX]
    if not ranked:
        return None
    plate, confidence = ranked[0]
    group, slots = explained[origin[plate]]
    return Consensus(
        plate=plate,
        confidence=min(1.0, confidence),
        candidates=tuple((text, min(1.0, probability)) for text, probability in ranked),
        characters=alternatives(slots),
        region=_region(group),
        looks=sum(len(other) for other in groups),
        agreeing=sum(sighting.look.plate == plate for sighting in group),
    )


def _by_length(sightings: Sequence[Sighting]) -> list[list[Sighting]]:
    """Return the legible looks in groups of one text length, the best supported first."""
    groups: dict[int, list[Sighting]] = defaultdict(list)
    for sighting in sightings:
        if sighting.legible:
            groups[len(sighting.look.plate)].append(sighting)
    return sorted(groups.values(), key=_support, reverse=True)


def _support(group: Sequence[Sighting]) -> float:
    return sum(_weight(sighting) * sighting.look.confidence**2 for sighting in group)


def _weight(sighting: Sighting) -> float:
    return max(QUALITY_MIN, sighting.quality)


def _combined(group: Sequence[Sighting]) -> NDArray[np.float32]:
    """Return the weighted product of the looks' probabilities, position by position, each row summing to 1."""
    weights = np.array([_weight(sighting) for sighting in group])
    counted = 1 + INDEPENDENCE * (len(group) - 1)
    logs = np.log(np.maximum(np.stack([sighting.look.slots for sighting in group]), FLOOR if len(group) > 1 else 1e-9))
    mean = np.tensordot(weights / weights.sum(), logs, axes=1) * counted
    powers = np.exp(mean - mean.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)


def _region(group: Sequence[Sighting]) -> str | None:
    votes: dict[str, float] = defaultdict(float)
    for sighting in group:
        votes[sighting.look.region or ""] += _weight(sighting) * sighting.look.region_confidence
    return max(votes, key=lambda region: votes[region]) or None
