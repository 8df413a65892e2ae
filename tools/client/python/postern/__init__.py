"""Postern's Python client: commands, questions and history over ZeroMQ, waiting or with asyncio.

`Client` waits, `AsyncClient` is awaited; `schema` holds the messages. Start with README.md.
"""

from . import schema
from ._core import Call
from ._follower import Follower, Page, read_records
from ._gate import read_record
from .asynchronous import AsyncCall, AsyncClient
from .checkpoint import Checkpoint, open_checkpoint, read_checkpoint
from .client import Client
from .errors import Error, ErrorKind, Refused, require_ok, text_of
from .identity import make_key_pair, make_uuid
from .options import Options

__all__ = [
    "AsyncCall",
    "AsyncClient",
    "Call",
    "Checkpoint",
    "Client",
    "Error",
    "ErrorKind",
    "Follower",
    "Options",
    "Page",
    "Refused",
    "make_key_pair",
    "make_uuid",
    "open_checkpoint",
    "read_checkpoint",
    "read_record",
    "read_records",
    "require_ok",
    "schema",
    "text_of",
]
