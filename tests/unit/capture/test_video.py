"""Video files: frames with the file's own times, and clear words for those that cannot be read."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import structlog

from alpr_pipeline.capture.source import BadFrameError
from alpr_pipeline.capture.video import VideoSource, _retrieve
from alpr_pipeline.errors import CaptureError

FRAMES, RATE = 20, 10.0


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """Two seconds of noise, which takes some room."""
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), RATE, (64, 48))
    noise = np.random.default_rng(1)
    for _ in range(FRAMES):
        writer.write(noise.integers(0, 255, (48, 64, 3), np.uint8))
    writer.release()
    return path


def times_of(path: Path) -> list[float]:
    """The times of all frames."""
    source = VideoSource(path)
    times = []
    while (t := source.advance()) is not None:
        assert source.image().shape == (48, 64, 3)
        times.append(t)
    source.close()
    return times


def test_frames_come_in_order_with_their_times(video: Path) -> None:
    """Time is the file's, not this machine's."""
    times = times_of(video)
    assert len(times) == FRAMES
    assert np.allclose(np.diff(times), 1 / RATE, atol=0.01)


def test_a_video_that_was_cut_off_gives_what_it_has_and_says_so(video: Path) -> None:
    """The good frames are read; that some are missing is told, with both numbers."""
    content = video.read_bytes()
    video.write_bytes(content[: len(content) // 2])
    with structlog.testing.capture_logs() as logs:
        times = times_of(video)
    assert 0 < len(times) < FRAMES
    assert [one["event"] for one in logs] in ([], ["video_cut_off"])  # a file without its index tells no length


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"this is a letter, not a video", "not a video that can be read: does another player open it"),
        (b"", "not a video that can be read"),
        (b"RIFF\x00\x00\x00\x00AVI LIST" + b"\x00" * 200, "not a video that can be read|holds no frame"),
    ],
)
def test_what_is_no_video_is_said_to_be_none(content: bytes, reason: str, tmp_path: Path) -> None:
    """What, where, and what to try."""
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)
    with pytest.raises(CaptureError, match=f"clip.mp4: .*(?:{reason})"):
        VideoSource(path).advance()


@pytest.mark.parametrize(("name", "reason"), [("none.mp4", "no such video or folder"), (".", "not a file")])
def test_a_place_without_a_video_is_named(name: str, reason: str, tmp_path: Path) -> None:
    """A misspelt path is seen at once."""
    with pytest.raises(CaptureError, match=reason):
        VideoSource(tmp_path / name)


class _Broken:
    """A capture whose frame cannot be decoded."""

    def retrieve(self) -> tuple[bool, None]:
        return False, None


def test_a_corrupt_frame_is_an_error_of_its_own() -> None:
    """The reader leaves it out, counts it and goes on: it is not the end of the video."""
    with pytest.raises(BadFrameError, match=r"clip\.mp4: a frame could not be decoded"):
        _retrieve(_Broken(), "clip.mp4")  # type: ignore[arg-type]  # stands in for OpenCV's capture
