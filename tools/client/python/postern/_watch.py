"""One descriptor for all that a client waits for: an epoll over the descriptors of its sockets, and
an eventfd that makes it readable though no socket is."""

from __future__ import annotations

import math
import os
import select
import time
from typing import Any

# Of which older type checkers know no eventfd.
_os: Any = os

WAIT_MAX_S = 3_600.0


class Watch:
    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._event: int = _os.eventfd(0, _os.EFD_CLOEXEC | _os.EFD_NONBLOCK)
        self._epoll.register(self._event, select.EPOLLIN)
        self._raised = False

    def fileno(self) -> int:
        return self._epoll.fileno()

    def add(self, socket: int) -> None:
        self._epoll.register(socket, select.EPOLLIN)

    def remove(self, socket: int) -> None:
        self._epoll.unregister(socket)

    def set_raised(self, raised: bool) -> None:
        """Whether it is readable whatever the sockets say."""
        if raised == self._raised:
            return
        self._raised = raised
        if raised:
            _os.eventfd_write(self._event, 1)
        else:
            _os.eventfd_read(self._event)

    def wait_until(self, then: float) -> None:
        """Until a socket has something, or then at the latest."""
        left = then - time.monotonic()
        if left > 0:
            # Rounded up, so that the time is over afterwards.
            self._epoll.poll(math.ceil(min(left, WAIT_MAX_S) * 1_000) / 1_000, 1)

    def close(self) -> None:
        self._epoll.close()
        os.close(self._event)
