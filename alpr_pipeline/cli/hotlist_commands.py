"""`alpr hotlist`: load lists, and look at what is in force."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Annotated, Any

import orjson
import typer
from pydantic import TypeAdapter, ValidationError
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from alpr_pipeline.cli.car_keys import COPY, open_copy
from alpr_pipeline.cli.parts import Parts, now
from alpr_pipeline.cli.pull_stage import make_puller
from alpr_pipeline.cli.user_commands import operator, visited
from alpr_pipeline.config.settings import load_settings
from alpr_pipeline.domain.audit import AuditAction
from alpr_pipeline.domain.hotlist import EntryAdded, HotlistEntry, ListName, Priority, Reason
from alpr_pipeline.domain.plate import normalise
from alpr_pipeline.edge.incar import in_words
from alpr_pipeline.errors import ConfigError, HotlistRefused
from alpr_pipeline.matching.export import as_csv, is_narrow
from alpr_pipeline.matching.formats import PLAIN, load_format
from alpr_pipeline.matching.index import HotlistIndex
from alpr_pipeline.matching.loading import LoadOrder, Report, load_list
from alpr_pipeline.matching.similar import text_read, variants
from alpr_pipeline.storage import hotlists, revisions
from alpr_pipeline.storage.audit import record
from alpr_pipeline.storage.distribution import forget_telling

REFUSALS_PRINTED = 20

app = typer.Typer(help="Load hot lists, and look at what is in force.", no_args_is_help=True)
say = Console(stderr=True, highlight=False)
out = Console(highlight=False)

Name = Annotated[str, typer.Argument(help="The list's name: lower-case letters, digits, hyphens.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="One JSON object, for machines.")]


@app.command()
def load(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The file, plain or as ZIP or gzip; - is standard input.")],
    name: Annotated[str, typer.Option("--list", help="The list that it becomes.", show_default=False)],
    form: Annotated[str, typer.Option("--format", help="A format's name, or the path of its .toml file.")] = PLAIN,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would happen, and change nothing.")] = False,
    json: Json = False,
    authority: Annotated[str | None, typer.Option(help="For rows that name none.", show_default=False)] = None,
    reason: Annotated[Reason | None, typer.Option(help="For rows that name none.", show_default=False)] = None,
    priority: Annotated[Priority | None, typer.Option(help="For rows that name none.", show_default=False)] = None,
    base: Annotated[int | None, typer.Option(help="A file of changes: the revision that they change.")] = None,
    produced: Annotated[datetime | None, typer.Option(help="When the authority made the list, in UTC.")] = None,
    allow_refused: Annotated[
        float | None, typer.Option(min=0, max=100, help="Percent of rows that may be bad, this once.")
    ] = None,
    allow_shrink: Annotated[
        float | None, typer.Option(min=0, max=100, help="Percent of entries that may go, this once.")
    ] = None,
) -> None:
    """Put a file in force as a list, in one step. Every refused row is named by line, column and reason."""
    with visited(context) as parts, _opened(file) as content:
        known = load_format(form, parts.settings.hotlists.formats)
        limits = {"refused_percent_max": allow_refused, "shrink_percent_max": allow_shrink}
        order = LoadOrder(
            list_name=_list_name(name),
            form=known,
            by=operator(),
            at=now(),
            defaults=known.defaults.model_copy(
                update=_given({"authority": authority, "reason": reason, "priority": priority})
            ),
            thresholds=parts.settings.hotlists.thresholds.model_copy(update=_given(limits)),
            base_revision=base,
            produced_at=produced.replace(tzinfo=UTC) if produced else None,
            dry_run=dry_run,
        )
        try:
            report = _load(parts, content, order)
        except HotlistRefused as error:
            if isinstance(error.report, Report):
                _tell(error.report, json)
            raise
    _tell(report, json)


@app.command()
def show(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A list; without it, all lists.")] = "",
    json: Json = False,
) -> None:
    """Show the lists with their age and size, or one list with its revisions."""
    with visited(context) as parts, parts.database.connection() as connection:
        found: list[Any] = (
            list(revisions.list_revisions(connection, hotlists.known_list(connection, _list_name(name))))
            if name
            else hotlists.list_hotlists(connection)
        )
        record(connection, username=operator(), action=AuditAction.HOTLIST_VIEWED, object=name)
    if json:
        _write(found)
    elif name:
        _print_revisions(found)
    else:
        _print_lists(found)


@app.command()
def diff(
    context: typer.Context,
    name: Name,
    before: Annotated[int, typer.Argument(help="A revision.")],
    after: Annotated[int, typer.Argument(help="Another.")],
    json: Json = False,
) -> None:
    """Show what two revisions do not share: the first thousand entries."""
    with visited(context) as parts, parts.database.connection() as connection:
        found = revisions.compare_revisions(connection, _list_name(name), before, after, now())
        detail = {"before": before, "after": after, "entries": len(found)}
        record(connection, username=operator(), action=AuditAction.HOTLIST_VIEWED, object=name, detail=detail)
    if json:
        _write([{"before": _plain(one.before), "after": _plain(one.after)} for one in found])
        return
    for one in found:
        sign = "[green]+[/]" if one.before is None else "[red]-[/]" if one.after is None else "[yellow]~[/]"
        entry = one.after or one.before
        if entry:
            out.print(f"{sign} {entry.plate} {entry.issuer or ''} {entry.reason} {entry.priority} {entry.authority}")
    say.print(f"{len(found)} entries differ")


@app.command()
def restore(
    context: typer.Context, name: Name, revision: Annotated[int, typer.Argument(help="It becomes a new one.")]
) -> None:
    """Put a former revision in force again; what expired since stays out."""
    with visited(context) as parts, parts.database.connection() as connection:
        restored = revisions.restore_revision(connection, _list_name(name), revision, by=operator(), at=now())
        detail = {"restored": revision, "revision": restored.revision, "entries": restored.entries}
        record(connection, username=operator(), action=AuditAction.HOTLIST_RESTORED, object=name, detail=detail)
    say.print(f"{name}: revision {revision} is in force again, as {restored.revision}: {restored.entries:,} entries")


@app.command()
def export(
    context: typer.Context,
    name: Name,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line instead of CSV.")] = False,
) -> None:
    """Write the entries in force to standard output, as a file that can be loaded again.

    Only --json says an entry's audience, hours, areas, and that cars do not have it.
    """
    with visited(context) as parts:
        with parts.database.connection() as connection:
            hotlists.known_list(connection, _list_name(name))
            record(connection, username=operator(), action=AuditAction.HOTLIST_EXPORTED, object=name)
        pages = hotlists.all_entries(parts.database, name)
        if json:
            for page in pages:
                sys.stdout.writelines(entry.model_dump_json() + "\n" for entry in page)
            return
        narrow = 0

        def counted() -> Iterator[list[HotlistEntry]]:
            nonlocal narrow
            for page in pages:
                narrow += sum(map(is_narrow, page))
                yield page

        sys.stdout.writelines(as_csv(counted()))
    if narrow:
        say.print(
            f"[bold]{narrow:,} entries[/] have an audience, hours or areas, or are kept from cars, which this file "
            "does not say: loaded again they have what the list has. --json says all."
        )


@app.command()
def match(
    context: typer.Context,
    texts: Annotated[list[str], typer.Argument(help="Plates, as somebody read them.", show_default=False)],
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line for each entry met.")] = False,
) -> None:
    """Say which entries in force a text meets: itself, as a pattern, or as a look-alike where the list wants it.

    The status is 1 when none is met.
    """
    plates, moment = [normalise(text) for text in texts], now()
    with visited(context) as parts, parts.database.connection() as connection:
        near = {plate for text in plates for plate in (text, *variants(text))}
        found = hotlists.find_entries(connection, sorted(near), moment)
        record(connection, username=operator(), action=AuditAction.HOTLIST_VIEWED, detail={"asked": len(plates)})
    index = HotlistIndex()
    index.apply(*(EntryAdded(entry=entry) for entry in found))
    met = [(plate, one) for plate in plates for one in index.lookup(text_read(plate, moment), moment)]
    for plate, one in met:
        if json:
            shown = {"text": plate, "matched": one.matched, "entry": one.entry.model_dump(mode="json")}
            sys.stdout.write(orjson.dumps(shown, option=orjson.OPT_APPEND_NEWLINE).decode())
        else:
            sign = "=" if one.entry.plate == plate else "~"
            out.print(
                f"{plate} {sign} [bold]{one.entry.plate}[/] {one.entry.issuer or ''} {one.entry.reason} "
                f"{one.entry.priority}, list {one.entry.list_name}, {one.entry.authority} {one.entry.reference}"
            )
    raise typer.Exit(int(not met))


@app.command()
def pull(
    context: typer.Context,
    source: Annotated[str, typer.Argument(help="Its name in the settings.", show_default=False)],
    json: Json = False,
) -> None:
    """Look at a source now, whenever its time would be, and load what it has."""
    with visited(context) as parts:
        report = make_puller(parts).pull(source, now())
    if report is None:
        say.print(f"{source}: not changed since it was loaded")
    else:
        _tell(report, json)


@app.command()
def copy(context: typer.Context, json: Json = False) -> None:
    """Show a car's own copy of the lists, in the car: revisions, entries, age, and what was refused lately."""
    settings, moment = load_settings(context.obj, os.environ), now()
    path = settings.data / COPY
    if not path.exists():
        raise ConfigError(f"{path}: there is no copy of the lists: `alpr edge` makes it")
    kept = open_copy(settings)
    try:
        found: dict[str, Any] = {
            "refreshed_at": kept.refreshed_at(),
            "lists": {name: held.revision for name, held in kept.lists().items()},
            "entries": kept.counts(),
            "refused": kept.refusals()[:REFUSALS_PRINTED],
        }
    finally:
        kept.close()
    if json:
        _write(found)
        return
    refreshed_at = found["refreshed_at"]
    out.print(f"refreshed {in_words(moment - refreshed_at)} ago" if refreshed_at else "never refreshed")
    for name, revision in found["lists"].items():
        out.print(f"{name}: revision {revision}, {found['entries'].get(name, 0):,} entries")
    for refused in found["refused"]:
        out.print(f"refused {refused.at:%Y-%m-%d %H:%M:%S} {refused.list_name}: {refused.why}")


