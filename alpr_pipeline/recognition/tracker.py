"""Sightings over frames -> passings: one vehicle that passes gives one read. Pure: times come with the frames."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from alpr_pipeline.domain.detection import Detection
from alpr_pipeline.domain.frame import Frame
from alpr_pipeline.recognition.association import Motion, affinity, may_be_same
from alpr_pipeline.recognition.consensus import Consensus, combine
from alpr_pipeline.recognition.sighting import Sighting

FOLLOW_MAX_S = 0.3  # a plate not seen for longer may be anywhere


@dataclass(frozen=True, slots=True)
class TrackerSettings:
    """When a track has been seen enough."""

    sure_confidence: float = 0.9  # with agreeing looks: concludes at once
    least_confidence: float = 0.6  # with agreeing looks: concludes at the deadline
    agreeing_min: int = 2
    lone_confidence: float = 0.9  # a single look: concludes at the deadline, if there was no chance of a second
    lone_misses_max: int = 2  # frames without it, within `lone_chance_s`, that a single look may be followed by
    lone_chance_s: float = 0.5
    deadline_s: float = 0.7  # from the first legible look, so that an alert stands within a second
    lost_after_s: float = 2.5  # not seen for so long, a vehicle is gone
    repeat_gap_s: float = 30.0  # the same plate again within this time is the same passing
    standing_s: float = 600.0  # a vehicle that stays is read anew after so long: lists change
    tracks_max: int = 24
    looks_max: int = 12  # kept of a track, the most worth
    texts_max: int = 2  # of a track, of which the frame is kept
    recent_max: int = 256


@dataclass(frozen=True, slots=True, eq=False)
class Passing:
    """What a track ended in, with the frame that was read."""

    consensus: Consensus
    frame: Frame
    sighting: Sighting  # in that frame
    first_seen_s: float


@dataclass
class TrackerCounts:
    """What became of what was seen."""

    passings: int = 0
    repeats: int = 0  # the same plate within the repeat gap
    unsure: int = 0  # tracks that ended without a read, though something legible was seen
    forgotten: int = 0  # tracks given up at the limit


@dataclass(eq=False)
class _Seen:
    """A plate that was read, for as long as it counts as the same passing."""

    slots: NDArray[np.float32]
    plate: str
    read_s: float
    last_seen_s: float


@dataclass(eq=False)
class _Track:
    motion: Motion
    first_seen_s: float
    looks: list[Sighting] = field(default_factory=list)
    frames: dict[str, tuple[Frame, Sighting]] = field(default_factory=dict)  # by text, the look of most worth
    best: Sighting | None = None
    last: Sighting | None = None
    legible_since_s: float | None = None
    misses: int = 0
    seen: _Seen | None = None  # set once concluded
    consensus: Consensus | None = None  # of the looks so far


class Tracker:
    """Follows the plates of one camera. Usable from one thread at a time."""

    def __init__(self, settings: TrackerSettings | None = None) -> None:
        self.counts = TrackerCounts()
        self._settings = settings or TrackerSettings()
        self._tracks: list[_Track] = []
        self._recent: list[_Seen] = []
        self._now_s = float("-inf")  # by frames or by the clock, whichever is later
        self._frame_s = float("-inf")  # of the last frame

    def update(self, frame: Frame, sightings: Sequence[Sighting]) -> list[Passing]:
        """Take what was seen in the next frame; return the passings that are certain by now."""
        at_s = frame.captured_at.timestamp()
        early = self.finish() if at_s < self._frame_s else []  # time began anew: what was seen belongs to the past
        self._frame_s = at_s
        self._now_s = max(self._now_s, at_s)  # a frame comes a little after its time, and the clock may have been told
        early += self._part_with_lost()
        for track, sighting in self._assigned(sightings, at_s):
            self._see(track, frame, sighting, at_s)
        for track in self._tracks:
            if track.motion.at_s < at_s <= track.motion.at_s + self._settings.lone_chance_s:
                track.misses += 1
        return early + self.advance(at_s)

    def advance(self, at_s: float) -> list[Passing]:
        """Take note of the time, where no frame tells it; return the passings that are certain by now."""
        self._now_s = max(self._now_s, at_s)
        found = [self._concluded(track) for track in self._tracks if track.seen is None and self._due(track)]
        early = self._part_with_lost()
        return early + [passing for passing in found if passing is not None]

    def finish(self) -> list[Passing]:
        """End every track, as at the end of a recording, and forget what was seen."""
        found = self._part_with(list(self._tracks))
        self._recent.clear()
        self._now_s = self._frame_s = float("-inf")
        return found

    @property
    def busy(self) -> bool:
        """Whether a track is still open, so that frames of a still scene are worth a look."""
        return any(track.seen is None and track.legible_since_s is not None for track in self._tracks)

    def expected(self, at_s: float) -> list[Detection]:
        """Return the plates still to be read, where they should be at this time: those seen a moment ago."""
        return [
            replace(track.last.detection, box=track.motion.expected(at_s))
            for track in self._tracks
            if track.seen is None and track.last and 0 < at_s - track.motion.at_s <= FOLLOW_MAX_S
        ]

    def _assigned(self, sightings: Sequence[Sighting], at_s: float) -> list[tuple[_Track, Sighting]]:
        """Return each sighting with its track, an old or a new one: best pairs first, each used once."""
        scored = [
            (affinity(track.motion, track.best, sighting, at_s), row, column)
            for row, track in enumerate(self._tracks)
            for column, sighting in enumerate(sightings)
        ]
        rows: set[int] = set()
        pairs: dict[int, _Track] = {}
        for score, row, column in sorted(scored, reverse=True):
            if score > 0 and row not in rows and column not in pairs:
                rows.add(row)
                pairs[column] = self._tracks[row]
        fresh = [column for column in range(len(sightings)) if column not in pairs]
        for column in fresh[: self._settings.tracks_max]:
            pairs[column] = self._begun(sightings[column], at_s)
        return [(track, sightings[column]) for column, track in pairs.items()]

    def _begun(self, sighting: Sighting, at_s: float) -> _Track:
        while len(self._tracks) >= self._settings.tracks_max:
            oldest = min(self._tracks, key=lambda track: track.motion.at_s)
            self._tracks.remove(oldest)
            self.counts.forgotten += 1
        track = _Track(Motion(sighting.detection.box, at_s), at_s)
        self._tracks.append(track)
        return track

    def _see(self, track: _Track, frame: Frame, sighting: Sighting, at_s: float) -> None:
        if track.seen is not None and at_s - track.seen.read_s >= self._settings.standing_s:
            self._forget(track, at_s)
        track.motion = track.motion.moved_to(sighting.detection.box, at_s)
        track.misses = 0
        track.last = sighting
        if track.seen is not None:
            track.seen.last_seen_s = at_s
        if not sighting.legible:
            return
        if track.best is None or sighting.worth > track.best.worth:
            track.best = sighting
        if track.seen is not None:
            return
        if track.legible_since_s is None:
            track.legible_since_s = at_s
        for seen in self._recent:
            if seen.plate == sighting.look.plate:  # a car that stands, behind others now and then
                seen.last_seen_s = at_s
        track.looks.append(sighting)
        if len(track.looks) > self._settings.looks_max:
            track.looks.remove(min(track.looks, key=lambda look: look.worth))
        track.consensus = combine(track.looks)
        self._keep_frame(track, frame, sighting)

    def _forget(self, track: _Track, at_s: float) -> None:
        """Let a track begin anew where it stands, with nothing kept of what was seen of it."""
        self._recent = [seen for seen in self._recent if seen is not track.seen]
        track.seen = track.best = track.consensus = track.legible_since_s = None
        track.first_seen_s = at_s

    def _keep_frame(self, track: _Track, frame: Frame, sighting: Sighting) -> None:
        kept = track.frames.get(sighting.look.plate)
        if kept is not None and kept[1].worth >= sighting.worth:
            return
        track.frames[sighting.look.plate] = (frame, sighting)
        if len(track.frames) > self._settings.texts_max:
            del track.frames[min(track.frames, key=lambda text: track.frames[text][1].worth)]

    def _due(self, track: _Track) -> bool:
        """Return whether a track is to be concluded now: sure, or late and good enough."""
        consensus = track.consensus
        if consensus is None or track.legible_since_s is None:
            return False
        if consensus.agreeing >= self._settings.agreeing_min and consensus.confidence >= self._settings.sure_confidence:
            return True
        return self._now_s - track.legible_since_s >= self._settings.deadline_s and self._acceptable(track)

    def _acceptable(self, track: _Track) -> bool:
        consensus = track.consensus
        if consensus is None:
            return False
        if consensus.agreeing >= self._settings.agreeing_min:
            return consensus.confidence >= self._settings.least_confidence
        alone = track.misses <= self._settings.lone_misses_max
        return alone and consensus.confidence >= self._settings.lone_confidence

    def _concluded(self, track: _Track) -> Passing | None:
        """Return the passing that a track comes to; None for one that was read a moment ago."""
        consensus = track.consensus
        if consensus is None:
            return None
        kept = list(track.frames.values())
        frame, sighting = track.frames.get(consensus.plate) or max(kept, key=lambda item: item[1].worth)
        track.looks.clear()
        track.frames.clear()
        slots = sighting.look.slots
        track.seen = self._seen_before(consensus.plate, slots)
        if track.seen is not None:
            track.seen.last_seen_s = max(track.seen.last_seen_s, track.motion.at_s)
            self.counts.repeats += 1
            return None
        track.seen = _Seen(slots, consensus.plate, self._now_s, track.motion.at_s)
        self._recent.append(track.seen)
        self.counts.passings += 1
        return Passing(consensus, frame, sighting, track.first_seen_s)

    def _seen_before(self, plate: str, slots: NDArray[np.float32]) -> _Seen | None:
        for seen in reversed(self._recent):
            if self._fresh(seen) and (seen.plate == plate or may_be_same(seen.slots, slots)):
                return seen
        return None

    def _fresh(self, seen: _Seen) -> bool:
        """Return whether a plate seen now is still that passing: seen a moment ago, and not read long ago."""
        limits = self._settings
        return self._now_s - seen.last_seen_s <= limits.repeat_gap_s and self._now_s - seen.read_s < limits.standing_s

    def _part_with_lost(self) -> list[Passing]:
        self._recent = [seen for seen in self._recent if self._fresh(seen)][-self._settings.recent_max :]
        horizon = self._now_s - self._settings.lost_after_s
        return self._part_with([track for track in self._tracks if track.motion.at_s < horizon])

    def _part_with(self, tracks: Sequence[_Track]) -> list[Passing]:
        """End tracks; return the passings of those that had none yet and were seen well enough."""
        found = [self._concluded(track) for track in tracks if track.seen is None and self._acceptable(track)]
        for track in tracks:
            self._tracks.remove(track)
            if track.seen is None and track.legible_since_s is not None:
                self.counts.unsure += 1
        return [passing for passing in found if passing is not None]
