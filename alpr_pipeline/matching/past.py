"""Holding reads that are stored against an entry that is new."""

from collections.abc import Iterable
from datetime import datetime

from alpr_pipeline.domain.hit import Hit
from alpr_pipeline.domain.hotlist import EntryAdded, HotlistEntry, MatchRule
from alpr_pipeline.domain.read import PlateRead
from alpr_pipeline.matching.index import Cautions, HotlistIndex
from alpr_pipeline.matching.matcher import hits_of
from alpr_pipeline.matching.similar import variants


def texts_for(entry: HotlistEntry) -> list[str]:
    """Return the texts whose reads may meet an entry: its plate, and what looks like it unless it must be exact.

    A read whose best text looks nothing like the plate is not looked for: its candidates are in no index.
    """
    if entry.match is MatchRule.EXACT:
        return [entry.plate]
    return [entry.plate, *variants(entry.plate)]


def past_hits(entry: HotlistEntry, reads: Iterable[PlateRead], now: datetime, cautions: Cautions) -> list[Hit]:
    """Return the hits of reads that passed before, each marked so, by the same rules as any other."""
    index = HotlistIndex(cautions)
    index.apply(EntryAdded(entry=entry))
    found = (hit for read in reads for hit in hits_of(read, index.lookup(read, now), now))
    return [hit.model_copy(update={"past": True}) for hit in found]
