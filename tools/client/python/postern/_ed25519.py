"""The only place of the client that knows Ed25519, from the package `cryptography`; needed for
signed commands and for the remembered checkpoint alone."""

from __future__ import annotations

from typing import Any

from .errors import Error, ErrorKind


def _module() -> Any:
    try:
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError as wrong:
        raise Error(
            ErrorKind.usage,
            "Signatures and checkpoints need the package 'cryptography', which is not there.",
            "Install it (Debian: python3-cryptography), or do without both.",
        ) from wrong
    return ed25519


def sign(seed: bytes, data: bytes) -> bytes:
    signature: bytes = _module().Ed25519PrivateKey.from_private_bytes(seed).sign(data)
    return signature


def verifies(public_key: bytes, signature: bytes, data: bytes) -> bool:
    module = _module()
    from cryptography.exceptions import InvalidSignature

    try:
        module.Ed25519PublicKey.from_public_bytes(public_key).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True
