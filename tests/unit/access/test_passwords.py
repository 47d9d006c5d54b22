"""Passwords are hashed slowly, and as slowly where there is no account."""

from argon2 import Type, extract_parameters

from alpr_pipeline.access import passwords
from alpr_pipeline.access.passwords import hash_password, outdated, verify


def test_a_hash_costs_what_rfc_9106_recommends() -> None:
    """Argon2id over 64 MiB, three times, in four lanes: its second recommendation."""
    found = extract_parameters(hash_password("somebody", "correct horse battery"))
    assert (found.type, found.memory_cost, found.time_cost, found.parallelism) == (Type.ID, 65_536, 3, 4)


def test_an_account_that_does_not_exist_costs_as_much_as_one_that_does() -> None:
    """Nobody can tell by the time; the hash that is tried has today's parameters, and no password opens it."""
    assert not outdated(passwords._NOBODYS)
    assert not verify("correct horse battery", None)


def test_a_weaker_hash_is_outdated() -> None:
    """It is made anew at the next sign-in."""
    assert outdated("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$6+7n4DSCR7w2rfkZ3xnvcg")
