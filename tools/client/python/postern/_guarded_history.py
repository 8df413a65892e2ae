"""History requests on their way. A checkpoint that an answer brings is held against what is
remembered (H6) before the caller is told of the answer; what that takes is asked here too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import schema
from ._gate import HISTORY, to_bytes
from ._history_guard import Examination, HistoryGuard
from ._lane import Lane, Then
from ._watch import Watch
from .errors import Error
from .options import Options


class GuardedHistory:
    """`next_id` gives the ids of requests."""

    def __init__(self, options: Options, watch: Watch, next_id: Callable[[], int]) -> None:
        self._lane = Lane(HISTORY, options.history, options, watch)
        self._guard = HistoryGuard(options.checkpoint_file, options.verifier_key)
        self._next_id = next_id
        self.turn, self.due, self.close = self._lane.turn, self._lane.due, self._lane.close
        self.cancel = self._lane.cancel

    def send(self, request: schema.HistoryRequest, then: Then) -> int:
        """The id that its end is known by."""
        return self._post(request, lambda page: self._settle(page, then))

    def examine(self, note: str, then: Then) -> None:
        """`then` hears the verdict, now or in a later turn."""
        self._begin(self._guard.observe(note), then)

    def check(self, then: Then) -> None:
        self._begin(self._guard.check(), then)

    def _post(self, request: schema.HistoryRequest, settle: Then) -> int:
        id = request.id = self._next_id()
        extra_ms = request.wait_ms + getattr(request.body, "wait_ms", 0)
        self._lane.send(id, to_bytes(request, HISTORY.identifier), settle, extra_ms=extra_ms)
        return id

    def _settle(self, page: Any, then: Then) -> None:
        body = getattr(page, "body", None)
        if not isinstance(body, (schema.RecordPage, schema.AccessPage)):
            return then(page)
        self.examine(
            body.checkpoint or "",
            lambda verdict: then(verdict if isinstance(verdict, Error) else page),
        )

    def _begin(self, examination: Examination, then: Then) -> None:
        self._go_on(examination, then, None)

    def _go_on(self, examination: Examination, then: Then, page: Any) -> None:
        """One step: the next request, or the verdict."""
        try:
            if isinstance(page, Error):
                request = examination.throw(page)
            else:
                request = examination.send(page)
            self._post(request, lambda answer: self._go_on(examination, then, answer))
        except StopIteration as done:
            then(done.value)
        except Error as wrong:
            then(wrong)
