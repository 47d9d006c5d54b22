"""`alpr transparency`: what the public is told of the use of the system."""

from typing import Annotated

import typer

from alpr_pipeline.cli.options import Json
from alpr_pipeline.cli.parts import now
from alpr_pipeline.cli.user_commands import visited
from alpr_pipeline.errors import ConfigError
from alpr_pipeline.oversight import transparency as reports
from alpr_pipeline.oversight.transparency_forms import report_as_csv, report_in_words
from alpr_pipeline.policy.periods import parse_period

app = typer.Typer()


@app.command()
def transparency(
    context: typer.Context,
    period: Annotated[
        str, typer.Option("--period", help="2026, 2026-H1, 2026-Q1 or 2026-03; without it the newest.")
    ] = "",
    json: Json = False,
    csv: Annotated[bool, typer.Option("--csv", help="For spreadsheets: one number a line.")] = False,
    preview: Annotated[
        bool, typer.Option("--preview", help="As a period stands now, before it is published; not for the public.")
    ] = False,
) -> None:
    """Publish the reports that are due, and show one. Status 1: it is not published."""
    if json and csv:
        raise ConfigError("give --json or --csv, not both")
    moment = now()
    with visited(context) as parts, parts.database.connection() as connection:
        reports.publish_due(connection, moment)
        if preview:
            wanted = parse_period(period) if period else reports.next_report(connection, moment)[0]
            report = reports.preview(connection, wanted, moment)
        else:
            report = reports.published_report(connection, period)
    if json:
        typer.echo(report.model_dump_json())
    else:
        typer.echo(report_as_csv(report).rstrip("\r\n") if csv else report_in_words(report))
