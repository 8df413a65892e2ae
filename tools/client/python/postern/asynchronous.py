"""The client for asyncio: the same, to be awaited. Many calls may be under way at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Generator, Iterable
from types import TracebackType
from typing import Any

from . import questions, schema
from ._core import Call, Core, Id, Message
from ._follower import Follower, Page
from .checkpoint import Checkpoint
from .errors import Error
from .options import Options
from .questions import Credential, Pair


class AsyncCall:
    """A message that was sent: await it for its answer, or the Error it ended with."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._future: asyncio.Future[Any] = loop.create_future()
        self._call: Call

    @property
    def id(self) -> Id:
        return self._call.id

    def cancel(self) -> bool:
        """As Call.cancel. Who awaits a question's answer is cancelled with it."""
        return self._call.cancel()

    def __await__(self) -> Generator[Any, None, Any]:
        try:
            return (yield from self._future.__await__())
        except asyncio.CancelledError:
            self._call.cancel()
            raise

    def _ended(self, call: Call) -> None:
        if self._future.done():
            return
        if call.dropped:
            self._future.cancel()
            return
        try:
            self._future.set_result(call.result())
        except Error as wrong:
            self._future.set_exception(wrong)


class AsyncClient:
    """As Client. Belongs to the event loop that it is first used in.

    A task that is cancelled while it waits cancels what it waits for: of a command it is then not
    known whether it was done, and its id asks what became of it.
    """

    def __init__(self, options: Options | None = None, **given: Any) -> None:
        self._core = Core(options or Options(**given))
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None

    def close(self) -> None:
        """Drops what is unanswered."""
        if self._timer is not None:
            self._timer.cancel()
        if self._loop is not None:
            self._loop.remove_reader(self._core.fileno())
            self._loop = None
        self._core.close()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    async def execute(self, message: schema.CommandMessage) -> schema.Receipt:
        receipt: schema.Receipt = await self.submit(message)
        return receipt

    async def ask(self, query: schema.Query) -> schema.Answer:
        answer: schema.Answer = await self.submit(query)
        return answer

    async def history(self, request: schema.HistoryRequest) -> schema.HistoryPage:
        page: schema.HistoryPage = await self.submit(request)
        return page

    async def check(
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
        asked = [(action, resource)]
        decisions = await self.check_all(
            tenant, credential, asked, call=call, at_least_seq=at_least_seq, wait_ms=wait_ms
        )
        return decisions[0]

    async def check_all(
        self,
        tenant: str | None,
        credential: Credential,
        asked: Iterable[Pair | schema.Question],
        *,
        call: schema.Call | None = None,
        at_least_seq: int = 0,
        wait_ms: int = 0,
    ) -> list[schema.Decision]:
        asked = list(asked)
        query = questions.check_query(tenant, credential, asked, call, at_least_seq, wait_ms)
        return questions.decisions_in(await self.ask(query), len(asked))

    async def authenticate(
        self,
        tenant: str | None,
        credential: Credential,
        *,
        call: schema.Call | None = None,
        decline_token: bool = False,
    ) -> schema.Authenticated:
        query = questions.authenticate_query(tenant, credential, call, decline_token)
        return questions.authenticated_in(await self.ask(query))

    async def status(self) -> schema.Status:
        return questions.status_in(await self.ask(questions.status_query()))

    async def follow(self, wanted: schema.GetRecords) -> AsyncIterator[Page]:
        follower = Follower(wanted)
        while True:
            yield follower.take(await self.history(follower.next()))

    async def check_history(self) -> Checkpoint:
        checkpoint: Checkpoint = await self._begin(self._core.check_history)
        return checkpoint

    def submit(self, message: Message) -> AsyncCall:
        """Sends it now, to be awaited later; raises `usage` or `busy` where it does not begin."""
        return self._begin(self._core.send, message)

    def _begin(self, send: Any, *message: Message) -> AsyncCall:
        loop = self._attached()
        call = AsyncCall(loop)
        call._call = send(*message, call._ended)
        self._go_on()
        return call

    def _attached(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop = loop
            loop.add_reader(self._core.fileno(), self._go_on)
        elif self._loop is not loop:
            raise RuntimeError("an AsyncClient belongs to the event loop it was first used in")
        return loop

    def _go_on(self) -> None:
        """Does what can be done now, and comes again when there is more."""
        loop = self._loop
        if loop is None:
            return
        self._core.turn()
        self._core.show()
        if self._timer is not None:
            self._timer.cancel()
        left_s = self._core.left_s()
        self._timer = None if left_s is None else loop.call_later(left_s, self._go_on)
