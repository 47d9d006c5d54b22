"""`alpr keys`: the keys that hot lists for cars are signed with."""

import os
from pathlib import Path

import typer

from alpr_pipeline.bus.parcels import Signer
from alpr_pipeline.cli.distribution_stage import load_signer
from alpr_pipeline.config.settings import load_settings
from alpr_pipeline.storage.secret_keys import load_key, new_key

app = typer.Typer(help="The keys that hot lists for cars are signed with.", no_args_is_help=True)


@app.command()
def new() -> None:
    """Print a new pair: the key that signs (ALPR_HOTLISTS__SIGNING_KEY), and its public half for cars."""
    key = new_key()
    typer.echo(f"signing key  {key}")
    _print_public(Signer(load_key(key, Path(os.devnull), "hotlists.signing_key")))


@app.command()
def show(context: typer.Context) -> None:
    """Print the public half of this site's key: what cars are given as edge.trusted_keys. It is no secret."""
    _print_public(load_signer(load_settings(context.obj, os.environ)))


def _print_public(signer: Signer) -> None:
    typer.echo(f"public key   {signer.public}")
    typer.echo(f"""for cars     ALPR_EDGE__TRUSTED_KEYS='["{signer.public}"]'""")
    typer.echo(f"its name     {signer.key_id}")
