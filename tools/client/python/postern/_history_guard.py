"""Remembers the newest checkpoint it saw, and holds the daemon to it (H6).

What is remembered lives in the file (verifier key, line feed, note), which several programs may
share. Each examination is a generator: it yields requests, is sent their pages (or throws in the
Error there is instead), and returns the checkpoint that was examined, None if nothing is remembered
and so nothing checked. `contradiction` is the loud error; `input_output` where the file cannot be
read or written, and then nothing new is believed.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import NamedTuple

from . import schema
from .checkpoint import Checkpoint, open_checkpoint, proves_consistency, read_checkpoint
from .errors import Error, ErrorKind

FILE_BYTES_MAX = 32_768

Examination = Generator[schema.HistoryRequest, schema.HistoryPage, "Checkpoint | None"]


class _Memory(NamedTuple):
    verifier_key: str
    #: Empty: nothing yet.
    note: str = ""
    checkpoint: Checkpoint | None = None


def _cannot(verb: str, file: str, wrong: OSError) -> Error:
    return Error(
        ErrorKind.input_output,
        f"Cannot {verb} the remembered checkpoint {file}: {wrong.strerror}.",
        "Name another file for it, or do without remembering.",
    )


def _read_file(path: str) -> str:
    """Empty if there is none."""
    try:
        with open(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), "rb") as file:
            return file.read(FILE_BYTES_MAX).decode(errors="replace")
    except FileNotFoundError:
        return ""
    except OSError as wrong:
        raise _cannot("read", path, wrong) from wrong


def _write_new(path: str, data: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    with open(os.open(path, flags, 0o600), "wb") as file:
        # What root writes into another's folder is that one's, who could not read it otherwise.
        if os.geteuid() == 0:
            folder = os.stat(os.path.dirname(os.path.abspath(path)))
            os.fchown(file.fileno(), folder.st_uid, folder.st_gid)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _write_file(path: str, text: str) -> None:
    """All or nothing, and through a crash the old one or the new."""
    fresh = f"{path}.new.{os.getpid()}"
    try:
        _write_new(fresh, text.encode())
        os.rename(fresh, path)
    except OSError as wrong:
        try:
            os.unlink(fresh)
        except FileNotFoundError:
            pass
        raise _cannot("write", path, wrong) from wrong


def _unproved(what: str) -> Error:
    return Error(
        ErrorKind.protocol,
        f"The daemon gives no {what}.",
        "Ask again; if that does not help, see its status, and do not rely on this history.",
    )


def _signed_after_restoration(known: str, given: str) -> bool:
    """A restored journal signs under a new name with the same key: "postern/ID" or
    "postern/ID/...", then "+hash+key"."""

    def parts(text: str) -> tuple[str, str]:
        name, _, rest = text.partition("+")
        return "/".join(name.split("/", 2)[:2]), rest.partition("+")[2]

    return known != given and bool(parts(known)[1]) and parts(known) == parts(given)


class HistoryGuard:
    def __init__(self, file: str, verifier_key: str) -> None:
        self._file, self._verifier_key = file, verifier_key

    def observe(self, note: str) -> Examination:
        """A checkpoint came with an answer: it must be signed and agree with what is
        remembered."""
        if not self._file or not note:
            return None
        memory = self._load()
        known = memory.checkpoint
        if memory.note == note:
            return known
        if not memory.verifier_key:
            return (yield from self.check())
        if known is not None and self._origin_of(note) not in (None, known.origin):
            return (yield from self.check())
        seen = open_checkpoint(note, memory.verifier_key)
        if known is None or seen.size >= known.size:
            return (yield from self._accept(memory, note, seen))
        # Made before another program remembered a newer one, or the journal went back: the newest
        # tells.
        yield from self._require_extends(seen, known)
        return (yield from self.check())

    def check(self) -> Examination:
        """Asks for the newest; one behind what is remembered is a contradiction."""
        # Before the question, so that the answer cannot be older in good faith.
        memory = self._load()
        page = yield schema.HistoryRequest(body=schema.GetCheckpoint())
        given = page.body
        if not page.ok or not isinstance(given, schema.CheckpointPage):
            raise _unproved("checkpoint")
        note, key = given.checkpoint or "", given.verifier_key or ""
        if not memory.verifier_key:
            memory = memory._replace(verifier_key=key)
        known = memory.checkpoint
        if known is not None and _signed_after_restoration(memory.verifier_key, key):
            # The journal was made of a copy: it must hold all that is remembered all the same.
            seen = open_checkpoint(note, key)
            yield from self._require_extends(known, seen)
            _write_file(self._file, f"{key}\n{note}")
            return seen
        if memory.verifier_key != key:
            raise self._contradiction(
                f"it is signed with another key, {key} instead of {memory.verifier_key}"
            )
        seen = open_checkpoint(note, key)
        if known is not None and seen.size < known.size:
            raise self._contradiction(
                f"it went back, from {known.size} records to {seen.size} records"
            )
        return (yield from self._accept(memory, note, seen))

    def _accept(self, memory: _Memory, note: str, seen: Checkpoint) -> Examination:
        if not self._file:
            return seen
        known = memory.checkpoint
        if known is not None:
            yield from self._require_extends(known, seen)
        if known is None or known.size != seen.size:
            self._store(memory.verifier_key, note, seen)
        return seen

    def _require_extends(self, before: Checkpoint, after: Checkpoint) -> Examination:
        renamed = before.origin != after.origin
        if before.size == after.size and not renamed:
            if before.root != after.root:
                raise self._no_extension(before)
            return None
        wanted = schema.GetConsistency(from_size=before.size, to_size=after.size)
        if renamed:
            wanted.name = before.origin
        page = yield schema.HistoryRequest(body=wanted)
        if page.code == schema.Code.journal_restored:
            raise self._restored(page)
        if page.code == schema.Code.field_malformed and renamed:
            raise self._contradiction(
                f"it is signed as {after.origin}, which never was {before.origin}"
            )
        if page.code == schema.Code.seq_beyond_journal:
            raise self._contradiction(f"it holds less than {after.size} records")
        if not page.ok or not isinstance(page.body, schema.ProofPage):
            raise _unproved("proof that its history is one")
        if not proves_consistency(page.body.hashes, before, after):
            raise self._no_extension(before)
        return None

    @staticmethod
    def _origin_of(note: str) -> str | None:
        try:
            return read_checkpoint(note).origin
        except Error:
            return None

    def _load(self) -> _Memory:
        text = _read_file(self._file) if self._file else ""
        if not text:
            return _Memory(self._verifier_key)
        key, _, note = text.partition("\n")
        try:
            checkpoint = open_checkpoint(note, key)
        except Error as wrong:
            raise Error(
                ErrorKind.contradiction,
                f"The remembered checkpoint {self._file} is damaged.",
                "Put it back from a copy; removing it forgets what the history must extend.",
            ) from wrong
        # One that is given stays right after a restoration, which changes the name beside it alone.
        given = self._verifier_key
        if given and given != key and not _signed_after_restoration(given, key):
            raise self._contradiction(
                f"it is signed with another key, {given} instead of {key}"
            )
        return _Memory(key, note, checkpoint)

    def _store(self, verifier_key: str, note: str, seen: Checkpoint) -> None:
        # Another program may have come further meanwhile.
        now = self._load().checkpoint
        if now is None or now.size < seen.size:
            _write_file(self._file, f"{verifier_key}\n{note}")

    def _no_extension(self, before: Checkpoint) -> Error:
        return self._contradiction(
            f"its first {before.size} records are not those that were there before"
        )

    def _restored(self, page: schema.HistoryPage) -> Error:
        told = page.problems[0].sentence if page.problems else None
        return Error(
            ErrorKind.contradiction,
            told or "The daemon's journal was restored from a copy.",
            "Send the missing commands again, with fresh ids. Then remove the remembered "
            f"checkpoint {self._file}, so that the restored history is remembered instead.",
        )

    def _contradiction(self, how: str) -> Error:
        return Error(
            ErrorKind.contradiction,
            f"The daemon's history contradicts the checkpoint remembered in {self._file}: {how}.",
            "Do not rely on this daemon: its journal was replaced or changed, or is a restored "
            "copy. Keep the file as proof; remove it only once you know why.",
        )
