"""Session tokens kept in the place of credentials that were verified (C11), in memory alone.

An entry is named by a hash of its credential under a key of this object's own, so a credential is
not kept, and only who has it finds its token. Limits: half of COUNT_MAX at least; when full, those
not met for longest go.
"""

from __future__ import annotations

import hashlib
import math
import os
from typing import NamedTuple

from . import schema

COUNT_MAX = 65_536
#: A prolonged session ends at least so much later than before.
PROLONGED_LEAST_S = 1.0


class Owner(NamedTuple):
    """Whose credential: what is known of it without asking. A key tells no username."""

    tenant: str
    username: str


class KeptToken:
    __slots__ = ("owner", "token", "ends", "renew_at", "renewing")

    def __init__(self, owner: Owner, token: str, ends: float, renew_at: float) -> None:
        self.owner, self.token, self.ends, self.renew_at = owner, token, ends, renew_at
        self.renewing = False


def folded(name: str) -> str:
    """Usernames are the same without regard to the case of A to Z."""
    return name.lower() if name.isascii() else "".join(c.lower() if c < "\x80" else c for c in name)


def _lifetime_s(answer: schema.Answer) -> float:
    return (answer.body.expires_ns - answer.time_ns) / 1e9  # type: ignore[union-attr]


def _token_in(answer: schema.Answer) -> str:
    return answer.body.token or ""  # type: ignore[union-attr]


class KeptTokens:
    def __init__(self, count_max: int = COUNT_MAX) -> None:
        self._key = os.urandom(32)
        self._half_max = max(count_max // 2, 1)
        self._newer: dict[bytes, KeptToken] = {}
        self._older: dict[bytes, KeptToken] = {}

    def __len__(self) -> int:
        return len(self._newer) + len(self._older)

    def name_of(
        self,
        query: schema.Query,
        credential: schema.PasswordCredential | schema.KeyCredential,
    ) -> bytes:
        """For calls that come as this one does: from elsewhere the daemon looks again (C9)."""
        parts = [type(credential).__name__, query.tenant or ""]
        if (call := query.call) is not None:
            parts += [str(int(call.channel)), call.address or "", "tls" if call.tls else ""]
        if isinstance(credential, schema.PasswordCredential):
            parts += [credential.username or "", credential.password or ""]
        else:
            parts.append(credential.key or "")
        digest = hashlib.blake2b(key=self._key, digest_size=32)
        for part in parts:
            data = part.encode()
            # With its length before it, so that no two lists of parts are the same bytes.
            digest.update(len(data).to_bytes(8, "little") + data)
        return digest.digest()

    def find(self, name: bytes, now: float) -> KeptToken | None:
        """None: there is none, or its time is over."""
        kept = self._newer.get(name)
        if kept is None:
            kept = self._older.pop(name, None)
            if kept is None:
                return None
            self._age()
            self._newer[name] = kept
        if kept.ends > now:
            return kept
        del self._newer[name]
        return None

    def keep(self, name: bytes, owner: Owner, answer: schema.Answer, now: float) -> None:
        """Takes the answer's token, valid as long as the answer says from its own time on."""
        self.drop(name)
        self._age()
        lifetime = _lifetime_s(answer)
        token = _token_in(answer)
        self._newer[name] = KeptToken(owner, token, now + lifetime, now + lifetime / 2)

    def renew(self, kept: KeptToken, answer: schema.Answer, now: float) -> None:
        lifetime = _lifetime_s(answer)
        # At the session's own end nothing prolongs it any more.
        prolongs = now + lifetime > kept.ends + PROLONGED_LEAST_S
        kept.renew_at = now + lifetime / 2 if prolongs else math.inf
        kept.ends = now + lifetime
        kept.token = _token_in(answer)

    def drop(self, name: bytes) -> None:
        self._newer.pop(name, None)
        self._older.pop(name, None)

    def drop_user(self, tenant: str, username: str) -> None:
        """Whatever password or spelling of the name it was got with."""
        theirs = Owner(tenant, folded(username))
        for half in (self._newer, self._older):
            for name, kept in list(half.items()):
                if (kept.owner.tenant, folded(kept.owner.username)) == theirs:
                    del half[name]

    def _age(self) -> None:
        """Makes room in the newer half."""
        if len(self._newer) >= self._half_max:
            self._older, self._newer = self._newer, {}
