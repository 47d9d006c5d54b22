"""Passwords: how long, and how kept (argon2id, with the library's parameters for RFC 9106)."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from alpr_pipeline.errors import ConfigError

LENGTH_MIN = 12
LENGTH_MAX = 256

_HASHER = PasswordHasher()
_NOBODYS = (  # of a random text that nobody kept: what is verified for an account that does not exist
    "$argon2id$v=19$m=65536,t=3,p=4$KiJdhXopWMuDVzeApQbXOg$Ckot0zepcdm5shqQrT+lOmseFYLTWoRuC5TzzZ7drT0"
)


def hash_password(username: str, password: str) -> str:
    """Return what to store for a password; raise ConfigError when it is too easy to guess or too long to hash."""
    if not LENGTH_MIN <= len(password) <= LENGTH_MAX:
        raise ConfigError(f"a password has {LENGTH_MIN} to {LENGTH_MAX} characters")
    if username.lower() in password.lower() or len(set(password)) < LENGTH_MIN // 2:
        raise ConfigError("a password does not hold the user name, nor few characters again and again")
    return _HASHER.hash(password)


def verify(password: str, stored: str | None) -> bool:
    """Return whether a password is the stored one. Takes as long when there is no such account, so nobody can tell."""
    try:
        return _HASHER.verify(stored or _NOBODYS, password) and stored is not None
    except (VerifyMismatchError, InvalidHashError):
        return False


def outdated(stored: str) -> bool:
    """Return whether a hash was made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(stored)
