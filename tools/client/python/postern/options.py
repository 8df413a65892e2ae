"""What a client is to know."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field

import zmq

from .errors import Error, ErrorKind
from .identity import parse_key

DOORS = ("commands", "queries", "history")


@dataclass(kw_only=True)
class Options:
    """Addresses, keys and times. `of_data_folder` reads what a daemon on this machine wrote."""

    #: ZeroMQ addresses, "tcp://127.0.0.1:7601" or "ipc:///path"; those not used may stay empty.
    commands: str = ""
    queries: str = ""
    history: str = ""
    #: For tcp, which always speaks CURVE: Z85 of the server's public key and of one's own pair.
    server_key: str | None = None
    public_key: str | None = None
    secret_key: str | None = field(default=None, repr=False)
    #: O4: Z85 of the Ed25519 seed every command is signed with.
    signing_seed: str | None = field(default=None, repr=False)
    #: For a whole call, with all its retries; a `wait_ms` in the message comes on top, and 100 ms
    #: for each password of a batch.
    timeout_ms: int = 10_000
    #: How often an unanswered message is sent again within that time; a password never is (C5).
    retries: int = 3
    #: False: where nobody listens, fail at once instead of when the time is over.
    wait_for_daemon: bool = True
    #: Unanswered messages for each of the three sockets.
    in_flight_max: int = 1_000
    #: C11: once a password or key has authenticated, its session token is sent in its place, and
    #: renewed (S1), until it ends. In memory alone.
    keep_tokens: bool = True
    #: H6: where the newest checkpoint that was seen is remembered; empty: nowhere, and the history
    #: is not checked. Each daemon needs its own.
    checkpoint_file: str = ""
    #: H6: what checkpoints are verified with, as posternd prints it; empty: the key of the first
    #: one that is seen.
    verifier_key: str = ""
    #: The ZeroMQ context to take part in; None: the process's own.
    context: zmq.Context[zmq.Socket[bytes]] | None = field(default=None, repr=False)

    @classmethod
    def of_data_folder(cls, folder: str | os.PathLike[str], *, tcp: bool = False) -> Options:
        """For programs beside the daemon: over ipc, or over tcp with the first owner's key."""
        told = _read_toml(os.path.join(folder, "addresses"))
        if not tcp:
            addresses = [_ipc(told[f"{door}_ipc"], folder) for door in DOORS]
            return cls(commands=addresses[0], queries=addresses[1], history=addresses[2])
        own = _read_toml(os.path.join(folder, "owner.key"))
        return cls(
            commands=told["commands"],
            queries=told["queries"],
            history=told["history"],
            server_key=told["server_key"],
            public_key=own["public_key"],
            secret_key=own["secret_key"],
        )

    def check(self) -> None:
        """Raises where a client cannot be made of them."""
        keys = (self.server_key, self.public_key, self.secret_key)
        if any(getattr(self, door).startswith("tcp://") for door in DOORS) and not all(keys):
            raise Error(
                ErrorKind.usage,
                "A tcp address needs the server's public key and a key pair of one's own.",
                "Give all three, or use the ipc address.",
            )
        for name in ("server_key", "public_key", "secret_key", "signing_seed"):
            text = getattr(self, name)
            if text and parse_key(text) is None:
                raise Error(
                    ErrorKind.usage,
                    f"The option {name} is no key.",
                    "Give its 40 characters of Z85.",
                )


def _ipc(address: str, folder: str | os.PathLike[str]) -> str:
    """A path that is no UTF-8 stands there relative to the folder."""
    path = address.removeprefix("ipc://")
    return address if path.startswith("/") else f"ipc://{os.path.join(folder, path)}"


def _read_toml(path: str) -> dict[str, str]:
    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except (OSError, tomllib.TOMLDecodeError) as wrong:
        raise Error(
            ErrorKind.input_output,
            f"Cannot read {path}: {wrong}.",
            "posternd writes its addresses into its data folder when it starts.",
        ) from wrong
