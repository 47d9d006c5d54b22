"""Finds what may not stand in a hot list: it watches vehicles and holds no person (DESIGN decision 8).

A rule for each kind of thing, tried on every free text. How often the rules are wrong, either way, is measured on a
corpus of their own (`tests/unit/matching/personal_corpus.toml`) and written down in `docs/hotlists.md`.
"""

import re
import unicodedata
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise

PERSONAL_COLUMNS = frozenset(
    {"name", "firstname", "lastname", "surname", "fullname", "givenname", "familyname", "owner", "driver", "suspect"}
    | {"registeredowner", "subject", "victim", "nam", "dob", "birthdate", "dateofbirth", "birthday", "age", "pob"}
    | {"ssn", "soc", "socialsecurity", "socialsecuritynumber", "sid", "fbi", "fbinumber", "driverslicense", "dl"}
    | {"oln", "olnnumber", "driverlicense", "passport", "mnu", "phone", "telephone", "mobile", "cell", "email"}
    | {"address", "street", "homeaddress", "race", "rac", "sex", "gender", "nationality", "ethnicity", "hgt", "wgt"}
    | {"hair", "hai", "eyes", "eye", "smt"}
)

# "26-0001", "DR 24-123456": what nearly every reference looks like, let through without a further look.
_HARMLESS = re.compile(
    r"(?!TEL|CELL|CALL|PHONE|DOB|BORN|DL|SID|SSN|OLN|FBI|CII|NHS|MR|MS|DR )"
    r"[A-Z]{0,6}[-/ ]?(?:\d{0,6}|\d{2,4}[-/]\d{4,9})"
)

_BARE_NUMBER = re.compile(r"(?<!\w)\d{9,10}(?!\w)")
_YEAR_OF_BIRTH = r"(?:19[2-9]\d|200\d|201[0-5])"
_MONTH = r"(?:0?[1-9]|1[0-2])"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_MONTH_NAME = r"(?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)[a-z]*\.?"
_STREET = r"(?:street|st|avenue|ave|road|rd|lane|ln|drive|dr|boulevard|blvd|court|ct|way|terrace|close|crescent)"
_TITLES = (
    r"(?:Mr|Mister|Mrs|Ms|Miss|Dr|Prof|Herr|Frau|Mme"
    r"|Sgt|Sergeant|Det|Detective|Ofc|Officer|Deputy|Dep|Lt|Lieutenant|Capt|Trooper|PC|DC|Insp)"
)

