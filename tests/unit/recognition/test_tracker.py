"""One vehicle that passes gives one read."""

from collections.abc import Iterable, Sequence

import pytest

from alpr_pipeline.recognition.sighting import Sighting
from alpr_pipeline.recognition.tracker import Passing, Tracker, TrackerSettings
from tests.passes import a_frame, a_look, a_sighting


def passings(tracker: Tracker, shots: Iterable[tuple[float, Sequence[Sighting]]]) -> list[Passing]:
    """Run a whole recording."""
    found = [passing for t, sightings in shots for passing in tracker.update(a_frame(t), sightings)]
    return found + tracker.finish()


def plates(found: Iterable[Passing]) -> list[str]:
    """Return the texts, in order."""
    return [passing.consensus.plate for passing in found]


def test_a_passing_car_gives_one_read() -> None:
    """Thirty frames of one car are one read, which comes with the second look."""
    tracker = Tracker()
    found = []
    for number in range(30):
        new = tracker.update(a_frame(number / 15), [a_sighting(x=100 + 20 * number)])
        found += [(number, passing) for passing in new]
    assert [(number, passing.consensus.plate) for number, passing in found] == [(1, "DEMO123")]
    assert tracker.finish() == []


def test_a_passing_car_that_jumps_gives_one_read() -> None:
    """At one frame a second, the car is somewhere else each time: the text tells that it is the same."""
    shots = [(1.5 * number, [a_sighting(x=50 + 350 * number, y=100 + 80 * number)]) for number in range(4)]
    assert plates(passings(Tracker(), shots)) == ["DEMO123"]


def test_flicker_gives_one_read() -> None:
    """Characters that change from frame to frame end in one read, of what most looks say."""
    texts = ["DEMO123", "DEM0123", "DEMO123", "DEMO128", "DEMO123", "EMO123", "DEMO123"]
    shots = [(number / 10, [a_sighting(text, 100 + 9 * number, sure=0.93)]) for number, text in enumerate(texts)]
    assert plates(passings(Tracker(), shots)) == ["DEMO123"]


def test_two_crossing_cars_give_two_reads() -> None:
    """Where two cars meet in the picture their texts keep them apart."""
    shots = [
        (number / 10, [a_sighting("DEMO123", 100 + 40 * number), a_sighting("TEST42", 700 - 40 * number, y=104)])
        for number in range(16)
    ]
    assert sorted(plates(passings(Tracker(), shots))) == ["DEMO123", "TEST42"]


def test_a_parked_car_is_read_once_and_lends_its_plate_to_nobody() -> None:
    """A car passes before a parked one and hides it for a while: each is read once, under its own text."""
    shots = []
    for number in range(40):
        at = 20 * number
        moving = a_sighting("TEST42", at, y=102)
        parked = [] if 250 <= at <= 350 else [a_sighting("DEMO123", 300)]
        shots.append((number / 10, [moving, *parked]))
    assert sorted(plates(passings(Tracker(), shots))) == ["DEMO123", "TEST42"]


def test_a_parked_car_is_read_anew_every_ten_minutes() -> None:
    """A car that stands is one read, until lists may have changed: then it is looked at anew."""
    tracker = Tracker()
    shots = [(5.0 * number, [a_sighting(x=300)]) for number in range(120)]
    assert plates(passings(tracker, shots)) == ["DEMO123"]
    shots = [(5.0 * number, [a_sighting(x=300)]) for number in range(720)]
    found = passings(tracker, shots)
    begun = found[0].first_seen_s
    assert [round((passing.first_seen_s - begun) / 600) for passing in found] == [0, 1, 2, 3, 4, 5]


def test_a_parked_car_behind_others_is_read_anew_too() -> None:
    """Lost again and again, and never for the repeat gap, it is as a car that stands free."""
    shots = [(5.0 * number, [a_sighting(x=300)] if number % 3 else []) for number in range(240)]
    assert plates(passings(Tracker(), shots)) == ["DEMO123", "DEMO123"]


def test_nothing_is_kept_of_a_parked_car_for_longer_than_it_stands() -> None:
    """The clearest picture of it would else be older than the policy lets a read become."""
    tracker = Tracker(TrackerSettings(standing_s=90))
    clear, dim = a_sighting(x=300, sure=0.99), a_sighting(x=300, sure=0.8)
    for number in range(40):
        tracker.update(a_frame(5.0 * number), [dim if number else clear])
    assert clear not in (track.best for track in tracker._tracks)


def test_the_same_car_after_a_short_gap_is_the_same_passing() -> None:
    """Within the repeat gap the same plate gives no second read, and that is counted; after it, it does."""
    tracker = Tracker()
    for start, expected in ((0.0, 1), (20.0, 0), (80.0, 1)):
        found = [
            passing
            for number in range(5)
            for passing in tracker.update(a_frame(start + number / 10), [a_sighting(x=100 + 10 * number)])
        ]
        assert len(found) == expected
    assert tracker.counts.repeats == 1


