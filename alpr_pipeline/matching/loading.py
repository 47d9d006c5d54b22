"""Loads a file as a list: one transaction, one report, one switch.

Rows stream from the file through the converter into the database; memory does not grow with the list. The former
revision stays in force until the new one has been judged as a whole, and when it is refused, for ever.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import IO

from pydantic import BaseModel

from alpr_pipeline.domain.audit import AuditAction, Outcome
from alpr_pipeline.errors import HotlistRefused, StateConflict, WrongRevision
from alpr_pipeline.matching.conversion import Arriving, Converter, Refusal
from alpr_pipeline.matching.formats import Defaults, Format
from alpr_pipeline.matching.opening import Limits, open_lines
from alpr_pipeline.matching.rows import Table
from alpr_pipeline.matching.thresholds import Thresholds
from alpr_pipeline.storage import arriving, revisions
from alpr_pipeline.storage.audit import record
from alpr_pipeline.storage.database import Connection, Database
from alpr_pipeline.storage.policies import policy_in_force
from alpr_pipeline.storage.revisions import Kind, Outlook, Revision, Standing

REFUSALS_SHOWN_MAX = 1_000
REASONS_MAX = 100
PROGRESS_ROWS = 5_000
CLOCK_AHEAD_MAX = timedelta(hours=1)  # of who made a list; one made later still would keep every other out

_SAME = "same plate, issuer and reason"
_ABSENT = "is not in force: there is nothing to take out"
_OTHERWISE = "is in force of another issuer or for another reason: name those, or it stays in force"

Progress = Callable[[int, int], None]  # rows so far, bytes of the file so far


@dataclass(frozen=True, slots=True)
class LoadOrder:
    """What to load, how, and on whose behalf."""

    list_name: str
    form: Format
    by: str
    at: datetime
    defaults: Defaults | None = None  # None: the format's own
    thresholds: Thresholds = field(default_factory=Thresholds)
    limits: Limits = field(default_factory=Limits)
    base_revision: int | None = None  # a delta: the revision that it changes
    produced_at: datetime | None = None  # when the authority made the list
    dry_run: bool = False


class RefusalView(BaseModel):
    """A row that did not become an entry. What stood there is not repeated: it may be a person's data."""

    line: int
    column: str
    value: str  # its kind: "letters and digits, 12 long"
    reason: str


class Report(BaseModel):
    """What a file gave and what it changed. `revision` and what follows from it are null after a dry run."""

    list_name: str
    format: str
    kind: Kind
    dry_run: bool
    accepted: int
    refused: int
    passed_over: int  # by the format's filters
    refused_by_reason: dict[str, int]
    refusals: list[RefusalView]  # the first thousand
    removed: int
    revision: int | None = None
    added: int | None = None
    unchanged: int | None = None
    entries: int | None = None
    seconds: float = 0.0
    refused_because: str | None = None  # the list as a whole, where it is not believed


class _Tally:
    """Counts the refusals, and keeps the first of them."""

    def __init__(self) -> None:
        self.refused = 0
        self.harmless = 0  # of the refused: what they would have done was done already
        self.rows = 0
        self.shown: list[RefusalView] = []
        self.reasons: Counter[str] = Counter()

    def refuse(self, refusal: Refusal, times: int = 1, counted_as: str = "") -> None:
        """`counted_as` is the reason without what differs from row to row."""
        self.refused += times
        reason = counted_as or refusal.reason
        self.reasons[reason if reason in self.reasons or len(self.reasons) < REASONS_MAX else "other reasons"] += times
        if len(self.shown) < REFUSALS_SHOWN_MAX:
            shown = RefusalView(line=refusal.line, column=refusal.column, value=refusal.value, reason=refusal.reason)
            self.shown.append(shown)


