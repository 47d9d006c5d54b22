"""Whether the audit trail is what was written.

Every record is recomputed, every lane followed from its beginning to its head, and both held against the signed
checkpoints. What it cannot see: a record written and removed again, with its head set back, between two checkpoints.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.oversight.checkpoints import NONE_BEFORE, Checkpoint
from alpr_pipeline.storage.audit_chain import LANES, START, Anchor, Head, Link

FINDINGS_MAX = 1000


class Fault(StrEnum):
    """What can be wrong with a trail."""

    CHANGED = "changed"  # a record is not what was written
    GAP = "gap"  # records are missing before others
    REORDERED = "reordered"
    TRUNCATED = "truncated"  # records are missing at the end
    REWRITTEN = "rewritten"  # consistent in itself, and not what was signed
    UNFOUNDED = "unfounded"  # said to be destroyed in their time, which the trail does not bear out
    CHECKPOINT = "checkpoint"  # one is missing, forged or out of order


@dataclass(frozen=True, slots=True)
class TrailFinding:
    """One fault, and where."""

    fault: Fault
    text: str
    lane: int | None = None
    lane_no: int | None = None
    audit_no: int | None = None
    at: datetime | None = None


@dataclass(slots=True)
class TrailReport:
    """What a verification saw."""

    records: int = 0
    checkpoints: int = 0
    clock_set_back: int = 0  # records that say so of themselves
    findings: list[TrailFinding] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


@dataclass(frozen=True, slots=True)
class Trail:
    """What is verified. The links come in the order of the chain."""

    links: Iterator[Link]
    heads: Sequence[Head]
    anchors: Sequence[Anchor]
    checkpoints: Sequence[Checkpoint]
    keep: timedelta  # how long the policy keeps records at least


class Seal(NamedTuple):
    """What a checkpoint says of one record."""

    hash: bytes
    at: datetime


Seals = dict[tuple[int, int], Seal]


def verify(trail: Trail) -> TrailReport:
    """Return what is wrong with a trail, and where; it stops looking after a thousand faults."""
    report = TrailReport(checkpoints=len(trail.checkpoints))
    report.findings += _check_checkpoints(trail.checkpoints)
    seals = _seals(trail.checkpoints)
    lanes = {lane: _Lane(lane) for lane in range(LANES)}
    for anchor in trail.anchors:
        lanes[anchor.lane] = _Lane(anchor.lane, anchor.last_no, anchor.hash)
    destructions: list[Link] = []
    for link in trail.links:
        report.records += 1
        report.clock_set_back += "clock_set_back_s" in (link.fields[-1] or "")
        report.findings += lanes.setdefault(link.lane, _Lane(link.lane)).take(link, seals)
        if link.action == AuditAction.AUDIT_TRAIL_DESTROYED:
            destructions.append(link)
        if len(report.findings) >= FINDINGS_MAX:
            return report
    report.findings += _check_anchors(trail, destructions)
    report.findings += _check_ends(trail.heads, lanes, seals)
    return report


class _Lane:
    """One lane, as far as it has been followed."""

    def __init__(self, lane: int, last_no: int = 0, last_hash: bytes = START) -> None:
        self.lane = lane
        self.start = last_no
        self.last_no = last_no
        self.last_hash = last_hash
        self._sound = True  # whether the record before is known to be the right one
        self._audit_no = 0

    def take(self, link: Link, seals: Seals) -> Iterator[TrailFinding]:
        """Hold a record against the one before it and against its seal."""
        if link.lane_no <= self.start:
            return  # its month outlived the month that it is chained to, by a clock set back
        place = self._misplaced(link)
        if place:
            yield place
        elif self._sound and link.hash_after(self.last_hash) != link.hash:
            yield _at(link, Fault.CHANGED, "it is not what was written, or the one before it is not")
        seal = seals.get((link.lane, link.lane_no))
        if seal and seal.hash != link.hash:
            yield _at(link, Fault.REWRITTEN, f"the checkpoint of {seal.at.isoformat()} signed another")
        self._sound = place is None or place.fault is not Fault.GAP
        self.last_no, self.last_hash = max(link.lane_no, self.last_no), link.hash
        self._audit_no = link.audit_no

    def _misplaced(self, link: Link) -> TrailFinding | None:
        if link.lane_no <= self.last_no:
            return _at(link, Fault.REORDERED, "its place in the lane is taken twice")
        if link.lane_no > self.last_no + 1:
            missing = f"{self.last_no + 1} to {link.lane_no - 1}"
            return _at(link, Fault.GAP, f"before it, numbers {missing} of lane {self.lane} are missing")
        if link.audit_no < self._audit_no:
            return _at(link, Fault.REORDERED, "it stands behind one that was written after it")
        return None


def _at(link: Link, fault: Fault, text: str) -> TrailFinding:
    where = f"record {link.audit_no} ({link.action}, {link.at.isoformat()})"
    return TrailFinding(fault, f"{where}: {text}", link.lane, link.lane_no, link.audit_no, link.at)


def _seals(checkpoints: Sequence[Checkpoint]) -> Seals:
    """Return what good checkpoints say; the first to name a record counts."""
    seals: Seals = {}
    for checkpoint in checkpoints:
        if checkpoint.good:
            for head in checkpoint.heads:
                if head.last_no:
                    seals.setdefault((head.lane, head.last_no), Seal(head.hash, checkpoint.at))
    return seals


def _check_checkpoints(checkpoints: Sequence[Checkpoint]) -> Iterator[TrailFinding]:
    previous = NONE_BEFORE
    for number, checkpoint in enumerate(checkpoints, 1):
        if not checkpoint.good:
            yield TrailFinding(Fault.CHECKPOINT, f"checkpoint {number}: its signature does not fit it or the key")
        elif checkpoint.previous != previous:
            text = f"checkpoint {number} of {checkpoint.at.isoformat()}: the one before it is missing or changed"
            yield TrailFinding(Fault.CHECKPOINT, text, at=checkpoint.at)
        previous = checkpoint.digest


def _check_anchors(trail: Trail, destructions: Sequence[Link]) -> Iterator[TrailFinding]:
    """What is gone must be on record as destroyed, with its last hash, and must have been old enough."""
    for anchor in trail.anchors:
        place = f"lane {anchor.lane} up to {anchor.last_no} ({anchor.partition})"
        if not any(anchor.hash.hex() in (link.fields[-1] or "") for link in destructions):
            text = f"{place} is said to be destroyed in its time, and no record says so"
            yield TrailFinding(Fault.UNFOUNDED, text, anchor.lane, anchor.last_no, at=anchor.destroyed_at)
        elif anchor.until > anchor.destroyed_at - trail.keep:
            text = f"{place} was destroyed before the policy's {trail.keep.days} days were over"
            yield TrailFinding(Fault.UNFOUNDED, text, anchor.lane, anchor.last_no, at=anchor.destroyed_at)


def _check_ends(heads: Sequence[Head], lanes: dict[int, _Lane], seals: Seals) -> Iterator[TrailFinding]:
    """A lane must reach its head, and everything that was ever signed."""
    known = {head.lane: head for head in heads}
    for number, lane in lanes.items():
        head = known.get(number)
        sealed = max((no for at, no in seals if at == number), default=0)
        if head is None:
            yield TrailFinding(Fault.TRUNCATED, f"lane {number} has no head", number, lane.last_no)
        elif head.last_no > lane.last_no or sealed > lane.last_no:
            reached = max(head.last_no, sealed)
            text = f"lane {number} ends at {lane.last_no}, but had reached {reached}: the records after that are gone"
            yield TrailFinding(Fault.TRUNCATED, text, number, lane.last_no)
        elif (head.last_no, head.hash) != (lane.last_no, lane.last_hash):
            text = f"lane {number}: its head names another record than its last, {lane.last_no}"
            yield TrailFinding(Fault.CHANGED, text, number, lane.last_no)