def test_a_fleet_is_not_one_car() -> None:
    """Cars whose plates differ clearly in one character are read each, though they follow at once."""
    shots = [(number / 10, [a_sighting("DEMO121", 100 + 30 * number)]) for number in range(6)]
    shots += [(4 + number / 10, [a_sighting("DEMO122", 100 + 30 * number)]) for number in range(6)]
    assert plates(passings(Tracker(), shots)) == ["DEMO121", "DEMO122"]


def test_a_refined_text_of_the_same_car_is_a_repeat() -> None:
    """A plate that differs only where the picture was unclear is the same car again."""
    unclear = a_look("DEMO128", 0.97, doubts={6: ("3", 0.7)})
    shots = [(number / 10, [a_sighting(look=unclear, x=100)]) for number in range(9)]
    shots += [(5 + number / 10, [a_sighting("DEMO123", 100)]) for number in range(9)]
    tracker = Tracker()
    assert len(passings(tracker, shots)) == 1
    assert tracker.counts.repeats == 1


@pytest.mark.parametrize("sure", [0.97, 0.9999])
def test_a_hallucination_of_one_frame_gives_no_read(sure: float) -> None:
    """However sure a single look is: where the next frames show nothing, it was nothing."""
    tracker = Tracker()
    shots = [(number / 10, [a_sighting("C00D", sure=sure)] if number == 3 else []) for number in range(40)]
    assert passings(tracker, shots) == []
    assert tracker.counts.unsure == 1


def test_a_lone_sure_look_counts_where_there_was_no_second_chance() -> None:
    """At a frame a second a car may be seen once: a look that is sure of itself is a read, an unsure one is none."""
    sure, unsure = a_sighting(sure=0.999, detection=0.99), a_sighting(sure=0.95)
    assert plates(passings(Tracker(), [(0, [sure]), (1, []), (2, []), (3, [])])) == ["DEMO123"]
    assert passings(Tracker(), [(0, [unsure]), (1, []), (2, []), (3, [])]) == []


def test_the_deadline_holds() -> None:
    """Looks that agree but are not sure give their read 0.7 s after the first, not when the car is gone."""
    tracker = Tracker()
    first: float | None = None
    for number in range(30):
        t = number / 15
        if tracker.update(a_frame(t), [a_sighting(sure=0.9, x=100 + 5 * number, detection=0.8)]) and first is None:
            first = t
    assert first is not None
    assert 0.6 < first <= 0.8


def test_time_passes_without_frames() -> None:
    """A camera that stops in the middle of a passing delays no alert: the clock moves the deadline."""
    tracker = Tracker()
    for number in range(3):
        assert tracker.update(a_frame(number / 10), [a_sighting(sure=0.9, detection=0.8)]) == []
    assert plates(tracker.advance(a_frame(0.8).captured_at.timestamp())) == ["DEMO123"]


def test_the_frame_that_was_read_is_kept() -> None:
    """The pictures belong to the best look that says what the read says."""
    tracker = Tracker(TrackerSettings(sure_confidence=2.0))
    shots = [("DEMO123", 0.3), ("DEMO123", 0.7), ("DEMO128", 0.9), ("DEMO123", 0.5)]
    found = passings(tracker, [(n / 10, [a_sighting(text, quality=q)]) for n, (text, q) in enumerate(shots)])
    assert len(found) == 1
    assert found[0].consensus.plate == "DEMO123"
    assert found[0].frame.captured_at == a_frame(0.1).captured_at
    assert found[0].sighting.quality == 0.7


def test_a_frame_that_is_a_little_older_than_the_clock_does_not_begin_anew() -> None:
    """Between two frames of a camera the clock is told; the next frame was taken a moment before it arrives."""
    tracker = Tracker()
    found: list[Passing] = []
    for number in range(60):
        at_s = number / 4
        seen = [a_sighting(x=100 + 20 * number)] if number < 4 or 48 <= number < 52 else []
        found += tracker.update(a_frame(at_s), seen)
        found += tracker.advance(a_frame(at_s + 0.26).captured_at.timestamp())
    assert plates(found) == ["DEMO123"]
    assert tracker.counts.repeats == 1


def test_time_that_begins_anew_ends_what_was_open() -> None:
    """A recording that starts again is another drive: nothing of the former one is carried over."""
    tracker = Tracker()
    for number in range(2):
        tracker.update(a_frame(100 + number / 10), [a_sighting()])
    assert plates(passings(tracker, [(number / 10, [a_sighting()]) for number in range(3)])) == ["DEMO123"]


def test_memory_is_bounded() -> None:
    """A frame full of noise makes no more tracks than the limit, and what was given up is counted."""
    tracker = Tracker(TrackerSettings(tracks_max=8))
    for number in range(20):
        noise = [a_sighting(f"X{number:02}{i:02}", 130 * i, y=10 * number) for i in range(12)]
        tracker.update(a_frame(number * 2.0), noise)
    assert len(tracker._tracks) <= 8
    assert tracker.counts.forgotten > 0