@app.command()
def retell(context: typer.Context) -> None:
    """Have the cars told every list as a whole: after a backup of the database was restored, or topics were lost."""
    with visited(context) as parts, parts.database.connection() as connection:
        forget_telling(connection)
    say.print("within a second of the next look of `alpr serve`, cars are told every list as a whole")


def _load(parts: Parts, content: IO[bytes], order: LoadOrder) -> Report:
    size = content.seek(0, os.SEEK_END)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[rows]:>10,} rows"))
    with Progress(*columns, TimeElapsedColumn(), console=say, transient=True) as bar:
        task = bar.add_task(f"loading {order.list_name}", total=size or 1, rows=0)
        return load_list(
            parts.database, content, order, lambda rows, taken: bar.update(task, completed=taken, rows=rows)
        )


@contextmanager
def _opened(file: Path) -> Iterator[IO[bytes]]:
    """Give a file that can be sought in; what comes through a pipe is put aside first."""
    try:
        content = sys.stdin.buffer if str(file) == "-" else file.open("rb")
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from None
    with content:
        if content.seekable():
            yield content
            return
        with tempfile.TemporaryFile() as aside:
            shutil.copyfileobj(content, aside)
            yield aside


def _tell(report: Report, json: bool) -> None:
    if json:
        sys.stdout.write(report.model_dump_json() + "\n")
    else:
        _print_report(report)


