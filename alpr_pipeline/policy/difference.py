"""What changed between two policies, in words."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from alpr_pipeline.policy.policy import Policy
from alpr_pipeline.policy.words import period_in_words

_NAMES = ("key", "name", "title", "role")  # what tells the items of a list apart


def difference(before: Policy, after: Policy) -> list[str]:
    """Return one sentence for each change; none when the two mean the same."""
    return list(_changes("", before.model_dump(), after.model_dump()))


def _changes(place: str, before: Any, after: Any) -> Iterator[str]:
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in before:
            yield from _changes(f"{place}.{name}".lstrip("."), before[name], after[name])
    elif _is_list_of_things(before) or _is_list_of_things(after):
        yield from _items(place, before, after)
    elif isinstance(before, timedelta) and isinstance(after, timedelta):
        way = "shorter" if after < before else "longer"
        yield f"{place}: from {period_in_words(before)} to {period_in_words(after)}: {way}"
    elif not before:
        yield f"{place}: now {_shown(after)}"
    elif not after:
        yield f"{place}: no longer {_shown(before)}"
    else:
        yield f"{place}: from {_shown(before)} to {_shown(after)}"


def _items(place: str, before: Sequence[Any], after: Sequence[Any]) -> Iterator[str]:
    old, new = ({_name(item): item for item in items} for items in (before, after))
    yield from (f"{place}: {name} is gone" for name in old if name not in new)
    yield from (f"{place}: {name} is new" for name in new if name not in old)
    for name in old:
        if name in new:
            yield from _changes(f"{place} {name}", old[name], new[name])


def _is_list_of_things(value: Any) -> bool:
    return isinstance(value, Sequence) and bool(value) and isinstance(value[0], Mapping)


def _name(item: Mapping[str, Any]) -> str:
    return next(str(item[name]) for name in _NAMES if name in item)


def _shown(value: Any) -> str:
    if isinstance(value, timedelta):
        return period_in_words(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(str, value))
    return f'"{value}"' if isinstance(value, str) else str(value)
