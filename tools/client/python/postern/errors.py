"""What a client says where it has no answer. Sentences are for people, never with a secret."""

from __future__ import annotations

import enum
from typing import Union

from . import schema
from .codes import TEXTS


class ErrorKind(enum.IntEnum):
    """The number is the exit code a program should end with (sysexits.h)."""

    #: The message or the options cannot be used as they are.
    usage = 64
    #: H6: the history is not the one that was seen before, or not signed by the daemon's key.
    contradiction = 65
    #: Nobody answered in time.
    unreachable = 69
    #: The file of the remembered checkpoint cannot be read or written.
    input_output = 74
    #: Too much is unanswered. Or it is not known whether a command was done: the same id tells.
    busy = 75
    #: What came back is no answer of this protocol, or the server is not the one its key says.
    protocol = 76
    #: The daemon knows no operator with this key or uid.
    not_permitted = 77


class Error(Exception):
    """There is no answer: of what kind that is, a sentence, and what to do."""

    def __init__(self, kind: ErrorKind, sentence: str, remedy: str) -> None:
        super().__init__(f"{sentence} {remedy}")
        self.kind, self.sentence, self.remedy = kind, sentence, remedy

    @property
    def exit_code(self) -> int:
        return int(self.kind)


def no_answer(what: str) -> Error:
    return Error(
        ErrorKind.protocol,
        f"The answer is not one of this protocol: {what}.",
        "Check that the address is a Postern daemon's and that its version fits this client.",
    )


Answered = Union[schema.Receipt, schema.Answer, schema.HistoryPage]


class Refused(Exception):
    """The daemon answered, and the answer is no: `answer` holds its code and problems."""

    def __init__(self, answer: Answered) -> None:
        self.answer = answer
        self.code = answer.code
        problems = answer.problems
        self.sentence = problems[0].sentence if problems else None
        self.remedy = problems[0].remedy if problems else None
        if not self.sentence:
            self.sentence, self.remedy = text_of(self.code)
        super().__init__(f"{self.sentence} Remedy: {self.remedy}")


def require_ok(answer: Answered) -> None:
    """Raises Refused unless the code is `ok`."""
    if not answer.ok:
        raise Refused(answer)


def text_of(code: int) -> tuple[str, str]:
    """What a code means, and what to do. One that is not known here means no."""
    unknown = f"The daemon refused with code {int(code)}, which this client does not know."
    return TEXTS.get(int(code), (unknown, "Use a client of the daemon's version."))
