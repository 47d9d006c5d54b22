"""What commands that come and go share: a database that another process may have, and who is at the keyboard."""

import getpass
import os

import typer

from alpr_pipeline.cli.parts import Parts
from alpr_pipeline.config.settings import load_settings
from alpr_pipeline.storage.migrate import migrate


def visited(context: typer.Context) -> Parts:
    """Return the parts of a visit, to be used as a context manager."""
    parts = Parts(load_settings(context.obj, os.environ), visiting=True)
    if not parts.settings.database.url.get_secret_value():
        migrate(parts.database)  # of one's own; a named one is migrated when its owner says so
    return parts


def operator() -> str:
    """Return who does it, for the record: the account of the operating system."""
    try:
        return f"os:{getpass.getuser()}"
    except (OSError, KeyError):  # a container may run as a number without a name
        return f"os:{os.getuid()}"
