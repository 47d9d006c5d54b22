"""Whom an entry and its hits are for: some roles, some agencies. A part that is empty leaves nobody out."""

from dataclasses import dataclass

from alpr_pipeline.domain.hotlist import HotlistEntry


@dataclass(frozen=True, slots=True)
class Viewer:
    """Whose eyes: a role, and the agency that somebody belongs to. None: the machine's own."""

    role: str | None = None
    agency: str | None = None

    def may_see(self, entry: HotlistEntry) -> bool:
        """Whether an entry, and so its hits, are for these eyes."""
        audience = entry.audience
        return audience is None or (
            (self.role is None or not audience.roles or self.role in audience.roles)
            and (self.agency is None or not audience.agencies or self.agency in audience.agencies)
        )

    @property
    def names(self) -> dict[str, str | None]:
        """What `is_for` asks for."""
        return {"viewer_role": self.role, "viewer_agency": self.agency}


MACHINE = Viewer()


def is_for(audience: str) -> str:
    """Return the SQL that says the same of an audience that is an expression of JSON; it asks for a viewer's names.

    The expression is worked out once: each time it stood here, a million entries were parsed again, in a second.
    """
    return f"""(SELECT its.audience IS NULL OR (
        (%(viewer_role)s::text IS NULL OR coalesce(its.audience -> 'roles', '[]') = '[]'
         OR its.audience -> 'roles' ? %(viewer_role)s)
        AND (%(viewer_agency)s::text IS NULL OR coalesce(its.audience -> 'agencies', '[]') = '[]'
             OR its.audience -> 'agencies' ? %(viewer_agency)s)
    ) FROM (SELECT ({audience})::jsonb AS audience OFFSET 0) AS its)"""  # noqa: S608  # of constants of ours