_PATTERNS = {
    "a birth date": re.compile(
        rf"\b(?:DOB|D\.O\.B\.?|born|birth(?:date|day)?)\b|\bDOB\d"
        rf"|\b{_DAY}[ -]{_MONTH_NAME},?[ -]{_YEAR_OF_BIRTH}\b|\b{_MONTH_NAME} {_DAY},? {_YEAR_OF_BIRTH}\b"
        rf"|\b{_MONTH}[/.-]{_DAY}[/.-]{_YEAR_OF_BIRTH}\b|\b{_DAY}[/.-]{_MONTH}[/.-]{_YEAR_OF_BIRTH}\b"
        rf"|(?<![\w/.]){_MONTH}[/.]{_DAY}[/.][4-9]\d(?![\w/.])|(?<![\w/.]){_DAY}[/.]{_MONTH}[/.][4-9]\d(?![\w/.])"
        rf"|^b\.? ?{_YEAR_OF_BIRTH}$|\b{_YEAR_OF_BIRTH}[-/.]{_MONTH}[-/.]{_DAY}\b"
        rf"|(?<![\w-]){_YEAR_OF_BIRTH}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?![\w-])",
        re.IGNORECASE,
    ),
    "a social security number": re.compile(r"\b\d{3}-\d{2}-\d{4}\b|\bSSN(?![a-z])|\bsocial security\b", re.IGNORECASE),
    "an identity number": re.compile(
        r"\b(?:OLN|D\.?L\.?#?|driver'?s? licen[cs]e|passport|FBI ?(?:no|number|#)|SID|CII|NHS|national insurance)\b"
        r"[ .:#]*\w*\d"
        r"|\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b",
        re.IGNORECASE,
    ),
    "an e-mail address": re.compile(r"\b[\w.+-]+@[\w-]+\.\w+"),
    "a telephone number": re.compile(
        r"\+\d[\d ()-]{7,}\d|(?<![\w-])\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?![\w-])|\b0\d{2,4} \d{3,4} ?\d{3,4}\b"
        r"|\b(?:tel|phone|cell|mobile|call)\b\.?:? ?\+?\(?\d|\bph\b[.:]* ?\+?\(?\d{3}"
        # Ten digits as North America dials them. A number that begins with 1 or 2 may as well begin with a year.
        r"|(?<![\w-])[3-9]\d\d[2-9]\d{6}(?![\w-])",
        re.IGNORECASE,
    ),
    "a name in a social network": re.compile(r"(?<!\S)@\w{3,}"),
    "an address": re.compile(
        r"\bP\.?O\.? Box \d|\b(?:apt|apartment)\.? #?\d|\b(?:lives|living|resides|residing) (?:at|in|on|with)\b"
        rf"|\b\d{{1,5}}[A-Za-z]? (?:[NSEW]\.? )?(?:[A-Za-z]+ ){{1,3}}{_STREET}\b",
        re.IGNORECASE,
    ),
    "a description of a person": re.compile(
        r"\b(?:[WBHA]/?[MF]A?|white|black|hispanic|asian) (?:male|female|man|woman|adult|juvenile)\b|\b[WBHA]/[MF]\b"
        r"|\b(?:male|female)\b(?! (?:connector|plug|coupling))|\b(?:years?|yrs?) old\b"
        r"|\baged? \d\d\b|\b(?:WHT|BLK|HISP) FEM\b|\b\d{2} ?y/?o\b|\b[4-6]'\d{1,2}\b",
        re.IGNORECASE,
    ),
    "a person": re.compile(
        rf"\b{_TITLES}\.? (?:[A-Z]\.? )?[A-Z][a-z]+|\b(?:MR|MRS)\.? (?:[A-Z]\.? )?[A-Z]{{2,}}"
        r"|\b(?:(?:registered )?owner|driver|suspect|subject|victim|AKA|alias|R/O)\b"
        r"(?!'?s?(?: side| door)? (?:vehicle|veh|car|plate|unknown|side|door|seat|window)\b)[ :]+\w+"
        r"|\b(?:wife|husband|girlfriend|boyfriend) [A-Z][a-z]+"
        r"|\b(?:wife|husband|girlfriend|boyfriend|mother|father|brother|sister|son|daughter) of\b"
    ),
}  # fmt: skip

_WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
_BETWEEN_NAMES = re.compile(r"\s+(?:[A-Za-z]\.?\s+)?")  # a space, or a middle initial
_NAME_AND_COMMA = re.compile(r"[A-Z][a-z]+, [A-Z][a-z]+")
_INITIAL_AND_NAME = re.compile(  # "J. Doe"; N. Hollywood is a place
    r"(?<![\w.])(?![NSEW]\. )(?:[A-Z]\. ?){1,2}([A-Z][a-z]{2,})(?![\w.])"
)
_NAME_AND_INITIAL = re.compile(r"([A-Z][\w'-]+), [A-Z]\.?")  # "Doe, J."
_NAME_FIRST = re.compile(r"([^\W\d_][^\W\d_'-]+) ([^\W\d_]{2,})(?: [A-Z]\.?)?")  # "Doe Jane", "DOE JANE Q"
_ACCOUNT = re.compile(r"([a-z]{2,})[._]([a-z]{2,})")  # "jane.doe"
_PLACES_BEGIN = frozenset(  # Fort Wayne, San Jose, Port Arthur, King George
    {"fort", "ft", "port", "saint", "st", "san", "santa", "santo", "lake", "mount", "mt", "point", "pt", "cape", "camp"}
    | {"prince", "king", "queen", "glen", "new", "castle", "north", "south", "east", "west", "el", "la", "los", "las"}
)
_ORGANISATION = re.compile(
    r"\b(?:police|sheriff'?s?|department|dept|county|state|highway|patrol|city|town|university|college|court|agency"
    r"|constabulary|office|force|unit|division|district|bureau|task|team|command|parish|province|PD|SO|HP|DOJ|FBI|CHP"
    r"|security|services?|authority|marshal'?s?|ministry|customs|border|center|centre|council|port|airport"
    r"|attorney|hills|heights|springs|gardens|falls|junction)\b",
    re.IGNORECASE,
)


