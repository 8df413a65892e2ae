"""The three conversations of one client, without any waiting: what the client that waits and the
one for asyncio both are.

Belongs to one thread at a time. Starts no thread: nothing is sent again, and no time ends, while
nobody calls `turn`.
"""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Callable
from typing import Any, Union

from . import schema
from ._asking import Asking
from ._gate import COMMANDS, to_bytes
from ._guarded_history import GuardedHistory
from ._lane import NEVER, Lane
from ._watch import Watch
from .errors import Error, ErrorKind
from .identity import make_uuid, parse_key
from .options import Options

SIGNATURE_BYTES = 64
HASH_MS = 100
Id = Union[uuid.UUID, int]
Message = Union[schema.CommandMessage, schema.Query, schema.HistoryRequest]


def _sets_password(command: schema.Command) -> bool:
    kinds = (schema.ResetPassword, schema.RotatePassword, schema.ChangePassword)
    if isinstance(command.body, schema.CreateUser):
        return bool(command.body.password)
    return isinstance(command.body, kinds)


def time_to_hash_ms(message: schema.CommandMessage) -> int:
    """What a batch is granted for its passwords, which are hashed one after the other."""
    count = sum(map(_sets_password, message.commands))
    return HASH_MS * count if count > 1 else 0


class Call:
    """A message that was sent. It ends once, with an answer or an Error, or by being cancelled."""

    __slots__ = ("id", "done", "dropped", "_core", "_result", "_then")

    def __init__(self, core: Core, then: Callable[[Call], None]) -> None:
        #: Of a command its UUID; of a question or request a number.
        self.id: Id = 0
        self.done = False
        #: It was cancelled, and there is nothing to be heard of it.
        self.dropped = False
        self._core, self._then = core, then
        self._result: Any = None

    def result(self) -> Any:
        """Of one that is done: its answer. Raises the Error it ended with."""
        if isinstance(self._result, Error):
            raise self._result
        return self._result

    def cancel(self) -> bool:
        """Of a question or request nothing is heard any more. Of a command it is not known whether
        it was done (its Error is `busy`, 75): its id asks what became of it. False: it has ended.
        """
        return self._core.cancel(self)

    def _end(self, result: Any) -> None:
        if not self.done:
            self.done = True
            self._result = result
            self._then(self)


class Core:
    def __init__(self, options: Options) -> None:
        options.check()
        self._options = options
        self._seed = parse_key(options.signing_seed) if options.signing_seed else None
        self._watch = Watch()
        #: Of questions and of requests, so that an id names one or the other.
        next_id = itertools.count(1).__next__
        self._commands = Lane(COMMANDS, options.commands, options, self._watch)
        self._history = GuardedHistory(options, self._watch, next_id)
        self._queries = Asking(options, self._watch, self._history, next_id)

    def fileno(self) -> int:
        """To be waited on until it can be read, then `turn`."""
        return self._watch.fileno()

    def send(self, message: Message, then: Callable[[Call], None]) -> Call:
        """Raises `usage` or `busy` where it does not begin."""
        call = Call(self, then)
        if isinstance(message, schema.Query):
            call.id = self._queries.send(message, call._end)
        elif isinstance(message, schema.HistoryRequest):
            call.id = self._history.send(message, call._end)
        else:
            call.id = self._send_command(message, call)
        return call

    def check_history(self, then: Callable[[Call], None]) -> Call:
        call = Call(self, then)
        self._history.check(call._end)
        return call

    def cancel(self, call: Call) -> bool:
        if call.done:
            return False
        if isinstance(call.id, uuid.UUID):
            self._commands.cancel(call.id)
            call._end(_cancelled(call.id))
            return True
        # Whatever is still asked for its sake, its end is told to nobody.
        if not self._queries.cancel(call.id):
            self._history.cancel(call.id)
        call.dropped = True
        call._end(None)
        return True

    def turn(self) -> None:
        """Does what can be done now; the questions before the history, which they ask too."""
        self._commands.turn()
        self._queries.turn()
        self._history.turn()

    def due(self) -> float:
        """When `turn` must be called again though the descriptor stays unreadable."""
        return min(self._commands.due(), self._queries.due(), self._history.due())

    def left_s(self) -> float | None:
        """The same as a time from now; None: it need not."""
        due = self.due()
        return None if due == NEVER else max(due - time.monotonic(), 0.0)

    def wait_until(self, then: float) -> None:
        self._watch.set_raised(False)
        self._watch.wait_until(min(then, self.due()))

    def show(self, more: bool = False) -> None:
        """Whoever waits on the descriptor is to call `turn`, also where no socket says so."""
        self._watch.set_raised(more or self.due() == -NEVER)

    def close(self) -> None:
        self._commands.close()
        self._queries.close()
        self._history.close()
        self._watch.close()

    def _send_command(self, message: schema.CommandMessage, call: Call) -> uuid.UUID:
        if message.id is None:
            message.id = make_uuid()
        # Its place in the message; what it says is known when the bytes are.
        message.signature = bytes(SIGNATURE_BYTES) if self._seed else b""
        data = to_bytes(message, COMMANDS.identifier, self._seed)
        self._queries.forget_changed(message)
        self._commands.send(message.id, data, call._end, extra_ms=time_to_hash_ms(message))
        return message.id


def _cancelled(command: uuid.UUID) -> Error:
    return Error(
        ErrorKind.busy,
        f"It is not known whether the command {command} was done: it was cancelled after it was "
        "sent.",
        "Send the same again with the same id: the daemon then says what became of it.",
    )
