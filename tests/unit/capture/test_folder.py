"""A folder of pictures as a camera."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from alpr_pipeline.capture.folder import FolderSource
from alpr_pipeline.capture.source import BadFrameError
from alpr_pipeline.errors import CaptureError


def a_picture(path: Path, grey: int = 100) -> None:
    """Write a picture of one grey."""
    path.parent.mkdir(exist_ok=True)
    assert cv2.imwrite(str(path), np.full((16, 16, 3), grey, np.uint8))


def times(source: FolderSource) -> list[float]:
    """Return the times of all frames."""
    found = []
    while (t := source.advance()) is not None:
        found.append(t)
    return found


def test_a_clip_gives_order_and_times(tmp_path: Path) -> None:
    """`clip.jsonl` says which picture comes when; times count from the first; unknown keys are left alone."""
    for name, grey in (("b.png", 50), ("a.png", 200)):
        a_picture(tmp_path / name, grey)
    (tmp_path / "clip.jsonl").write_text('{"image": "b.png", "t": 482, "run": 1}\n\n{"image": "a.png", "t": 484.5}\n')
    source = FolderSource(tmp_path)
    assert source.duration_s == 2.5
    assert source.advance() == 0
    assert source.image()[0, 0, 0] == 50
    assert source.advance() == 2.5
    assert source.image()[0, 0, 0] == 200
    assert source.advance() is None


def test_a_clip_may_name_its_pictures_from_above(tmp_path: Path) -> None:
    """Paths may begin with the folder's own name, as data sets write them."""
    a_picture(tmp_path / "clip" / "1.png")
    (tmp_path / "clip" / "clip.jsonl").write_text('{"image": "clip/1.png", "t": 0}\n')
    source = FolderSource(tmp_path / "clip")
    source.advance()
    assert source.image().shape == (16, 16, 3)


def test_without_a_clip_names_give_the_order(tmp_path: Path) -> None:
    """Pictures come by name, one a second; other files are left alone."""
    for name in ("2.png", "1.png", "10.png"):
        a_picture(tmp_path / name)
    (tmp_path / "notes.txt").write_text("x")
    assert times(FolderSource(tmp_path)) == [0, 1, 2]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ('{"image": "a.png"}\n', r"clip\.jsonl, line 1: must be an object with 'image', a path, and 't', seconds"),
        ('{"image": "a.png", "t": 0}\nnonsense\n', r"line 2: must be"),
        ('{"image": "a.png", "t": 5}\n{"image": "b.png", "t": 4}\n', r"b\.png goes back in time, from 5 s to 4 s"),
        ('{"image": "../a.png", "t": 0}\n', r"line 1: image must be a path inside the folder"),
    ],
)
def test_a_wrong_clip_is_named_by_line(tmp_path: Path, lines: str, reason: str) -> None:
    """A clip file that cannot be followed says where and what is wrong."""
    (tmp_path / "clip.jsonl").write_text(lines)
    with pytest.raises(CaptureError, match=reason):
        FolderSource(tmp_path)


def test_a_damaged_picture_costs_one_frame(tmp_path: Path) -> None:
    """One bad file is one bad frame; the next is read."""
    (tmp_path / "1.png").write_bytes(b"no picture")
    a_picture(tmp_path / "2.png")
    source = FolderSource(tmp_path)
    source.advance()
    with pytest.raises(BadFrameError, match=r"1\.png: not a picture"):
        source.image()
    source.advance()
    assert source.image().shape == (16, 16, 3)


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    """A folder without pictures says which it would take."""
    with pytest.raises(CaptureError, match=r"holds no pictures .*\.jpg"):
        FolderSource(tmp_path)