def load_list(database: Database, file: IO[bytes], order: LoadOrder, progress: Progress | None = None) -> Report:
    """Put a file in force as a list, and say what became of every row.

    Raises HotlistRefused when the list as a whole is not believed, StateConflict when somebody else is loading it or
    the delta is for another revision; then nothing is changed, and the attempt is on record.
    """
    started = time.perf_counter()
    try:
        with database.connection() as connection:
            with connection.transaction(force_rollback=order.dry_run):
                report = _load(connection, file, order, progress)
                report.seconds = round(time.perf_counter() - started, 2)
                if report.revision is not None:
                    revisions.note_report(connection, order.list_name, report.revision, _kept(report))
            _put_on_record(connection, order, Outcome.DONE, _counts(report))
    except (HotlistRefused, StateConflict) as error:
        if isinstance(error, HotlistRefused) and isinstance(error.report, Report):
            error.report.seconds = round(time.perf_counter() - started, 2)
        with database.connection() as connection:
            _put_on_record(connection, order, Outcome.REFUSED, {"why": str(error)})
        error.on_record = True
        raise
    return report


def _load(connection: Connection, file: IO[bytes], order: LoadOrder, progress: Progress | None) -> Report:
    name, form, kind = order.list_name, order.form, _kind(order)
    standing = revisions.lock_list(connection, name)
    _fits(order, standing)
    tally, straight = _Tally(), 0
    fresh = kind is Kind.FULL and not (standing.entries or order.dry_run)
    try:
        table = Table(open_lines(file, form.encoding, order.limits), form)
        keep_max = policy_in_force(connection, order.at).retention.hotlist
        converter = Converter(table, form, order.defaults or form.defaults, name, order.at, keep_max)
        rows = _accepted(converter, tally, file, progress)
        if fresh:
            straight = arriving.copy_straight(connection, rows, name, standing.revision + 1)
        else:
            arriving.copy_arriving(connection, rows)
    except HotlistRefused as error:
        raise HotlistRefused(f"list {name}: {error}: the list in force stays") from None
    _drop_duplicates(connection, tally)
    if kind is Kind.DELTA:
        _drop_absent(connection, name, tally)
    outlook = revisions.weigh(connection, name, kind, straight)
    report = Report(
        list_name=name,
        format=form.name,
        kind=kind,
        dry_run=order.dry_run,
        accepted=outlook.accepted,
        refused=tally.refused,
        passed_over=converter.passed_over,
        refused_by_reason=dict(tally.reasons.most_common()),
        refusals=sorted(tally.shown, key=lambda refusal: refusal.line),
        removed=outlook.removed,
    )
    try:
        _believe(order, standing, outlook, tally)
    except HotlistRefused as error:
        error.report = report.model_copy(update={"refused_because": str(error)})
        raise
    if order.dry_run:
        return report
    revision = revisions.put_in_force(
        connection, name, kind, refused=tally.refused, by=order.by, at=order.at, produced_at=order.produced_at
    )
    return report.model_copy(update=_changed(revision))


def _accepted(converter: Converter, tally: _Tally, file: IO[bytes], progress: Progress | None) -> Iterator[Arriving]:
    for row in converter.arriving():
        tally.rows += 1
        if progress and tally.rows % PROGRESS_ROWS == 0:
            progress(tally.rows, file.tell())
        if isinstance(row, Refusal):
            tally.refuse(row)
        else:
            yield row


def _drop_duplicates(connection: Connection, tally: _Tally) -> None:
    gone, duplicates = arriving.drop_duplicates(connection)
    for duplicate in duplicates:
        reason = "contradicts" if duplicate.contradicts else "stands in this file already, as"
        words = f"{reason} line {duplicate.first_line}: {_SAME}"
        tally.refuse(Refusal(duplicate.line, "plate", "", words), counted_as=f"{reason} an earlier line: {_SAME}")
    if gone > len(duplicates):
        more = f"stands in this file already, or contradicts an earlier line: {_SAME}"
        tally.refuse(Refusal(0, "plate", "", more), gone - len(duplicates))


