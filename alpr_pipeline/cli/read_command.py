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
from rich.table import Table

from alpr_pipeline.capture.picture import load_picture
from alpr_pipeline.cli.recognition import open_recogniser
from alpr_pipeline.config.settings import load_settings
from alpr_pipeline.errors import CaptureError
from alpr_pipeline.recognition.recogniser import PictureRead, Recogniser, draw, encode_jpeg

PICTURE_ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})
DRAWN_QUALITY = 90


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
    if draw_to:
        draw_to.mkdir(parents=True, exist_ok=True)
    table = Table("picture", "plate", "confidence", "issuer", "box", "also possible")
    failed = False
    for path in _pictures(paths):
        try:
            found = _read_one(recogniser, path, draw_to)
        except CaptureError as error:
            failed = True
            typer.echo(f"alpr: {error}", err=True)
            continue
        if json:
            sys.stdout.buffer.write(orjson.dumps(found) + b"\n")
            sys.stdout.buffer.flush()
        else:
            _add_rows(table, found)
    if not json and table.rows:
        Console().print(table)
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
        (draw_to / path.with_suffix(".jpg").name).write_bytes(encode_jpeg(draw(image, reads), DRAWN_QUALITY))
    return {"image": str(path), "reads": [_as_json(found) for found in reads], "ms": round(ms, 1)}


def _as_json(found: PictureRead) -> dict[str, Any]:
    return {
        "plate": found.plate,
        "confidence": round(found.confidence, 4),
        "box": list(found.box),
        "region": found.region,
        "candidates": [[text, round(probability, 4)] for text, probability in found.candidates],
    }


def _add_rows(table: Table, found: dict[str, Any]) -> None:
    name = Path(found["image"]).name
    if not found["reads"]:
        table.add_row(name, "[dim]none[/]")
    for one in found["reads"]:
        others = ", ".join(f"{text} {probability:.0%}" for text, probability in one["candidates"][1:4])
        box = "{}, {}  {} x {}".format(*one["box"])
        table.add_row(name, f"[bold]{one['plate']}[/]", f"{one['confidence']:.0%}", one["region"] or "?", box, others)
        name = ""
