"""From a camera's definition to its source of frames."""

from collections.abc import Mapping
from pathlib import Path

from alpr_pipeline.capture.address import DEVICE, STREAM_SCHEMES, fill_in, masked, scheme
from alpr_pipeline.capture.folder import FolderSource
from alpr_pipeline.capture.source import Source
from alpr_pipeline.capture.video import StreamSource, VideoSource
from alpr_pipeline.domain.camera import Camera
from alpr_pipeline.errors import CaptureError


def open_source(camera: Camera, folder: Path, environment: Mapping[str, str]) -> Source:
    """Open a camera's source. `folder` is where its definition file stands: relative paths start there.

    ${NAME} in the source comes from `environment`. May block for as long as the network likes. Raises CaptureError.
    """
    address = fill_in(camera.source, environment)
    kind = scheme(address)
    if kind in STREAM_SCHEMES:
        return StreamSource(address)
    if kind is not None:
        known = ", ".join(f"{name}://" for name in STREAM_SCHEMES)
        raise CaptureError(f"{masked(camera.source)}: unknown kind of source: {known}, device:0, a video or a folder")
    if address.startswith(DEVICE):
        return StreamSource(_device(address))
    path = folder / address
    return FolderSource(path) if path.is_dir() else VideoSource(path)


def _device(address: str) -> int:
    number = address.removeprefix(DEVICE)
    if not number.isdecimal():
        raise CaptureError(f"{address}: must be {DEVICE} and a number, as in device:0 for /dev/video0")
    return int(number)
