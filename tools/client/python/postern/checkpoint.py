"""Proofs that the daemon cannot talk away (H6): reading checkpoints, and checking that one tree
extends another (RFC 6962). The forms are those of C2SP: tlog-checkpoint and signed-note."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

from ._ed25519 import verifies
from .errors import Error, ErrorKind

NOTE_BYTES_MAX = 16_384
HASH_BYTES = 32
KEY_HASH_BYTES = 4
SIGNATURE_BYTES = 64
ED25519 = b"\x01"


@dataclass(frozen=True)
class Checkpoint:
    """What the journal held when it was signed."""

    origin: str
    #: records
    size: int
    #: of the RFC 6962 tree over them
    root: bytes
    #: when it was signed, UTC nanoseconds; 0: not told
    time_ns: int = 0


@dataclass(frozen=True)
class _Verifier:
    name: str
    key: bytes
    hash: bytes


def _bad(why: str) -> Error:
    return Error(
        ErrorKind.contradiction,
        f"The checkpoint {why}.",
        "Do not rely on this history; compare it with a checkpoint kept elsewhere.",
    )


def _decode(text: str) -> bytes | None:
    """Canonical base64 alone."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if base64.b64encode(data).decode() == text and data else None


def _number(text: str, least: int, most: int) -> int | None:
    """Digits alone, without zeros before them."""
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or str(int(digits[:20])) != digits:
        return None
    return int(text) if least <= int(text) <= most else None


def _verifier_in(text: str) -> _Verifier | None:
    """name+hash+key."""
    parts = text.split("+", 2)
    key = _decode(parts[2]) if len(parts) == 3 and parts[0] else None
    if key is None or len(key) != 1 + HASH_BYTES or key[:1] != ED25519:
        return None
    told = hashlib.sha256(parts[0].encode() + b"\n" + key).digest()[:KEY_HASH_BYTES]
    if parts[1].lower() != told.hex():
        return None
    return _Verifier(parts[0], key[1:], told)


def read_checkpoint(note: str) -> Checkpoint:
    """What its text says, whoever signed it. Raises `contradiction` if it is malformed."""
    lines = note.split("\n\n", 1)[0].split("\n")
    size = _number(lines[1], 1, 2**64 - 1) if len(lines) > 2 else None
    root = _decode(lines[2]) if len(lines) > 2 else None
    if size is None or root is None or len(root) != HASH_BYTES or not lines[0]:
        raise _bad("is malformed")
    time_ns = 0
    for line in lines[3:]:
        if line.startswith("time_ns "):
            time_ns = _number(line.removeprefix("time_ns "), -(2**63), 2**63 - 1) or 0
    return Checkpoint(lines[0], size, root, time_ns)


def open_checkpoint(note: str, verifier_key: str) -> Checkpoint:
    """The same, if it was signed by this key (name+hash+key), `usage` if that is malformed."""
    verifier = _verifier_in(verifier_key)
    if verifier is None:
        raise Error(
            ErrorKind.usage,
            "This is no verifier key.",
            "Take the line that posternd prints at its start: "
            "postern/<installation>+<hash>+<key>.",
        )
    gap = note.rfind("\n\n")
    if len(note) > NOTE_BYTES_MAX or gap < 0 or not note.endswith("\n"):
        raise _bad("has no signature")
    _check_signatures(note[gap + 2 : -1], note[: gap + 1], verifier)
    checkpoint = read_checkpoint(note)
    if checkpoint.origin != verifier.name:
        raise _bad("is about another journal than this daemon's")
    return checkpoint


def _check_signatures(lines: str, text: str, verifier: _Verifier) -> None:
    """Every line that names the verifier must hold, and one must be there."""
    found = False
    for line in lines.split("\n"):
        if not line.startswith("— "):
            raise _bad("has a line that is no signature")
        name, _, encoded = line.removeprefix("— ").partition(" ")
        data = _decode(encoded)
        if data is None or len(data) <= KEY_HASH_BYTES:
            raise _bad("has a malformed signature")
        if name != verifier.name or data[:KEY_HASH_BYTES] != verifier.hash:
            continue
        signature = data[KEY_HASH_BYTES:]
        if len(signature) != SIGNATURE_BYTES or not verifies(
            verifier.key, signature, text.encode()
        ):
            raise _bad("was changed after it was signed, or not signed by the daemon's key")
        found = True
    if not found:
        raise _bad("is not signed by the daemon's key")


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def proves_consistency(hashes: bytes, before: Checkpoint, after: Checkpoint) -> bool:
    """`hashes`: 32 bytes each, as ProofPage has them. False too if `before` is the larger one."""
    if not 0 < before.size <= after.size or len(hashes) % HASH_BYTES:
        return False
    if before.size == after.size:
        return not hashes and before.root == after.root
    path = [hashes[i : i + HASH_BYTES] for i in range(0, len(hashes), HASH_BYTES)]
    # RFC 9162, 2.1.4.2, which says for RFC 6962's proofs how to check them.
    if before.size & (before.size - 1) == 0:
        path.insert(0, before.root)
    if not path:
        return False
    first, second = before.size - 1, after.size - 1
    while first & 1:
        first, second = first >> 1, second >> 1
    earlier = later = path[0]
    for one in path[1:]:
        if second == 0:
            return False
        if first & 1 or first == second:
            earlier, later = _node(one, earlier), _node(one, later)
            while not first & 1 and first:
                first, second = first >> 1, second >> 1
        else:
            later = _node(later, one)
        first, second = first >> 1, second >> 1
    return second == 0 and earlier == before.root and later == after.root
