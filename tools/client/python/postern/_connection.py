"""One DEALER socket to one address, and what is known of why it does not get through.

Connects when it is made, closes without lingering. Nothing here fails for good: `trouble` says how
the connection stands.
"""

from __future__ import annotations

import enum
import itertools
import struct

import zmq

from ._watch import Watch
from .options import Options

ANSWER_BYTES_MAX = 8 * 1_048_576
_count = itertools.count(1)
# As numbers: ZeroMQ's enums take longer than what they are for.
_READABLE, _MORE, _POLLIN, _NOW = (
    int(zmq.EVENTS),
    int(zmq.RCVMORE),
    int(zmq.POLLIN),
    int(zmq.NOBLOCK),
)
_EVENTS = (
    zmq.EVENT_CONNECTED
    | zmq.EVENT_CONNECT_RETRIED
    | zmq.EVENT_DISCONNECTED
    | zmq.EVENT_HANDSHAKE_SUCCEEDED
    | zmq.EVENT_HANDSHAKE_FAILED_AUTH
    | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
    | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
)
#: Hard limits and timers of the socket, see the protocol's manual. Not ZeroMQ's heartbeats: in
#: 4.3.4 one that is due while answers wait unread ends the process.
_SETTINGS = {
    zmq.LINGER: 0,
    zmq.MAXMSGSIZE: ANSWER_BYTES_MAX,
    zmq.HANDSHAKE_IVL: 5_000,
    zmq.TCP_KEEPALIVE: 1,
    zmq.TCP_KEEPALIVE_IDLE: 30,
    zmq.TCP_KEEPALIVE_INTVL: 10,
    zmq.TCP_KEEPALIVE_CNT: 3,
    zmq.TCP_MAXRT: 60_000,
    zmq.RECONNECT_IVL: 100,
    zmq.RECONNECT_IVL_MAX: 2_000,
    zmq.IPV6: 1,
}


class Trouble(enum.Enum):
    none = 0
    #: Nobody listens there.
    refused = 1
    #: The daemon said no to this key or user: ZeroMQ does not try again on this socket.
    denied = 2
    #: The handshake broke off: most often a server key that does not fit.
    handshake = 3
    #: It was connected and is no more; ZeroMQ connects again by itself.
    lost = 4


class Connection:
    def __init__(self, options: Options, address: str, watch: Watch) -> None:
        self._watch = watch
        context = options.context or zmq.Context.instance()
        self._socket: zmq.Socket[bytes] = context.socket(zmq.DEALER)
        for setting, value in _SETTINGS.items():
            self._socket.set(setting, value)
        # A hair above the lane's own bound, so that a send within it never meets a full queue.
        self._socket.set(zmq.SNDHWM, options.in_flight_max + 16)
        self._socket.set(zmq.RCVHWM, options.in_flight_max + 16)
        if address.startswith("tcp://"):
            self._socket.curve_serverkey = (options.server_key or "").encode()
            self._socket.curve_publickey = (options.public_key or "").encode()
            self._socket.curve_secretkey = (options.secret_key or "").encode()
        self._monitor: zmq.Socket[bytes] = context.socket(zmq.PAIR)
        self._monitor.set(zmq.LINGER, 0)
        name = f"inproc://postern-python-{id(self):x}-{next(_count)}"
        self._socket.monitor(name, _EVENTS)
        self._monitor.connect(name)
        self._descriptors = [int(one.get(zmq.FD)) for one in (self._socket, self._monitor)]
        for descriptor in self._descriptors:
            watch.add(descriptor)
        self.trouble = Trouble.none
        #: ZeroMQ's descriptor is readable once for each change, and sending takes that sign away:
        #: `receive` until there is nothing ends it.
        self.unread = True
        self._just_sent = False
        self._reached = False
        self._connected_before = False
        self._renewed = False
        self._handshakes_failed = 0
        try:
            self._socket.connect(address)
        except zmq.ZMQError:
            self.trouble = Trouble.refused
        # ZeroMQ tells by the descriptor of what comes after somebody found nothing, not before.
        self.look()

    def close(self) -> None:
        for descriptor in self._descriptors:
            self._watch.remove(descriptor)
        # Stops the events before their receiver goes: ZeroMQ's own thread would wait for ever to
        # hand over one that nobody receives.
        self._socket.monitor(None, 0)
        self._socket.close(0)
        self._monitor.close(0)

    def send(self, data: bytearray) -> bool:
        """Without waiting; False if the queue to the socket is full."""
        self.unread = self._just_sent = True
        try:
            self._socket.send(data, _NOW)
        except zmq.Again:
            return False
        return True

    def receive(self) -> bytes | None:
        """The next message that is there, without waiting. Other than one frame: passed over."""
        socket = self._socket
        while socket.get(_READABLE) & _POLLIN:  # type: ignore[operator]
            try:
                frame = socket.recv(_NOW)
            except zmq.Again:
                break
            if not socket.get(_MORE):
                return frame
            while socket.get(_MORE):
                socket.recv(_NOW)
        self.unread = False
        return None

    def is_to_be_looked_at(self) -> bool:
        """Not before the first waiting after a sending, which is where the time goes: if there is
        something new, the monitor's descriptor is readable until it was looked at."""
        just_sent, self._just_sent = self._just_sent, False
        return not just_sent

    def look(self) -> bool:
        """Learns what became of the connection; False if there was nothing new."""
        new = False
        while self._monitor.get(_READABLE) & _POLLIN:  # type: ignore[operator]
            event, _ = self._monitor.recv_multipart(_NOW)
            self._learn(struct.unpack_from("=H", event)[0])
            new = True
        return new

    def renewed(self) -> bool:
        """It was lost and stands again since the last call."""
        renewed, self._renewed = self._renewed, False
        return renewed

    def _learn(self, event: int) -> None:
        if event == zmq.EVENT_CONNECTED:
            self._reached = True
        elif event == zmq.EVENT_CONNECT_RETRIED:
            # A retry follows every end of a connection; without one there was nobody.
            reached, self._reached = self._reached, False
            if not reached and self.trouble in (Trouble.none, Trouble.lost):
                self.trouble = Trouble.refused
        elif event == zmq.EVENT_DISCONNECTED:
            if self.trouble is Trouble.none:
                self.trouble = Trouble.lost
        elif event == zmq.EVENT_HANDSHAKE_SUCCEEDED:
            self.trouble = Trouble.none
            self._handshakes_failed = 0
            self._renewed, self._connected_before = self._connected_before, True
        elif event == zmq.EVENT_HANDSHAKE_FAILED_AUTH:
            self.trouble = Trouble.denied
        else:
            # Once: a daemon that is just stopping does that too.
            self._handshakes_failed += 1
            if self._handshakes_failed > 1:
                self.trouble = Trouble.handshake
