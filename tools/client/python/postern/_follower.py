"""Q7: pages of records, one after the other, each checked for gaps."""

from __future__ import annotations

import copy
from typing import NamedTuple

from . import schema
from ._gate import read_record
from .errors import Error, ErrorKind, require_ok


class Page(NamedTuple):
    """Records in their order; `next_seq` is where to go on."""

    records: list[schema.Record]
    next_seq: int
    page: schema.RecordPage


def read_records(page: schema.RecordPage) -> list[schema.Record]:
    """The records of a page, each checked like a message."""
    return [read_record(stored.bytes) for stored in page.records]


class Follower:
    """Send `next()`, `take` the page that comes, send `next()`: the caller sets the pace."""

    def __init__(self, wanted: schema.GetRecords) -> None:
        self._wanted = copy.copy(wanted)

    def next(self) -> schema.HistoryRequest:
        return schema.HistoryRequest(body=copy.copy(self._wanted))

    def take(self, answer: schema.HistoryPage) -> Page:
        """Raises Refused, or `protocol` if it holds something else or records are missing; `next`
        then asks for the same again."""
        require_ok(answer)
        page = answer.body
        if not isinstance(page, schema.RecordPage):
            raise Error(
                ErrorKind.protocol,
                "The daemon answered a request for records with something else.",
                "Check that its version fits this client.",
            )
        records = read_records(page)
        if not self._without_gap(page, records):
            raise Error(
                ErrorKind.protocol,
                f"Records are missing after seq {self._wanted.from_seq} in what the daemon sent.",
                "Have the journal verified; do not rely on this history.",
            )
        self._wanted.from_seq = page.next_seq
        return Page(records, page.next_seq, page)

    def _without_gap(self, page: schema.RecordPage, records: list[schema.Record]) -> bool:
        """With a filter, seqs only rise; without one, none is missing."""
        wanted = self._wanted
        of_some = (wanted.tenant, wanted.user, wanted.user_id, wanted.operator_name, wanted.kind)
        filtered = any(of_some) or wanted.from_time_ns != 0
        following = max(wanted.from_seq, 1)
        for record in records:
            if record.seq < following if filtered else record.seq != following:
                return False
            following = record.seq + 1
        return page.next_seq >= following if filtered else page.next_seq == following
