"""The usage and privacy policy of an agency: a file that the machine obeys.

Its sections follow the seven elements of Civil Code 1798.90.51(b)(2), A to G, and of 1798.90.53(b)(2). A purpose, a
job title, a training, a partner or a period that is not in it does not exist. What an element must hold is decided in
`check`, so that an unfinished policy can be read, and every fault in it be named at once.
"""

import tomllib
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from alpr_pipeline.errors import ConfigError
from alpr_pipeline.policy.periods import Every
from alpr_pipeline.policy.retention import Retention
from alpr_pipeline.policy.roles import Role

Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
State = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")]  # ISO 3166: US-CA, GB
TEXT_MAX = 200_000

_DAY = timedelta(days=1)


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Agency(_Section):
    """Whose policy it is, and where the public finds it."""

    name: str = ""
    state: State = "US-CA"
    website: str = Field("", description="Where this policy is posted (1798.90.51(b)(1)).")
    timezone: str = Field("UTC", description="IANA name, as America/Los_Angeles: what the shifts of the staff mean.")

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("no IANA time zone that this machine knows, as America/Los_Angeles") from None
        return name


class Custodian(_Section):
    """Element E: the official who answers for the system."""

    title: str = ""
    contact: str = Field("", description="Where the public reaches the custodian.")


class Purpose(_Section):
    """Element A: something the system may be used for. Every look names one of these."""

    key: Key
    text: Words
    case_required: bool = True


class Training(_Section):
    """What somebody must have learnt, and how long that holds."""

    key: Key
    title: Words
    valid: timedelta = Field(ge=_DAY)


class Employment(StrEnum):
    """What binds somebody to the agency; the law asks for both."""

    EMPLOYEE = "employee"
    CONTRACTOR = "contractor"


class Designation(_Section):
    """Element B: a job title that may have access, the role it gives, and the training it needs."""

    title: Words
    role: Role
    employment: Employment = Employment.EMPLOYEE
    trainings: tuple[Key, ...] = ()


class AccessRules(_Section):
    """How access begins, rests and ends."""

    inactive_after: timedelta = Field(timedelta(days=90), ge=_DAY, description="Without use: suspended.")
    recertify_every: timedelta = Field(timedelta(days=365), ge=_DAY, description="A supervisor confirms the need.")
    session_idle: timedelta = Field(timedelta(minutes=30), ge=timedelta(minutes=1), le=timedelta(hours=12))
    session_longest: timedelta = Field(timedelta(hours=12), ge=timedelta(minutes=1), le=timedelta(hours=12))
    failures_max: int = Field(5, ge=1, le=10, description="Failed sign-ins in a row that lock an account.")
    locked_for: timedelta = Field(timedelta(minutes=15), ge=timedelta(minutes=10))
    second_factor: tuple[Role, ...] = Field((), description="Roles that sign in with a one-time code as well.")


class EntryRules(_Section):
    """How entries of hot lists come into force that users make by hand."""

    second_person: bool = Field(False, description="Whether somebody else must approve each before it is in force.")


class LookBack(_Section):
    """How far back a role may search without a supervisor's approval."""

    role: Role
    period: timedelta = Field(ge=timedelta(minutes=1))


class SearchRules(_Section):
    """What a search may ask for."""

    look_back: tuple[LookBack, ...] = ()
    results_max: int = Field(500, ge=1, le=5000)
    movement_over: timedelta = Field(
        _DAY, ge=timedelta(minutes=1), description="One plate over a longer span is a movement profile."
    )

    def look_back_of(self, role: Role) -> timedelta:
        """Return how far back a role may look; nothing, when the policy does not say."""
        return next((rule.period for rule in self.look_back if rule.role is role), timedelta(0))


class AuditSubject(StrEnum):
    """What an audit draws its sample from."""

    SEARCHES = "searches"
    ACCOUNTS = "accounts"


class AuditPlan(_Section):
    """An audit that comes due by itself."""

    name: Key
    covers: Words
    draws: AuditSubject = AuditSubject.SEARCHES
    every: timedelta = Field(ge=_DAY)
    auditor: Words = Field(description="Job title of who audits.")
    approver: Words = Field(description="Job title of who approves the report.")
    sample: int = Field(50, ge=1, le=1000, description="Searches, or accounts, drawn at random.")
    keep: timedelta = Field(ge=timedelta(days=365), description="How long the audit's documents are kept.")


class Monitoring(_Section):
    """Element C: how use is watched, and the process for periodic system audits."""

    text: str = ""
    audits: tuple[AuditPlan, ...] = ()


