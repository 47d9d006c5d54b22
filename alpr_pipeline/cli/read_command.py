"""`alpr read`: pictures in, reads out. Nothing is stored, matched or sent anywhere."""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from alpr_pipeline.capture.picture import load_picture
from alpr_pipeline.cli.recognition import open_recogniser
from alpr_pipeline.config.settings import load_settings
from alpr_pipeline.errors import AlprError, ConfigError
from alpr_pipeline.recognition.jpeg import encode_jpeg
from alpr_pipeline.recognition.recogniser import PictureRead, Recogniser, draw

PICTURE_ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})
DRAWN_SIDE_MAX = 4096
DRAWN_QUALITY = 90


app = typer.Typer()


@app.command()
def read(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="Pictures, or folders of pictures.", show_default=False)],
    json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line for each picture, for machines.")
    ] = False,
    draw_to: Annotated[
        Path | None, typer.Option("--draw", help="Also write the pictures here, with boxes and texts drawn on.")
    ] = None,
) -> None:
    """Read the plates in pictures. A file that is no picture is one line on stderr; the rest go on; the status is 1."""
    recogniser = open_recogniser(load_settings(context.obj, os.environ).recognition)
    show = _show_json if json else _Shown()
    failed = False
    for path in _pictures(paths):
        try:
            show(_read_one(recogniser, path, draw_to))
        except AlprError as error:
            failed = True
            typer.echo(f"alpr: {error}", err=True)
    if isinstance(show, _Shown):
        show.print()
    raise typer.Exit(int(failed))


def _pictures(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(inner for inner in path.rglob("*") if inner.suffix.lower() in PICTURE_ENDINGS)
        else:
            yield path


def _read_one(recogniser: Recogniser, path: Path, draw_to: Path | None) -> dict[str, Any]:
    image = load_picture(path)
    started = time.perf_counter()
    reads = recogniser.reads_of_picture(image)
    ms = (time.perf_counter() - started) * 1000
    if draw_to:
        _write(
            draw_to / f"{path.stem}.jpg", encode_jpeg(draw(image, reads), DRAWN_SIDE_MAX, DRAWN_QUALITY, sys.maxsize)
        )
    return {"image": str(path), "reads": [_as_json(found) for found in reads], "ms": round(ms, 1)}


def _write(path: Path, jpeg: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(jpeg)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}: give --draw another folder") from None


def _as_json(found: PictureRead) -> dict[str, Any]:
    return {
        "plate": found.plate,
        "confidence": round(found.confidence, 4),
        "box": list(found.box),
        "region": found.region,
        "candidates": [[text, round(probability, 4)] for text, probability in found.candidates],
    }


def _show_json(found: dict[str, Any]) -> None:
    sys.stdout.buffer.write(orjson.dumps(found) + b"\n")
    sys.stdout.buffer.flush()


class _Shown:
    """A table that grows."""

    def __init__(self) -> None:
        self._table = Table("picture", "plate", "confidence", "issuer", "box", "also possible")

    def __call__(self, found: dict[str, Any]) -> None:
        name = escape(Path(found["image"]).name)
        if not found["reads"]:
            self._table.add_row(name, "[dim]none[/]")
        for one in found["reads"]:
            others = ", ".join(f"{text} {probability:.0%}" for text, probability in one["candidates"][1:4])
            box = "{}, {}  {} x {}".format(*one["box"])
            row = (f"[bold]{one['plate']}[/]", f"{one['confidence']:.0%}", one["region"] or "?", box, others)
            self._table.add_row(name, *row)
            name = ""

    def print(self) -> None:
        """Print it, unless it is empty."""
        if self._table.rows:
            Console().print(self._table)