def _folded(word: str) -> str:
    """Return a word in lower case and without accents."""
    return "".join(part for part in unicodedata.normalize("NFKD", word).lower() if not unicodedata.combining(part))


def _lines(name: str) -> frozenset[str]:
    text = (files("alpr_pipeline.matching") / name).read_text(encoding="utf-8")
    return frozenset(word for line in text.splitlines() if not line.startswith("#") for word in _folded(line).split())


_GIVEN_NAMES = _lines("given_names.txt")
_VEHICLE_WORDS = _lines("vehicle_words.txt")


def personal_column(header: str) -> bool:
    """Return whether a column's name says that it holds a person's data."""
    return re.sub(r"[^a-z]", "", header.lower()) in PERSONAL_COLUMNS


def personal_content(text: str, *, reference: bool = True) -> str | None:
    """Return what a text seems to hold of a person ("a birth date"), or None.

    A reference may be a bare number of nine or ten digits, and nothing tells it from a social security number or a
    telephone's; elsewhere such a number has no business.
    """
    if _HARMLESS.fullmatch(text):
        return None
    return _found(text) or (None if reference or not _BARE_NUMBER.search(text) else "an identity number")


@lru_cache(maxsize=20_000)
def _found(text: str) -> str | None:
    found = next((what for what, pattern in _PATTERNS.items() if pattern.search(text)), None)
    return found or ("a person's name" if _named(text) else None)


def _named(text: str) -> bool:
    """Return whether two words that stand together are a given name and a family name.

    An organisation may be named after a person, and so may the make of a vehicle.
    """
    if _named_otherwise(text):
        return True
    if _NAME_AND_COMMA.fullmatch(text) and all(_family(word.lower(), word) for word in text.split(", ")):
        return True  # "Doe, Xiomara", whatever the given name
    found = (match for match in _WORD.finditer(text) if len(match.group()) > 1)
    words = [(_folded(match.group()), match) for match in found]
    for (first, here), (second, there) in pairwise(words):
        between = text[here.end() : there.start()]
        if between in {"/", ";", "_"} and (
            (first in _GIVEN_NAMES and _family(second, there.group()))
            or (second in _GIVEN_NAMES and _family(first, here.group()))
        ):
            return True  # "DOE/JANE"
        if between.strip() == "," and second in _GIVEN_NAMES and _family(first, here.group()):
            return True  # "Doe, Jane"
        if _BETWEEN_NAMES.fullmatch(between) and first.split("-")[0] in _GIVEN_NAMES and _family(second, there.group()):
            return not _ORGANISATION.search(text)  # "Jane Doe"
    return False


def _named_otherwise(text: str) -> bool:
    """Return whether a text holds an initial and a family name, or is nothing but a family name and a given name."""
    if (found := _INITIAL_AND_NAME.search(text)) and _family(found[1].lower(), found[1]):
        return not _ORGANISATION.search(text)
    if found := _NAME_AND_INITIAL.fullmatch(text):
        return _family(_folded(found[1]), found[1])
    if found := _NAME_FIRST.fullmatch(text):
        first, given = _folded(found[1]), _folded(found[2])
        return (
            given in _GIVEN_NAMES and found[2][0].isupper() and first not in _PLACES_BEGIN and _family(first, found[1])
        )
    if found := _ACCOUNT.fullmatch(text):
        return not _GIVEN_NAMES.isdisjoint(found.groups()) and _VEHICLE_WORDS.isdisjoint(found.groups())
    return False


def _family(word: str, written: str) -> bool:
    return written[0].isupper() and len(word) > 1 and word not in _VEHICLE_WORDS and not _ORGANISATION.fullmatch(word)