def _print_report(report: Report) -> None:
    done = "would be accepted (nothing was changed)" if report.revision is None else "accepted"
    out.print(
        f"[bold]{report.list_name}[/]: {report.accepted:,} {done}, {report.refused:,} refused, {report.seconds} s"
    )
    if report.passed_over:
        out.print(f"  {report.passed_over:,} rows passed over by the format's filters")
    if report.revision is not None:
        out.print(
            f"  revision {report.revision}: {report.added:,} new or changed, {report.removed:,} gone, "
            f"{report.unchanged:,} as before"
        )
    if report.refusals:
        table = Table("line", "column", "holds", "refused because")
        for refusal in report.refusals[:REFUSALS_PRINTED]:
            table.add_row(str(refusal.line or ""), refusal.column, refusal.value, refusal.reason)
        out.print(table)
    if len(report.refusals) > REFUSALS_PRINTED:
        out.print(f"  ... the first {REFUSALS_PRINTED}; --json has {len(report.refusals):,}")


def _print_lists(found: list[hotlists.Hotlist]) -> None:
    table = Table("list", "revision", "entries", "refused", "loaded", "by", "made")
    for one in found:
        made = f"{one.produced_at:%Y-%m-%d %H:%M}" if one.produced_at else ""
        loaded = f"{one.loaded_at:%Y-%m-%d %H:%M}"
        table.add_row(
            one.list_name, str(one.revision), f"{one.entries:,}", f"{one.refused:,}", loaded, one.loaded_by, made
        )
    out.print(table)


def _print_revisions(found: list[revisions.StoredRevision]) -> None:
    table = Table("revision", "kind", "loaded", "by", "entries", "new or changed", "gone", "refused")
    for one in found:
        counts = (f"{count:,}" for count in (one.entries, one.added, one.removed, one.refused))
        table.add_row(str(one.revision), one.kind, f"{one.loaded_at:%Y-%m-%d %H:%M}", one.loaded_by, *counts)
    out.print(table)


def _list_name(name: str) -> str:
    try:
        return TypeAdapter(ListName).validate_python(name)
    except ValidationError:
        raise HotlistRefused(f"{name!r} is no name of a list: lower-case letters, digits and hyphens") from None


def _given(choices: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in choices.items() if value is not None}


def _plain(entry: HotlistEntry | None) -> dict[str, Any] | None:
    return entry.model_dump(mode="json") if entry else None


def _write(found: object) -> None:
    sys.stdout.write(orjson.dumps(found, option=orjson.OPT_APPEND_NEWLINE).decode())
