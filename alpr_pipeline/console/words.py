"""Facts in a dispatcher's words."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from alpr_pipeline.domain.hotlist import Priority, Reason
from alpr_pipeline.domain.verification import Disposition, HitState, Refutation
from alpr_pipeline.policy.policy import AuditSubject
from alpr_pipeline.policy.searches import Match

LIST_IS_OLD = timedelta(hours=24)  # agencies load theirs daily; older lists name vehicles found long ago
PICTURES_ARE_LATE = timedelta(minutes=10)

REASONS: dict[Reason, str] = {
    Reason.STOLEN_VEHICLE: "Stolen vehicle",
    Reason.STOLEN_PLATE: "Stolen plate",
    Reason.FELONY_VEHICLE: "Felony vehicle",
    Reason.WANTED: "Wanted",
    Reason.MISSING: "Missing person",
    Reason.ALERT: "AMBER alert",
    Reason.PROTECTION_ORDER: "Protection order",
    Reason.SUPERVISED_RELEASE: "Supervised release",
    Reason.SEX_OFFENDER: "Sex offender registry",
    Reason.VIOLENT_PERSON: "Violent person",
    Reason.GANG: "Gang or terror",
    Reason.INVESTIGATION: "Investigation",
    Reason.UNINSURED: "Uninsured or unregistered",
    Reason.OTHER: "Other",
}
PRIORITIES: dict[Priority, str] = {Priority.HIGH: "High", Priority.MEDIUM: "Medium", Priority.LOW: "Low"}
STATES: dict[HitState, str] = {
    HitState.NEW: "Not looked at",
    HitState.SEEN: "Being checked",
    HitState.VERIFIED: "Verified",
    HitState.REFUTED: "Refuted",
    HitState.CONFIRMED: "Confirmed active",
    HitState.DISPOSED: "Closed",
    HitState.SET_ASIDE: "Set aside",
}
REFUTATIONS: dict[Refutation, str] = {
    Refutation.MISREAD: "Misread",
    Refutation.WRONG_ISSUER: "Wrong issuer",
    Refutation.OTHER_VEHICLE: "Other vehicle",
    Refutation.NOT_LISTED: "Not listed any more",
}
REFUTATION_MEANS: dict[Refutation, str] = {
    Refutation.MISREAD: "the picture shows other characters",
    Refutation.WRONG_ISSUER: "the same characters, another state or country",
    Refutation.OTHER_VEHICLE: "the plate agrees, the vehicle does not",
    Refutation.NOT_LISTED: "the authority says that the entry is over",
}
DISPOSITIONS: dict[Disposition, str] = {
    Disposition.STOPPED: "Stopped",
    Disposition.ARRESTED: "Arrested",
    Disposition.RECOVERED: "Recovered",
    Disposition.LOCATED: "Person found",
    Disposition.HANDED_OVER: "Handed over",
    Disposition.NOT_FOUND: "Not found",
    Disposition.NO_ACTION: "No action",
    Disposition.MISTAKEN: "Mistaken",
}
DISPOSITION_MEANS: dict[Disposition, str] = {
    Disposition.STOPPED: "stopped and let go on",
    Disposition.ARRESTED: "somebody was arrested",
    Disposition.RECOVERED: "vehicle or plate secured",
    Disposition.LOCATED: "the missing person is safe",
    Disposition.HANDED_OVER: "another agency took over",
    Disposition.NOT_FOUND: "looked for, and gone",
    Disposition.NO_ACTION: "right, but nothing was done",
    Disposition.MISTAKEN: "the stop showed that it was wrong",
}

AUDIT_QUESTIONS: dict[AuditSubject, tuple[tuple[str, str], ...]] = {
    AuditSubject.SEARCHES: (
        ("fits", "Does the purpose fit the case?"),
        ("training_valid", "Was the training valid?"),
        ("look_back_allowed", "Was the look-back allowed?"),
    ),
    AuditSubject.ACCOUNTS: (
        ("fits", "Is the account still needed?"),
        ("training_valid", "Is the training valid?"),
        ("look_back_allowed", "Is it held by the person named?"),
    ),
}
MATCHES: dict[Match, str] = {
    Match.EXACT: "the whole plate",
    Match.PARTIAL: "a part of it",
    Match.WILDCARD: "with ? and * for what is not known",
}
SIGNALS: dict[str, str] = {
    "off-shift": "Off shift",
    "one-plate": "One plate, many times",
    "colleague": "A colleague's vehicle",
    "no-later-case": "Without a later case",
    "spike": "Spikes",
}
_ASKED = (
    "plate",
    "match",
    "movements",
    "cameras",
    "area",
    "since",
    "until",
    "refused",
    "change",
    "title",
    "training",
    "reason",
)

_PROBABLE = (
    (0.99, "almost certain"),
    (0.9, "very likely"),
    (0.7, "likely"),
    (0.5, "more likely than not"),
    (0.2, "doubtful"),
)
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def probability_word(probability: float) -> str:
    """Return a probability in a word that the same number always gets."""
    return next((word for least, word in _PROBABLE if probability >= least), "unlikely")


def percent(probability: float) -> str:
    """Return a probability as a percentage that never claims to be certain."""
    tenths = min(999, max(1, round(probability * 1000)))
    if tenths == 999 and probability > 0.999:  # noqa: PLR2004
        return "> 99.9 %"
    return f"{tenths / 10:.1f} %" if tenths >= 900 or tenths < 10 else f"{round(tenths / 10)} %"  # noqa: PLR2004


def age(since: datetime, now: datetime) -> str:
    """Return how long ago something was, in its largest unit or two: `12 s`, `3 min 5 s`, `2 h 4 min`, `3 d 1 h`.

    static/js/ages.js counts on in the same words.
    """
    seconds = max(0, int((now - since).total_seconds()))
    for i, (size, unit) in enumerate(_UNITS):
        if seconds >= size:
            finer, finer_unit = _UNITS[i + 1] if i + 1 < len(_UNITS) else (1, "s")
            rest = seconds % size // finer
            return f"{seconds // size} {unit} {rest} {finer_unit}" if rest else f"{seconds // size} {unit}"
    return f"{seconds} s"


def asked(detail: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what a record says was asked for, in the order in which a person wants it."""
    return [(name, _one_line(detail[name])) for name in _ASKED if detail.get(name)]


def days(count: float | None) -> str:
    """Return a number of days as one says it."""
    if count is None:
        return "not known how many days"
    if count < 1:
        return f"{count * 1440:g} minutes"
    return f"{count:g} day{'' if count == 1 else 's'}"


def is_late(captured_at: datetime, now: datetime) -> bool:
    """Return whether a picture that is not there after so long will hardly come any more."""
    return now - captured_at > PICTURES_ARE_LATE


def is_old(loaded_at: datetime, now: datetime) -> bool:
    """Return whether a list is older than a day, so that its entries may no longer be true."""
    return now - loaded_at > LIST_IS_OLD


def _one_line(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)[:200]
