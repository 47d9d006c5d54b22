"""Camera definition files."""

import json
from pathlib import Path

import pytest

from alpr_pipeline.capture.definition import camera_schema, load_camera, load_cameras
from alpr_pipeline.errors import ConfigError

CAMERAS = Path(__file__).parents[3] / "cameras"
GOOD = 'camera_id = "gate"\nname = "Gate"\nsource = "clip.mp4"\n'


def written(folder: Path, text: str, name: str = "gate.toml") -> Path:
    """Write a definition."""
    (folder / name).write_text(text)
    return folder / name


def test_a_definition_is_read(tmp_path: Path) -> None:
    """The shortest definition has a name, a place on the bus, and a source."""
    assert load_camera(written(tmp_path, GOOD)).camera_id == "gate"


def test_the_shipped_definitions_are_good() -> None:
    """The demo site and every example load."""
    assert [camera.camera_id for camera in load_cameras(CAMERAS / "demo")]
    assert len(load_cameras(CAMERAS / "examples")) == 3


def test_the_schema_is_made_from_the_domain() -> None:
    """`camera.schema.json` is what the model says: after a change of the model it must be written anew."""
    assert json.loads((CAMERAS / "camera.schema.json").read_text()) == camera_schema()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (GOOD + 'pace = "fast"\n', r"pace: input should be 'live' or 'full'"),
        (GOOD + 'colour = "red"\n', r"colour: unknown key; known are camera_id, name, source"),
        ('name = "Gate"\nsource = "clip.mp4"\n', r"camera_id: is missing \(Its name on the bus"),
        (GOOD.replace('"gate"', '"Gate 1"'), r"camera_id: string should match pattern"),
        (GOOD + "frames_per_second_max = 0\n", r"frames_per_second_max: input should be greater than 0"),
        (GOOD + "[position]\nlatitude = 95.0\nlongitude = 0.0\n", r"position.latitude: .*less than or equal to 90"),
        (GOOD + "name = \n", r"not TOML: .*line 4"),
        (GOOD.replace("clip.mp4", "rtsp://u:p@cam/"), r"source: holds a password: write \$\{NAME\}"),
    ],
)
def test_faults_name_file_key_and_what_it_may_be(tmp_path: Path, text: str, reason: str) -> None:
    """Every fault tells where it is and what would be right."""
    with pytest.raises(ConfigError, match=reason) as caught:
        load_camera(written(tmp_path, text))
    assert str(caught.value).startswith(str(tmp_path / "gate.toml"))
    assert "u:p" not in str(caught.value)


def test_two_cameras_of_one_name_are_refused(tmp_path: Path) -> None:
    """A camera_id is one camera: both files are named."""
    written(tmp_path, GOOD)
    written(tmp_path, GOOD, "other.toml")
    with pytest.raises(ConfigError, match=r"other\.toml: camera_id: 'gate' is taken by gate\.toml"):
        load_cameras(tmp_path)


def test_an_empty_folder_says_what_to_do(tmp_path: Path) -> None:
    """Nothing to watch is a mistake, with a next step."""
    with pytest.raises(ConfigError, match="no camera definition"):
        load_cameras(tmp_path)


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 are one clear line."""
    (tmp_path / "gate.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"gate\.toml: not UTF-8"):
        load_camera(tmp_path / "gate.toml")
