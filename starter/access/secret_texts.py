"""Secrets that we make: 256 random bits as text, of which only a digest is kept.

The digest is a plain SHA-256. Slow, salted hashes protect what people think up, since that can be guessed; of 2**256
equally likely secrets none can, however fast the hash.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

_BYTES = 32


def new_secret() -> str:
    """43 characters of letters, digits, `-` and `_`."""
    return secrets.token_urlsafe(_BYTES)


def new_id() -> str:
    """12 lower-case letters and digits; names a secret without telling it."""
    return base64.b32encode(secrets.token_bytes(8)).decode().lower()[:12]


def digest_of(secret: str) -> str:
    """What is kept of a secret: 64 hexadecimal digits."""
    # What a client sends may hold half a character, which has no encoding of its own.
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


def matches(secret: str, digest: str) -> bool:
    """Whether this is the secret of which that was kept, in a time that tells nothing."""
    return hmac.compare_digest(digest_of(secret), digest)


def derived(secret: str, purpose: str) -> str:
    """Another secret for `purpose`, the same each time, that does not tell the first: 64 hexadecimal digits."""
    return hmac.new(secret.encode(errors="surrogatepass"), purpose.encode(), hashlib.sha256).hexdigest()
