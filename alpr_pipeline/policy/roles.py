"""Who may do what: roles and rights as one table."""

from enum import StrEnum


class Right(StrEnum):
    """Something that one may be allowed to do."""

    SEE_HITS = "see-hits"
    ACT_ON_HITS = "act-on-hits"
    SEE_HOTLISTS = "see-hotlists"
    LOAD_HOTLISTS = "load-hotlists"
    SEE_METRICS = "see-metrics"


class Role(StrEnum):
    """What somebody is here for."""

    DISPATCHER = "dispatcher"
    OPERATOR = "operator"
    INVESTIGATOR = "investigator"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


RIGHTS: dict[Role, frozenset[Right]] = {
    Role.DISPATCHER: frozenset({Right.SEE_HITS, Right.ACT_ON_HITS, Right.SEE_HOTLISTS}),
    Role.OPERATOR: frozenset({Right.SEE_HOTLISTS, Right.LOAD_HOTLISTS, Right.SEE_METRICS}),
    Role.INVESTIGATOR: frozenset({Right.SEE_HITS, Right.SEE_HOTLISTS}),
    Role.AUDITOR: frozenset({Right.SEE_HOTLISTS, Right.SEE_METRICS}),
    Role.ADMINISTRATOR: frozenset({Right.SEE_METRICS}),  # keeps the machine running, and looks at nobody's car
}


def allows(role: Role, right: Right) -> bool:
    """Return whether a role has a right."""
    return right in RIGHTS[role]
