"""Options that several commands have."""

from typing import Annotated

import typer

By = Annotated[str, typer.Option("--by", help="Name of the person who does it: it goes on record.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="For machines.")]
