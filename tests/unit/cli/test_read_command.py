"""`alpr read`, with a recogniser that sees the same plate in every picture."""

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner, Result

from alpr_pipeline.cli import read_command
from alpr_pipeline.cli.main import application
from alpr_pipeline.domain.detection import Detection
from alpr_pipeline.domain.look import Look
from alpr_pipeline.recognition.recogniser import Recogniser
from alpr_pipeline.recognition.rectify import rectify
from tests.passes import a_detection, a_look

Image = NDArray[np.uint8]


class SeesOne:
    """Finds and reads one plate, DEMO123, wherever it looks."""

    version = "test"
    scales = 1

    def detect(self, image: Image, scale: int = 0) -> list[Detection]:
        return [a_detection(10, 20, 100, 25)]

    def read(self, crops: Sequence[Image]) -> list[Look]:
        return [a_look("DEMO123", sure=0.97, doubts={4: ("I", 0.3)}) for _ in crops]


@pytest.fixture(autouse=True)
def recogniser(monkeypatch: pytest.MonkeyPatch) -> None:
    """The recogniser in place of the networks."""
    sees = SeesOne()
    monkeypatch.setattr(read_command, "open_recogniser", lambda _settings: Recogniser(sees, sees, rectify))


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A picture file."""
    path = tmp_path / "in/one.png"
    path.parent.mkdir()
    cv2.imwrite(str(path), np.full((120, 200, 3), 128, np.uint8))
    return path


def read(*words: object) -> Result:
    """Run the command."""
    return CliRunner().invoke(application(["read"]), ["read", *map(str, words)])


def test_json_is_one_object_a_line(picture: Path) -> None:
    """Exactly these fields, for programs to rely on."""
    done = read(picture, "--json")
    (line,) = done.stdout.splitlines()
    found = json.loads(line)
    assert done.exit_code == 0
    assert list(found) == ["image", "reads", "ms"]
    assert found["image"] == str(picture)
    (one,) = found["reads"]
    assert list(one) == ["plate", "confidence", "box", "region", "candidates"]
    assert (one["plate"], one["box"], one["region"]) == ("DEMO123", [10, 20, 100, 25], None)
    assert one["candidates"][0] == ["DEMO123", one["confidence"]]
    assert one["candidates"][1][0] == "DEMOI23"


def test_what_is_no_picture_is_one_line_and_the_rest_go_on(picture: Path, tmp_path: Path) -> None:
    """Standard output stays clean for programs; the status tells that something was wrong."""
    text = tmp_path / "note.jpg"
    text.write_text("not a picture")
    done = read(text, tmp_path / "missing.png", picture, "--json")
    assert done.exit_code == 1
    assert len(done.stdout.splitlines()) == 1
    first, second = done.stderr.splitlines()
    assert first.startswith(f"alpr: {text}: not a picture")
    assert second == f"alpr: {tmp_path}/missing.png: no such file"


def test_a_folder_gives_its_pictures(picture: Path) -> None:
    """Also those of folders within; other files are passed over."""
    (picture.parent / "notes.txt").write_text("x")
    done = read(picture.parent.parent, "--json")
    assert (done.exit_code, len(done.stdout.splitlines())) == (0, 1)


def test_without_json_a_table(picture: Path) -> None:
    """For people."""
    done = read(picture)
    assert "DEMO123" in done.stdout
    assert "one.png" in done.stdout


def test_draw_writes_the_pictures(picture: Path, tmp_path: Path) -> None:
    """With boxes and texts drawn on, in a folder that is made when it is missing."""
    assert read(picture, "--draw", tmp_path / "out/drawn").exit_code == 0
    drawn = cv2.imread(str(tmp_path / "out/drawn/one.jpg"))
    assert drawn.shape == (120, 200, 3)
    assert drawn[20:45, 10:110].std() > 1
