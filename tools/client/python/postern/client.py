"""The client that waits: one message at a time, many without waiting, or within an event loop."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any

from . import questions, schema
from ._core import Call, Core, Message
from ._follower import Follower, Page
from ._lane import NEVER
from .checkpoint import Checkpoint
from .options import Options
from .questions import Credential, Pair


class Client:
    """Commands, questions and history. Belongs to one thread at a time; make one for each.

    A refusal is an answer with a code (`answer.ok`, `require_ok`); where there is no answer an
    Error is raised. A denial is an answer too: a Decision is true if it allows.
    """

    def __init__(self, options: Options | None = None, **given: Any) -> None:
        """With Options, or with their fields. Nothing is connected before the first message."""
        self._core = Core(options or Options(**given))
        self._ended: deque[Call] = deque()
        #: Those whose end somebody waits for, who takes it.
        self._awaited: set[Call] = set()
        self._open = 0

    def close(self) -> None:
        """Drops what is unanswered."""
        self._core.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # ---- one at a time

    def execute(self, message: schema.CommandMessage) -> schema.Receipt:
        """A command or a batch. It gets an id if it has none; ask again with the same after an
        Error: the daemon then says what became of it, and never does it twice (K1)."""
        receipt: schema.Receipt = self._await(message)
        return receipt

    def ask(self, query: schema.Query) -> schema.Answer:
        answer: schema.Answer = self._await(query)
        return answer

    def history(self, request: schema.HistoryRequest) -> schema.HistoryPage:
        page: schema.HistoryPage = self._await(request)
        return page

    def check(
        self,
        tenant: str | None,
        credential: Credential,
        action: str,
        resource: str,
        *,
        call: schema.Call | None = None,
        at_least_seq: int = 0,
        wait_ms: int = 0,
    ) -> schema.Decision:
        """May it? True or false, with the reason. Raises Refused where that was not answered."""
        asked = [(action, resource)]
        return self.check_all(
            tenant, credential, asked, call=call, at_least_seq=at_least_seq, wait_ms=wait_ms
        )[0]

    def check_all(
        self,
        tenant: str | None,
        credential: Credential,
        asked: Iterable[Pair | schema.Question],
        *,
        call: schema.Call | None = None,
        at_least_seq: int = 0,
        wait_ms: int = 0,
    ) -> list[schema.Decision]:
        """Up to 10,000 questions in one message, a decision for each, in their order."""
        asked = list(asked)
        query = questions.check_query(tenant, credential, asked, call, at_least_seq, wait_ms)
        return questions.decisions_in(self.ask(query), len(asked))

    def authenticate(
        self,
        tenant: str | None,
        credential: Credential,
        *,
        call: schema.Call | None = None,
        decline_token: bool = False,
    ) -> schema.Authenticated:
        query = questions.authenticate_query(tenant, credential, call, decline_token)
        return questions.authenticated_in(self.ask(query))

    def status(self) -> schema.Status:
        return questions.status_in(self.ask(questions.status_query()))

    def follow(self, wanted: schema.GetRecords) -> Iterator[Page]:
        """Records from `from_seq` on, page after page, none missing. With `wait_ms` each page (an
        empty one too) comes after that time at the latest. After an Error go on from the last
        page's `next_seq`."""
        follower = Follower(wanted)
        while True:
            yield follower.take(self.history(follower.next()))

    def check_history(self) -> Checkpoint:
        """Asks for the newest checkpoint; checks its signature and that it extends what is
        remembered, then remembers it (H6)."""
        checkpoint: Checkpoint = self._result_of(self._begin(self._core.check_history))
        return checkpoint

    # ---- many at a time

    def submit(self, message: Message) -> Call:
        """Sends without waiting; the Call ends in some later `wait`, `collect` or `turn`, or is
        cancelled: `Call.cancel`."""
        call = self._begin(self._core.send, message)
        self._core.show(bool(self._ended))
        return call

    def submit_check_history(self) -> Call:
        """`check_history` without waiting."""
        call = self._begin(self._core.check_history)
        self._core.show(bool(self._ended))
        return call

    def wait(self, call: Call) -> Any:
        """Until this one ends: its answer, or the Error it ended with is raised."""
        return self._result_of(call)

    def collect(self, wait_ms: int | None = None) -> Call | None:
        """The next that ended and was not waited for; None if none did in that time (None: as long
        as it takes), or none is unanswered. With 0 nothing here waits."""
        limit = NEVER if wait_ms is None else time.monotonic() + wait_ms / 1_000
        self._run(lambda: bool(self._ended) or self._open == 0, limit)
        call = self._ended.popleft() if self._ended else None
        self._core.show(bool(self._ended))
        return call

    # ---- in an event loop of the caller's

    def fileno(self) -> int:
        """One descriptor for the whole client: whenever it can be read, or the time is over that
        `turn` gave, call `turn`, then `collect(0)` until there is nothing."""
        return self._core.fileno()

    def turn(self) -> float | None:
        """Does what can be done now, without waiting. Returns after how many seconds it must be
        called again though the descriptor stays unreadable; None: it need not."""
        self._core.turn()
        self._core.show(bool(self._ended))
        return self._core.left_s()

    def _begin(self, send: Any, *message: Message) -> Call:
        self._open += 1
        try:
            call: Call = send(*message, self._note)
        except BaseException:
            self._open -= 1
            raise
        return call

    def _note(self, call: Call) -> None:
        """One has ended."""
        self._open -= 1
        if call not in self._awaited and not call.dropped:
            self._ended.append(call)
            self._core.show(True)

    def _await(self, message: Message) -> Any:
        return self._result_of(self._begin(self._core.send, message))

    def _result_of(self, call: Call) -> Any:
        if call in self._ended:
            self._ended.remove(call)
        self._awaited.add(call)
        try:
            self._run(lambda: call.done, NEVER)
        except BaseException:
            # Whoever gives up waiting, by Ctrl-C, does not want it any more.
            call.cancel()
            raise
        finally:
            self._awaited.discard(call)
        return call.result()

    def _run(self, done: Any, limit: float) -> None:
        core = self._core
        core.turn()
        while not done() and time.monotonic() < limit:
            core.wait_until(limit)
            core.turn()
        core.show(bool(self._ended))