class AgencyKind(StrEnum):
    """What a partner is, in the words of 1798.90.5(f) and .55."""

    PUBLIC = "public-agency"
    FEDERAL = "federal-agency"
    FOREIGN = "foreign-agency"
    PRIVATE = "private"


class Partner(_Section):
    """An entity that may receive data."""

    name: Words
    kind: AgencyKind
    state: State
    right: Words = Field(description="Its right to know: the law that lets it have the data.")
    need: Words = Field(description="Its need to know.")
    agreement: Words = Field(description="Document and date of signature.")
    until: date
    scope: Literal["hits", "queries"] = "hits"


class Sharing(_Section):
    """Element D: purposes of, process for, and restrictions on sale, sharing and transfer."""

    sale: Literal["prohibited"] | None = None  # there is no other value: the machine cannot sell
    purposes: str = ""
    process: str = ""
    restrictions: str = ""
    onward: Literal["prohibited"] | None = None
    partners: tuple[Partner, ...] = ()


class Accuracy(_Section):
    """Element F: how reads are kept right, and errors corrected."""

    verification: str = ""
    correction: str = ""
    contact: str = ""
    train_on_corrections: bool = Field(False, description="Whether corrected misreads may be used to train the reader.")
    answer_within: timedelta | None = None


class Transparency(_Section):
    """The figures that the agency publishes of the use of the system."""

    every: Every = Field(Every.QUARTER, description="What one report covers.")
    publish_after: timedelta = Field(
        timedelta(days=14), ge=timedelta(0), le=timedelta(days=92), description="So that the last hits can be closed."
    )
    small_below: int = Field(5, ge=3, le=100, description="A count from 1 up to, not including, this is not printed.")


class Safeguards(_Section):
    """What protects the data: the four kinds of 1798.90.51(a)."""

    operational: str = ""
    administrative: str = ""
    technical: str = ""
    physical: str = ""


class Policy(_Section):
    """The policy of one agency. Retention is element G."""

    version: str = Field("", max_length=40)
    effective: date | None = None
    profile: Key = Field("california", description="The law it is held against: one of the shipped profiles.")
    agency: Agency = Agency()
    custodian: Custodian = Custodian()
    purposes: tuple[Purpose, ...] = ()
    trainings: tuple[Training, ...] = ()
    designations: tuple[Designation, ...] = ()
    access: AccessRules = AccessRules()
    entries: EntryRules = EntryRules()
    searches: SearchRules = SearchRules()
    monitoring: Monitoring = Monitoring()
    sharing: Sharing = Sharing()
    accuracy: Accuracy = Accuracy()
    transparency: Transparency = Transparency()
    retention: Retention
    safeguards: Safeguards = Safeguards()

    @model_validator(mode="after")
    def _names_mean_one_thing(self) -> "Policy":
        for what, names in (
            ("purposes", [purpose.key for purpose in self.purposes]),
            ("trainings", [training.key for training in self.trainings]),
            ("designations", [designation.title for designation in self.designations]),
            ("audits", [plan.name for plan in self.monitoring.audits]),
            ("partners", [partner.name for partner in self.sharing.partners]),
        ):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"{what}: {', '.join(twice)} stands there twice")
        known = {training.key for training in self.trainings}
        for designation in self.designations:
            unknown = sorted(set(designation.trainings) - known)
            if unknown:
                raise ValueError(
                    f"designation {designation.title}: training {', '.join(unknown)} is not in [[trainings]]"
                )
        return self

    def purpose(self, key: str) -> Purpose | None:
        """Return an authorised purpose, or None."""
        return next((purpose for purpose in self.purposes if purpose.key == key), None)

    def training(self, key: str) -> Training | None:
        """Return a training, or None."""
        return next((training for training in self.trainings if training.key == key), None)

    def designation(self, title: str) -> Designation | None:
        """Return a job title that may have access, or None."""
        return next((designation for designation in self.designations if designation.title == title), None)

    def trainings_of(self, role: Role, title: str = "") -> frozenset[str]:
        """Return the trainings that a title needs; without a title, all that the titles of the role need."""
        titles = [d for d in self.designations if d.role is role and (not title or d.title == title)]
        return frozenset(key for designation in titles for key in designation.trainings)


def parse_policy(text: str, name: str) -> Policy:
    """Return the policy that a TOML text holds; raise ConfigError that names the file and every fault in it."""
    if len(text) > TEXT_MAX:
        raise ConfigError(f"{name}: {len(text):,} characters, limit {TEXT_MAX:,}")
    try:
        return Policy.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name}: not TOML: {error}") from None
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise ConfigError(f"{name}: {faults}") from None
