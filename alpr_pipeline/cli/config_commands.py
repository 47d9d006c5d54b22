"""`alpr config`: look at the settings without starting anything."""

import os
from pathlib import Path

import typer

from alpr_pipeline.capture.definition import load_cameras
from alpr_pipeline.cli.parts import read_policy
from alpr_pipeline.config.settings import load_settings

app = typer.Typer(help="Look at the settings.", no_args_is_help=True)


@app.callback()
def main() -> None:
    """Look at the settings."""


@app.command()
def check(context: typer.Context) -> None:
    """Check the settings, the policy and the cameras that they name; print what is in force. Secrets stay hidden."""
    file: Path | None = context.obj
    settings = load_settings(file, os.environ)
    read_policy(settings.policy)
    if any(settings.edge.cameras.glob("*.toml")):
        load_cameras(settings.edge.cameras)
    else:
        typer.echo(f"no camera in {settings.edge.cameras}: `alpr edge` and `alpr run` need one", err=True)
    typer.echo(settings.model_dump_json(indent=2))
