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
from alpr_pipeline.domain.picture import PictureKind
from alpr_pipeline.domain.verification import (
    Act,
    Confirmed,
    Disposed,
    Disposition,
    HitState,
    Refutation,
    Refuted,
    Seen,
    SetAside,
    Step,
    Verified,
)
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


SEEN = Step(by="some-dispatcher", at=NOON, act=Seen())
CHECKED = Step(by="some-dispatcher", at=NOON, act=Verified(characters=True, issuer=True, vehicle=True))
ASKED = Step(by="some-dispatcher", at=NOON, act=Confirmed(said_by="Demo Sheriff, desk", said_how="telephone"))
WAYS = [(), (SEEN,), (SEEN, CHECKED), (SEEN, CHECKED, ASKED)]


def at_step(*steps: Step) -> StoredHit:
    return waiting(state=steps[-1].act.to if steps else HitState.NEW, steps=steps)


@pytest.mark.parametrize("steps", WAYS)
def test_only_a_confirmed_hit_does_not_forbid_to_act(steps: tuple[Step, ...]) -> None:
    """Until the entry is confirmed active, every view of a hit says that nobody may act on it."""
    text = words_of(detail(at_step(*steps)))
    assert ("Do not act on it." in text) is (len(steps) < 3)
    assert ("CONFIRMED ACTIVE" in text) is (len(steps) == 3)
    assert ("NOT VERIFIED A hit is not probable cause." in text) is (len(steps) < 2)


@pytest.mark.parametrize(("steps", "asked"), list(zip(WAYS, [None, "verified", "confirmed", "disposed"], strict=True)))
def test_one_step_is_asked_at_a_time(steps: tuple[Step, ...], asked: str | None) -> None:
    """The next one alone has a form; what comes later says that it is not done yet."""
    html = detail(at_step(*steps))
    forms = [form for form in re.findall(r'data-step-form="([\w-]+)"', html) if form not in {"refuted", "set-aside"}]
    assert forms == ([asked] if asked else [])
    assert ("data-see" in html) is not bool(steps)
    assert html.count("not yet</span>") == 3 - len(steps)


def test_a_missing_picture_asks_for_a_witness() -> None:
    """Without both pictures nobody can check against both: somebody must see the vehicle."""
    both = replace(at_step(SEEN), pictures=(PictureKind.PLATE, PictureKind.OVERVIEW))
    assert re.search(r"<label data-witness\s+hidden", detail(both))
    assert re.search(r"<label data-witness\s*>", detail(at_step(SEEN)))


def test_who_may_not_act_sees_no_controls() -> None:
    """An investigator sees hits and cannot act on them."""
    html = detail(waiting(), Role.INVESTIGATOR)
    assert "does not act on them" in html
    assert "<button" not in html


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (Refuted(reason=Refutation.MISREAD, says="DEM0123", note="seen twice"), "REFUTED: MISREAD"),
        (SetAside(note="seen twice"), "SET ASIDE, NOT CONFIRMED"),
        (Disposed(disposition=Disposition.ARRESTED, note="seen twice"), "CLOSED: ARRESTED"),
    ],
)
def test_a_closed_hit_says_how_and_by_whom(act: Act, words: str) -> None:
    """And nothing is left to do with it."""
    before = (SEEN, CHECKED, ASKED) if isinstance(act, Disposed) else (SEEN,)
    html = detail(at_step(*before, Step(by="a-colleague", at=NOON, act=act)))
    text = words_of(html)
    assert words in text
    assert "By a-colleague" in text
    assert "seen twice" in text
    assert "data-send" not in html
    assert ("Do not act on it" in text) is not isinstance(act, Disposed)


def test_a_different_issuer_is_said() -> None:
    """On the card, in the facts and beside the tick."""
    stored = replace(at_step(SEEN), hit=a_hit(a_read(region="US-NV"), an_entry(issuer="US-CA")))
    assert "≠ The camera read Nevada (US-NV)." in words_of(detail(stored))
    card = render("_card.html", stored=stored, caller=Caller("a", Role.DISPATCHER), camera_names={}, now=NOON)
    assert "≠ issuer" in words_of(card)


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
    refuted = Step(by=evil, at=NOON, act=Refuted(reason=Refutation.MISREAD, note=evil))
    html = detail(replace(at_step(SEEN, refuted), hit=a_hit(entry=entry)))
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
