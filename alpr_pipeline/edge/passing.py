"""From what a track ended in to the facts that leave the camera: a read and its pictures. Pure but for the encoding."""

from alpr_pipeline.domain.camera import Camera
from alpr_pipeline.domain.identity import uuid7
from alpr_pipeline.domain.picture import Picture, PictureKind
from alpr_pipeline.domain.read import PlateRead
from alpr_pipeline.recognition.jpeg import Overview, plate_jpeg
from alpr_pipeline.recognition.tracker import Passing


def read_of(passing: Passing, camera: Camera, overview: Overview, reader: str, random: bytes) -> PlateRead:
    """Return the read of a passing, named here once and for all. `random` is ten bytes of chance.

    Its box is where the plate stands in the overview picture.
    """
    consensus, frame = passing.consensus, passing.frame
    scale = overview.scale(frame.image)
    x, y, w, h = (round(value * scale) for value in passing.sighting.detection.box)
    return PlateRead(
        read_id=uuid7(frame.captured_at, random),
        camera_id=camera.camera_id,
        captured_at=frame.captured_at,
        plate=consensus.plate,
        confidence=consensus.confidence,
        candidates=consensus.candidates,
        characters=consensus.characters,
        region=consensus.region,
        box=(x, y, w, h),
        position=camera.position,
        looks=consensus.looks,
        reader=reader,
    )


def pictures_of(passing: Passing, read: PlateRead, overview: Overview) -> list[Picture]:
    """Return the pictures of a passing: the plate as the reader saw it, and the frame that it was read in."""
    jpegs = {
        PictureKind.PLATE: plate_jpeg(passing.sighting.crop),
        PictureKind.OVERVIEW: overview.jpeg(passing.frame.image),
    }
    return [
        Picture(read_id=read.read_id, captured_at=read.captured_at, kind=kind, jpeg=jpeg)
        for kind, jpeg in jpegs.items()
    ]
