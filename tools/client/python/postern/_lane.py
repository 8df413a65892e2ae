"""One conversation with one socket of the daemon: what was sent, what is unanswered, when to send
it again. Nothing here waits: `turn` does what can be done now.

Each message that is not cancelled ends exactly once, with its answer or an Error, told by `then`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

from . import schema
from ._connection import Connection, Trouble
from ._gate import NOT_FINAL, Conversation, from_bytes, wiped
from ._watch import Watch
from .errors import Error, ErrorKind
from .options import Options

PAUSE_MIN_S = 0.010
PAUSE_MAX_S = 1.0
NEVER = math.inf

Then = Callable[[Any], None]


def unanswered(trouble: Trouble, address: str) -> Error:
    """For a message that stays unanswered."""
    kind, sentence, remedy = {
        Trouble.refused: (
            ErrorKind.unreachable,
            f"Nobody listens at {address}.",
            "Start posternd, or correct the address.",
        ),
        Trouble.denied: (
            ErrorKind.not_permitted,
            f"The daemon at {address} does not let this key or user in.",
            "Use the key of an operator; an owner sees them with 'operator list'.",
        ),
        Trouble.handshake: (
            ErrorKind.protocol,
            f"The handshake broke off at {address}.",
            "Check that the server key is this daemon's and that the port is right.",
        ),
        Trouble.lost: (
            ErrorKind.unreachable,
            f"The connection was lost at {address} before an answer came.",
            "Ask again when the daemon is back; a command with the same id.",
        ),
        Trouble.none: (
            ErrorKind.unreachable,
            f"No answer came in time at {address}.",
            "Ask again, a command with the same id; check the daemon's diagnostics.",
        ),
    }[trouble]
    return Error(kind, sentence, remedy)


def not_known(code: int, address: str) -> Error:
    """For a command of which one sending was answered so, and another not at all."""
    name = schema.Code(code).name
    return Error(
        ErrorKind.busy,
        "It is not known whether the command was done: it was sent more than once, and the daemon "
        f"at {address} answered one sending with '{name}', another not at all.",
        "Send the same again with the same id: the daemon then says what became of it.",
    )


class _Sent:
    """A message that is unanswered."""

    __slots__ = (
        "data",
        "then",
        "repeatable",
        "attempt_s",
        "deadline",
        "put_off",
        "sendings",
        "answers",
        "newest_code",
        "pause_s",
        "sent",
        "attempt_ends",
    )

    def __init__(self, data: bytearray, then: Then, repeatable: bool) -> None:
        self.data, self.then, self.repeatable = data, then, repeatable
        self.attempt_s = self.deadline = self.sent = self.attempt_ends = 0.0
        #: Something that is not final was answered: at `attempt_ends` it is sent again.
        self.put_off = False
        self.sendings = self.answers = 0
        #: The newest that was not final.
        self.newest_code = 0
        self.pause_s = PAUSE_MIN_S


class Lane:
    """All it is given outlives it."""

    def __init__(
        self, conversation: Conversation, address: str, options: Options, watch: Watch
    ) -> None:
        self._is, self._address, self._options, self._watch = conversation, address, options, watch
        self._connection: Connection | None = None
        #: What it says now it says of what is unanswered now.
        self._made_for_pending = False
        #: In the order they were sent.
        self._pending: dict[Any, _Sent] = {}
        self._ended: list[tuple[Then, Any]] = []
        self._last_arrival = 0.0
        self._check_at = NEVER

    def __len__(self) -> int:
        return len(self._pending)

    def send(
        self,
        ticket: Any,
        data: bytearray,
        then: Then,
        *,
        repeatable: bool = True,
        extra_ms: int = 0,
        begun: float | None = None,
    ) -> None:
        """Raises `usage` or `busy` where it does not begin. `begun`: when the call did."""
        self._require_may_send(ticket)
        connection = self._connection
        if connection is None:
            connection = self._connect()
        elif not self._pending:
            self._made_for_pending = False
        now = time.monotonic()
        whole_s = (self._options.timeout_ms + extra_ms) / 1_000
        sent = _Sent(data, then, repeatable)
        sent.attempt_s = (
            self._options.timeout_ms / (max(self._options.retries, 0) + 1) + extra_ms
        ) / 1_000
        sent.deadline = (now if begun is None else begun) + whole_s
        self._send_now(connection, sent, now)
        self._check_at = min(self._check_at, sent.attempt_ends)
        self._pending[ticket] = sent

    def cancel(self, ticket: Any) -> bool:
        """Forgets a message; its answer, if it comes, is dropped. False: it is not under way."""
        sent = self._pending.pop(ticket, None)
        if sent is not None:
            wiped(sent.data)
        return sent is not None

    def turn(self) -> None:
        """Takes what is there, ends what is out of time, sends again what has waited enough."""
        while self._connection is not None:
            self._take_arrivals(self._connection)
            self._judge()
            if self._ended:
                ended, self._ended = self._ended, []
                for then, result in ended:
                    then(result)
            # What those have sent may have hidden that something is there.
            if self._connection is None or not self._connection.unread:
                return

    def due(self) -> float:
        """When `turn` has something to do at the latest, though nothing arrives."""
        if self._connection is not None and self._connection.unread:
            return -NEVER
        return self._check_at if self._pending else NEVER

    def close(self) -> None:
        self._drop_connection()
        for sent in self._pending.values():
            wiped(sent.data)
        self._pending.clear()

    def _require_may_send(self, ticket: Any) -> None:
        if not self._address:
            raise Error(
                ErrorKind.usage,
                "No address is given for this.",
                "Set it in the client's options.",
            )
        if len(self._pending) >= self._options.in_flight_max:
            raise Error(
                ErrorKind.busy,
                f"{len(self._pending)} messages are unanswered, as many as may be.",
                "Wait for answers before sending more.",
            )
        if ticket in self._pending:
            raise Error(
                ErrorKind.usage,
                "A message with this id is unanswered.",
                "Use a fresh id for each message.",
            )

    def _connect(self) -> Connection:
        self._drop_connection()
        self._connection = Connection(self._options, self._address, self._watch)
        self._made_for_pending = True
        return self._connection

    def _drop_connection(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _take_arrivals(self, connection: Connection) -> None:
        """What is known of the connection is learned when nothing came, before the times are
        looked at; an answer that came before its end counts."""
        if not self._receive(connection) and connection.is_to_be_looked_at():
            if connection.look():
                self._receive(connection)

    def _receive(self, connection: Connection) -> bool:
        """False if there was nothing."""
        came = False
        while (data := connection.receive()) is not None:
            came = True
            self._last_arrival = time.monotonic()
            try:
                answer = from_bytes(data, self._is)
            except Error as wrong:
                self._end_all(wrong)
                return True
            self._take(answer)
        return came

    def _judge(self) -> None:
        """Looks at the connection and at the times."""
        connection = self._connection
        # What was no answer has ended everything.
        if connection is None:
            return
        renewed = connection.renewed()
        if not self._pending:
            return
        if connection.trouble is Trouble.denied and not self._made_for_pending:
            return self._ask_again_to_get_in()
        if self._hopeless(connection.trouble):
            return self._end_all(unanswered(connection.trouble, self._address))
        if renewed:
            self._send_all_again(connection)
        if time.monotonic() >= self._check_at:
            self._check_times(connection)

    def _in_doubt(self, sent: _Sent) -> bool:
        """K5: whatever is answered to one sending, another may have been done."""
        return self._is.acts and sent.answers < sent.sendings

    def _why(self, sent: _Sent, error: Error) -> Error:
        """The end of one that gets no final answer."""
        refused_once = sent.newest_code != 0 and self._in_doubt(sent)
        return not_known(sent.newest_code, self._address) if refused_once else error

    def _end(self, ticket: Any, result: Any) -> None:
        sent = self._pending.pop(ticket)
        wiped(sent.data)
        self._ended.append((sent.then, result))

    def _take(self, answer: Any) -> None:
        ticket = answer.id
        # A message the daemon could not read is answered with id zero.
        unnamed = not ticket or getattr(ticket, "int", 1) == 0
        if ticket not in self._pending and unnamed and len(self._pending) == 1:
            ticket = next(iter(self._pending))
        sent = self._pending.get(ticket)
        # An answer nobody waits for: the second one to a message that was sent twice.
        if sent is None:
            return
        sent.answers += 1
        if answer.code == 0:
            return self._end(ticket, answer)
        doubtful = answer.code in NOT_FINAL and self._in_doubt(sent)
        if doubtful or answer.code in self._is.sent_again:
            sent.newest_code = answer.code
            again = self._last_arrival + max(sent.pause_s, answer.retry_after_ms / 1_000)
            sent.pause_s = min(2 * sent.pause_s, PAUSE_MAX_S)
            if again < sent.deadline:
                sent.put_off = True
                sent.attempt_ends = again
                self._check_at = min(self._check_at, again)
                return
        self._end(ticket, not_known(answer.code, self._address) if doubtful else answer)

    def _hopeless(self, trouble: Trouble) -> bool:
        """Trouble that no waiting mends."""
        return trouble is Trouble.denied or (
            not self._options.wait_for_daemon
            and trouble in (Trouble.refused, Trouble.handshake)
        )

    def _end_all(self, error: Error) -> None:
        for ticket, sent in list(self._pending.items()):
            self._end(ticket, self._why(sent, error))
        self._drop_connection()

    def _ask_again_to_get_in(self) -> None:
        """The no may be old, and whom it was said to an operator since: a new socket asks anew."""
        for ticket, sent in list(self._pending.items()):
            if not sent.repeatable:
                self._end(ticket, unanswered(Trouble.lost, self._address))
        self._send_all_again(self._connect())

    def _check_times(self, connection: Connection) -> None:
        """Ends what is out of time; sends again what has waited long enough."""
        now = time.monotonic()
        may_reconnect = all(sent.repeatable for sent in self._pending.values())
        again: list[_Sent] = []
        silent = unheard = False
        for ticket, sent in list(self._pending.items()):
            if now >= sent.deadline:
                error = unanswered(connection.trouble, self._address)
                unheard = unheard or self._last_arrival < sent.sent
                self._end(ticket, self._why(sent, error))
            elif now >= sent.attempt_ends:
                if not sent.repeatable and not sent.put_off:
                    sent.attempt_ends = sent.deadline
                    continue
                silent = silent or (not sent.put_off and self._last_arrival < sent.sent)
                again.append(sent)
        if silent and may_reconnect:
            # Nothing came back since: a fresh socket, and everything that was lost with the old.
            return self._send_all_again(self._connect())
        for sent in again:
            self._send_now(connection, sent, now)
        self._find_next_check()
        # Whatever is wrong with it, the next message gets a fresh one.
        if unheard and not self._pending:
            self._drop_connection()

    def _send_all_again(self, connection: Connection) -> None:
        """What was under way when the connection ended is lost. What is put off keeps its time."""
        now = time.monotonic()
        for sent in self._pending.values():
            if sent.repeatable and not sent.put_off:
                self._send_now(connection, sent, now)
        self._find_next_check()

    def _find_next_check(self) -> None:
        self._check_at = min((s.attempt_ends for s in self._pending.values()), default=NEVER)

    def _send_now(self, connection: Connection, sent: _Sent, now: float) -> None:
        sent.sent = now
        # A full queue: cancelled messages wait in it too. This one was not sent, whatever it is.
        sent.put_off = not connection.send(sent.data)
        if not sent.put_off:
            sent.sendings += 1
        attempt_s = PAUSE_MAX_S if sent.put_off else sent.attempt_s
        sent.attempt_ends = min(now + attempt_s, sent.deadline)
