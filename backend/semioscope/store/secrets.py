"""Ids that may be shown and secrets that may not: made, hashed, compared."""

import hashlib
import hmac
import secrets


def new_id(prefix: str = "") -> str:
    """`prefix` and 22 URL-safe characters: 132 random bits."""
    return prefix + secrets.token_urlsafe(17)[:22]


def new_secret() -> str:
    """43 URL-safe characters: 256 random bits."""
    return secrets.token_urlsafe(32)


def hash_of(secret: str) -> bytes:
    """What is stored of a secret. A plain SHA-256 suffices: nobody can guess 256 bits."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def matches(secret: str, stored_hash: bytes) -> bool:
    """Whether the secret is the one that was hashed, in constant time."""
    return hmac.compare_digest(hash_of(secret), stored_hash)
