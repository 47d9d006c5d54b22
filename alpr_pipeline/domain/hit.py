"""A read that met an entry: possible until a person confirms it."""

import operator
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from alpr_pipeline.domain.hotlist import HotlistEntry
from alpr_pipeline.domain.issuer import IssuerAgreement, issuers_agree
from alpr_pipeline.domain.plate import PlateText
from alpr_pipeline.domain.read import PlateRead, Probability


class Hit(BaseModel):
    """A read that met an entry of a hot list. It carries both, so that it stands when either is gone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hit_id: UUID  # made of the read and the entry, so that a repeated match is the same hit
    read: PlateRead
    entry: HotlistEntry
    matched: PlateText  # the candidate of the read that is on the list
    probability: Probability  # that the plate is the entry's, given the picture
    matched_at: AwareDatetime
    past: bool = Field(default=False, exclude_if=operator.not_)  # read before its entry was made; never on the bus

    @property
    def exact(self) -> bool:
        """Whether the list has the very text that was read, not another candidate."""
        return self.matched == self.read.plate

    @property
    def issuer(self) -> IssuerAgreement:
        """Whether the issuer that was read is the list's."""
        return issuers_agree(self.read.region, self.entry.issuer)
