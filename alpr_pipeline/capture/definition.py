"""Camera definition files: what a site's cameras are, as data. `cameras/camera.schema.json` describes the format."""

import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from alpr_pipeline.capture.address import holds_password
from alpr_pipeline.domain.camera import Camera
from alpr_pipeline.errors import ConfigError

CAMERAS_MAX = 256  # of one agent


def load_cameras(folder: Path) -> list[Camera]:
    """Return the cameras that the `*.toml` files of a folder define, in the order of their names.

    Raises ConfigError naming the file, the key and what it may be; so do two files with one camera_id.
    """
    paths = sorted(folder.glob("*.toml"))
    if not paths:
        raise ConfigError(
            f"{folder}: no camera definition (*.toml): copy one of cameras/examples and change its source"
        )
    if len(paths) > CAMERAS_MAX:
        raise ConfigError(f"{folder}: {len(paths)} camera definitions, limit {CAMERAS_MAX}")
    cameras: dict[str, Camera] = {}
    places: dict[str, Path] = {}
    for path in paths:
        camera = load_camera(path)
        if camera.camera_id in cameras:
            taken = places[camera.camera_id].name
            raise ConfigError(f"{path}: camera_id: '{camera.camera_id}' is taken by {taken}: give each its own")
        cameras[camera.camera_id] = camera
        places[camera.camera_id] = path
    return list(cameras.values())


def load_camera(path: Path) -> Camera:
    """Return the camera that a file defines; raise ConfigError naming the file, the key and what it may be."""
    try:
        fields = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None
    try:
        camera = Camera.model_validate(fields)
    except ValidationError as error:
        raise ConfigError(f"{path}: {_faults(error)}") from None
    if holds_password(camera.source):
        raise ConfigError(f"{path}: source: holds a password: write ${{NAME}} there and set NAME in the environment")
    return camera


def camera_schema() -> dict[str, Any]:
    """Return the JSON schema of a camera definition, as `cameras/camera.schema.json` holds it."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Camera.model_json_schema()}


def _faults(error: ValidationError) -> str:
    """Name every wrong key and what it may be, never what it holds: that may be a password."""
    return "; ".join(_fault(fault["type"], fault["loc"], fault["msg"]) for fault in error.errors())


def _fault(kind: str, place: tuple[int | str, ...], message: str) -> str:
    key = ".".join(map(str, place))
    if kind == "extra_forbidden":
        return f"{key}: unknown key; known are {', '.join(Camera.model_fields)}"
    field = Camera.model_fields.get(str(place[0])) if place else None
    about = f" ({field.description})" if field is not None and field.description else ""
    return f"{key}: {'is missing' if kind == 'missing' else message[:1].lower() + message[1:]}{about}"
