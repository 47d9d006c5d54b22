"""Pages and their parts, as text."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from jinja2 import UndefinedError

from alpr_pipeline.access.sessions import Caller
from alpr_pipeline.console.pages import STATIC_FOLDER, render
from alpr_pipeline.domain.hit import Disposition, HitState
from alpr_pipeline.policy.roles import RIGHTS, Role
from alpr_pipeline.storage.hits import StoredHit
from tests.made import NOON, a_hit, a_read, an_entry
from tests.unit.console.test_queue import waiting

TEMPLATES = sorted((STATIC_FOLDER.parent / "templates").glob("*.html"))
STATIC = sorted(path for path in STATIC_FOLDER.rglob("*") if path.suffix in {".js", ".css", ".svg"})


def detail(stored: StoredHit, role: Role = Role.DISPATCHER, **facts: Any) -> str:
    """The opened hit as somebody of a role sees it a minute after noon."""
    return render(
        "_detail.html",
        stored=stored,
        hotlist=None,
        caller=Caller("some-dispatcher", role),
        rights=RIGHTS[role],
        now=NOON + timedelta(minutes=1),
        camera_names={},
        **facts,
    )


def words_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


@pytest.mark.parametrize("state", [HitState.NEW, HitState.ACKNOWLEDGED])
def test_an_open_hit_says_that_it_is_not_verified(state: HitState) -> None:
    """Until a person has closed it, every view of a hit says that it is no ground for anything."""
    text = words_of(detail(waiting(state=state, acknowledged_by="some-dispatcher", acknowledged_at=NOON)))
    assert "NOT VERIFIED A hit is not probable cause." in text


def test_nothing_can_be_closed_before_it_is_acknowledged() -> None:
    """The check appears after the acknowledgement: nothing skips a step."""
    new, acknowledged = waiting(), waiting(state=HitState.ACKNOWLEDGED, acknowledged_by="a", acknowledged_at=NOON)
    assert "data-acknowledge" in detail(new).replace("data-acknowledged-by", "")
    assert "data-verify" not in detail(new)
    assert "data-verify" in detail(acknowledged)


def test_who_may_not_act_sees_no_controls() -> None:
    """An investigator sees hits and cannot act on them."""
    html = detail(waiting(), Role.INVESTIGATOR)
    assert "does not act on them" in html
    assert "<button" not in html


@pytest.mark.parametrize(
    ("disposition", "words"),
    [(Disposition.CONFIRMED, "CONFIRMED Characters"), (Disposition.MISREAD, "CLOSED: MISREAD")],
)
def test_a_closed_hit_says_how_and_by_whom(disposition: Disposition, words: str) -> None:
    """Only the confirmed one is not told to be left alone."""
    stored = waiting(
        state=HitState.DISPOSED, disposition=disposition, disposed_by="a-colleague", disposed_at=NOON, note="seen twice"
    )
    text = words_of(detail(stored))
    assert words in text
    assert "By a-colleague" in text
    assert "seen twice" in text
    assert ("Do not act on it" in text) is (disposition is not Disposition.CONFIRMED)


def test_a_difference_is_said_by_sign_and_word() -> None:
    """Colour is never the only sign."""
    stored = replace(waiting(), hit=a_hit(a_read("DEM0123"), an_entry("DEMO123")))
    text = words_of(detail(stored))
    assert "≈ Not exact : 1 character differs" in text
    assert "≠ different" in text


def test_what_others_wrote_is_text_and_never_markup() -> None:
    """A list's words and a colleague's note are escaped."""
    evil = "<script>alert(1)</script>"
    entry = an_entry(authority=evil, reference="<b>", vehicle=evil)
    html = detail(replace(waiting(), hit=a_hit(entry=entry), note=evil))
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_a_missing_fact_is_an_error() -> None:
    """A template never shows an empty place where a fact should be."""
    with pytest.raises(UndefinedError):
        render("_card.html", stored=waiting())


def texts() -> Iterator[tuple[Path, str]]:
    for path in TEMPLATES + STATIC:
        yield path, path.read_text()


def test_no_page_holds_script_or_style_of_its_own() -> None:
    """The content security policy would refuse it, silently for whoever wrote it."""
    inline = re.compile(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=|javascript:", re.IGNORECASE)
    assert {
        path.name: found[0] for path, text in texts() if path.suffix == ".html" and (found := inline.search(text))
    } == {}


def test_nothing_comes_from_elsewhere() -> None:
    """No page asks another site for anything: the console works in a closed network, and tells nobody of its use."""
    elsewhere = re.compile(r"(?:https?:)?//(?!www\.w3\.org/2000/svg)[a-z0-9-]+\.[a-z]{2,}", re.IGNORECASE)
    assert {path.name: found[0] for path, text in texts() if (found := elsewhere.search(text))} == {}


def test_every_static_file_that_is_named_is_there() -> None:
    """A missing icon or sheet is found here, not at night."""
    named = {name for _, text in texts() for name in re.findall(r"/static/([\w./-]+\.\w+)", text)}
    assert {name for name in named if not (STATIC_FOLDER / name).is_file()} == set()
    drawn = set(re.findall(r'symbol id="([\w-]+)"', (STATIC_FOLDER / "icons.svg").read_text()))
    used = {name for _, text in texts() for name in re.findall(r'icon\("([\w-]+)"', text)} - {"priority-"}
    assert used <= drawn
