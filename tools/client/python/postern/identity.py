"""Ids and keys."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable

import zmq
from zmq.utils import z85

KEY_BYTES = 32
_decode: Callable[[bytes], bytes] = z85.decode


def make_uuid() -> uuid.UUID:
    """K1: a fresh UUIDv7, the system's clock in milliseconds and entropy."""
    random = int.from_bytes(os.urandom(10), "big")
    milliseconds = time.time_ns() // 1_000_000
    high = milliseconds << 16 | 0x7000 | (random >> 62 & 0xFFF)
    return uuid.UUID(int=high << 64 | 2 << 62 | (random & 2**62 - 1))


def make_key_pair() -> tuple[str, str]:
    """A public and a secret CURVE key, each 40 characters of Z85."""
    public, secret = zmq.curve_keypair()
    return public.decode(), secret.decode()


def parse_key(text: str) -> bytes | None:
    """The 32 bytes of a key in Z85."""
    try:
        key = _decode(text.encode("ascii")) if len(text) == 40 else b""
    except (ValueError, KeyError):
        return None
    return key if len(key) == KEY_BYTES else None