def _drop_absent(connection: Connection, list_name: str, tally: _Tally) -> None:
    for absent in arriving.drop_absent(connection, list_name):
        tally.harmless += not absent.otherwise
        tally.refuse(Refusal(absent.line, "plate", "", _OTHERWISE if absent.otherwise else _ABSENT))


def _kind(order: LoadOrder) -> Kind:
    return Kind.DELTA if order.base_revision is not None else Kind.FULL


def _fits(order: LoadOrder, standing: Standing) -> None:
    """Raise unless the order fits to what is in force: a delta to its revision, a list that is no older."""
    name = order.list_name
    if order.base_revision is not None:
        if order.form.delta is None:
            raise HotlistRefused(f"list {name}: format {order.form.name} has no column that says add or remove")
        if order.base_revision != standing.revision:
            raise WrongRevision(
                f"list {name}: the delta changes revision {order.base_revision}, in force is {standing.revision}: "
                "send the list as a whole"
            )
    elif order.form.delta is not None:
        raise HotlistRefused(f"list {name}: format {order.form.name} is of changes: say which revision they change")
    if order.produced_at and order.produced_at > order.at + CLOCK_AHEAD_MAX:
        raise HotlistRefused(
            f"list {name}: made at {order.produced_at:%Y-%m-%d %H:%M %Z}, which is yet to come: the list in force stays"
        )
    if order.produced_at and standing.produced_at and order.produced_at < standing.produced_at:
        raise HotlistRefused(
            f"list {name}: made at {order.produced_at:%Y-%m-%d %H:%M} and so older than the one in force, of "
            f"{standing.produced_at:%Y-%m-%d %H:%M}: the list in force stays"
        )


def _believe(order: LoadOrder, standing: Standing, outlook: Outlook, tally: _Tally) -> None:
    """Raise HotlistRefused when so much is wrong with a list that it is not believed."""
    name, thresholds = order.list_name, order.thresholds
    rows, bad = outlook.accepted + tally.refused, tally.refused - tally.harmless
    first = (
        f"; the first: line {tally.shown[0].line}, {tally.shown[0].column}: {tally.shown[0].reason}"
        if tally.shown
        else ""
    )
    if not outlook.accepted and (bad or order.base_revision is None):
        raise HotlistRefused(
            f"list {name}: not one row was accepted, {tally.refused} refused{first}: the list in force stays"
        )
    if rows >= thresholds.rows_min and bad * 100 > rows * thresholds.refused_percent_max:
        raise HotlistRefused(
            f"list {name}: {bad:,} of {rows:,} rows are bad, more than {thresholds.refused_percent_max:g} %"
            f"{first}: the list in force stays; mend the file, or allow more"
        )
    if (
        standing.entries >= thresholds.rows_min
        and outlook.removed * 100 > standing.entries * thresholds.shrink_percent_max
    ):
        raise HotlistRefused(
            f"list {name}: {outlook.removed:,} of {standing.entries:,} entries would go, more than "
            f"{thresholds.shrink_percent_max:g} %: the list in force stays; is the file whole? If so, allow more"
        )


def _changed(revision: Revision) -> dict[str, int]:
    return {
        "revision": revision.revision,
        "added": revision.added,
        "removed": revision.removed,
        "unchanged": revision.unchanged,
        "entries": revision.entries,
    }


def _counts(report: Report) -> dict[str, object]:
    return report.model_dump(
        mode="json", include={"format", "kind", "dry_run", "accepted", "refused", "revision", "added", "removed"}
    )


def _kept(report: Report) -> dict[str, object]:
    return report.model_dump(mode="json", exclude={"list_name", "dry_run", "refused_because"})


def _put_on_record(connection: Connection, order: LoadOrder, outcome: Outcome, detail: dict[str, object]) -> None:
    record(
        connection,
        username=order.by,
        action=AuditAction.HOTLIST_LOADED,
        object=order.list_name,
        outcome=outcome,
        detail=detail,
    )
