"""What a program is told of a hit."""

from typing import Any

from alpr_pipeline.alerting.routing import Letter

NOTICE = "Not confirmed: check plate, issuer and vehicle, and that the entry is still active."


def message_of(letter: Letter) -> dict[str, Any]:
    """Return all of a hit, and that nobody has confirmed it."""
    return {
        "type": "hit.escalated" if letter.escalated else "hit.possible",
        "id": letter.delivery_id,
        "confirmed": False,
        "notice": NOTICE,
        "issuer": letter.hit.issuer,
        "hit": letter.hit.model_dump(mode="json"),
    }
