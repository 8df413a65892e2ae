"""The gate between messages and bytes, both ways. What comes back is looked at in this order: size,
identifier, version, then all of its structure within limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import schema
from ._connection import ANSWER_BYTES_MAX
from ._ed25519 import sign
from ._packing import BadMessage, Packed, pack
from ._reading import BadBytes, peek, place_of_bytes, unpack
from ._table import Table
from .errors import Error, ErrorKind, no_answer

PROTOCOL_VERSION = 1
MESSAGE_BYTES_MIN = 16
MESSAGE_BYTES_MAX = 1_048_576
#: One import of a provider's ranges.
IMPORT_BYTES_MAX = 4 * 1_048_576 + 65_536
RECORD_TABLES_MAX = 65_536
#: As schema/resending.h, which a test holds this against. Every other code is final.
TRY_AGAIN = frozenset({schema.Code.busy, schema.Code.not_yet, schema.Code.stopping})
NOT_FINAL = TRY_AGAIN | {
    schema.Code.disk_low,
    schema.Code.clock_suspect,
    schema.Code.journal_unavailable,
    schema.Code.erase_unfinished,
    schema.Code.command_id_expired,
}


@dataclass(frozen=True)
class Conversation:
    """One of the three: its messages, and what it means to send one again."""

    identifier: bytes
    answer: type[Table]
    answer_identifier: bytes
    #: The most tables an answer within its limits can hold.
    tables_max: int
    #: A sending does something.
    acts: bool
    #: Answers that the client waits out by itself.
    sent_again: frozenset[schema.Code]


#: A wait that was given and is over is an answer.
ASKED_AGAIN = TRY_AGAIN - {schema.Code.not_yet}
COMMANDS = Conversation(b"PSCM", schema.Receipt, b"PSRC", 65_536, True, TRY_AGAIN)
QUERIES = Conversation(b"PSQU", schema.Answer, b"PSAN", 32_768, False, ASKED_AGAIN)
HISTORY = Conversation(b"PSHQ", schema.HistoryPage, b"PSHP", 65_536, False, ASKED_AGAIN)


def _bytes_max(message: Table) -> int:
    commands = getattr(message, "commands", [])
    imports = len(commands) == 1 and isinstance(commands[0].body, schema.ImportRanges)
    return IMPORT_BYTES_MAX if imports else MESSAGE_BYTES_MAX


def to_bytes(message: Table, identifier: bytes, signing_seed: bytes | None = None) -> bytearray:
    try:
        packed = pack(message, identifier)
        most = _bytes_max(message)
    except (BadMessage, AttributeError) as wrong:
        raise Error(
            ErrorKind.usage,
            f"The message cannot be packed: {wrong}.",
            "Give each field a value of its type.",
        ) from wrong
    if len(packed.data) > most:
        raise Error(
            ErrorKind.usage,
            f"The message has {len(packed.data)} bytes; the daemon takes at most {most}.",
            "Send less at once.",
        )
    if signing_seed is not None:
        _sign(packed, signing_seed)
    return packed.data


def _sign(packed: Packed, seed: bytes) -> None:
    """O4: over the message as it is sent, with what is secret or personal, and the signature, set
    to zero."""
    start, end = place_of_bytes(packed.data, schema.CommandMessage, "signature")
    blank = bytearray(packed.data)
    for place in [(start, end), *packed.marked]:
        blank[place[0] : place[1]] = bytes(place[1] - place[0])
    packed.data[start:end] = sign(seed, bytes(blank))


def _look(data: bytes, identifier: bytes) -> None:
    if not MESSAGE_BYTES_MIN <= len(data) <= ANSWER_BYTES_MAX:
        raise no_answer(f"its size is {len(data)} bytes")
    if data[4:8] != identifier:
        raise no_answer("it has another identifier")


def from_bytes(data: bytes, conversation: Conversation) -> Any:
    _look(data, conversation.answer_identifier)
    try:
        version, code = peek(data, conversation.answer, "version", "code")
        if version != PROTOCOL_VERSION and code != schema.Code.version_unsupported:
            raise Error(
                ErrorKind.protocol,
                f"The daemon answers in protocol version {version}; this client speaks "
                f"{PROTOCOL_VERSION}.",
                "Use a client of the daemon's version.",
            )
        return unpack(data, conversation.answer, conversation.tables_max)
    except BadBytes as wrong:
        raise no_answer(str(wrong)) from wrong


def read_record(data: bytes) -> schema.Record:
    """A record as the journal stores it."""
    _look(data, b"PSRE")
    try:
        record: schema.Record = unpack(data, schema.Record, RECORD_TABLES_MAX)
    except BadBytes as wrong:
        raise no_answer(str(wrong)) from wrong
    return record


def credential_of(query: schema.Query) -> Any:
    """None where the kind of question has none."""
    return getattr(query.body, "credential", None)


def carries_password(query: schema.Query) -> bool:
    """Each time it is sent may count as an attempt (C5)."""
    return isinstance(credential_of(query), schema.PasswordCredential)


def wiped(data: bytearray) -> None:
    """Overwrites what may hold secrets."""
    data[:] = bytes(len(data))
