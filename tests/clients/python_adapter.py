#!/usr/bin/python3
"""The Python client behind lines of JSON, as README.md says.

python_adapter.py PACKAGES waiting|asyncio: the client that waits, in an event loop of this
program's own; or the one for asyncio. PACKAGES is the folder it is installed in.
"""

import asyncio
import json
import os
import select
import sys
import uuid

sys.path.insert(0, sys.argv[1])

from postern import AsyncClient, Client, Error, Follower  # noqa: E402
from postern import Options, Refused, schema, text_of  # noqa: E402

ROOTS = {
    "command": schema.CommandMessage,
    "question": schema.Query,
    "request": schema.HistoryRequest,
    "follow": schema.GetRecords,
}
PARTS = {schema.Receipt: "receipt", schema.Answer: "answer", schema.HistoryPage: "page"}


def made(field, value, table):
    """One value of JSON as the client's own."""
    if field.kind == "table":
        return message(getattr(schema, field.of), value)
    if field.kind == "union":
        return message(getattr(schema, table[f"{field.name}_type"]), value)
    if field.kind == "struct":
        return uuid.UUID(value)
    if field.kind == "enum":
        return getattr(schema, field.of)[value]
    return value


def message(table, given):
    object = table()
    known = {field.name: field for field in table._fields}
    for name, value in given.items():
        if name.endswith("_type") and name not in known:
            continue
        field = known[name]
        if field.many and field.of == "ubyte":
            value = bytes(value)
        elif field.many:
            value = [made(field, one, given) for one in value]
        else:
            value = made(field, value, given)
        setattr(object, name, value)
    return object


def told(value):
    """One value of the client as JSON."""
    if isinstance(value, schema.Table):
        return fields_of(value)
    if isinstance(value, schema.Enum):
        known = not value.name.startswith("unknown_")
        return value.name if known else int(value)
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, bytes):
        return list(value)
    if isinstance(value, list):
        return [told(one) for one in value]
    return value


def fields_of(table):
    fields = {}
    for field in table._fields:
        value = getattr(table, field.name)
        if value is None:
            continue
        if field.kind == "union":
            fields[f"{field.name}_type"] = type(value).__name__
        fields[field.name] = told(value)
    return fields


def say(**line):
    print(json.dumps(line), flush=True)


def error_of(wrong):
    return {
        "kind": wrong.kind.name,
        "number": wrong.exit_code,
        "sentence": wrong.sentence,
        "remedy": wrong.remedy,
    }


def say_end(name, result):
    if isinstance(result, Refused):
        result = result.answer
    if isinstance(result, Error):
        say(ended=name, error=error_of(result))
    elif type(result) in PARTS:
        say(ended=name, **{PARTS[type(result)]: fields_of(result)})
    else:
        say(ended=name, checkpoint={"origin": result.origin, "size": result.size})


def say_page(name, page):
    say(page_of=name, seqs=[record.seq for record in page.records], next_seq=page.next_seq)


def say_code(name):
    number = int(schema.Code[name])
    sentence, remedy = text_of(number)
    say(did="code", number=number, sentence=sentence, remedy=remedy)


def part_of(line):
    part = next(part for part in (*ROOTS, "check_history") if part in line)
    return part, message(ROOTS[part], line[part]) if part in ROOTS else None


class Waiting:
    """The client that waits, which here never does."""

    def __init__(self):
        self.client, self.calls, self.names, self.followers = None, {}, {}, {}

    def open(self, options):
        if self.client:
            self.client.close()
        self.client = Client(options)

    def send(self, name, part, body):
        if part == "check_history":
            return self.note(name, self.client.submit_check_history())
        if part == "follow":
            self.followers[name] = Follower(body)
            body = self.followers[name].next()
        return self.note(name, self.client.submit(body))

    def note(self, name, call):
        self.calls[name], self.names[call] = call, name
        return str(call.id)

    def cancel(self, name):
        return self.calls[name].cancel()

    def collect(self):
        while (call := self.client.collect(0)) is not None:
            name = self.names.pop(call)
            try:
                result = call.result()
                if name in self.followers and type(result) is schema.HistoryPage:
                    say_page(name, self.followers[name].take(result))
                    self.note(name, self.client.submit(self.followers[name].next()))
                    continue
            except (Error, Refused) as wrong:
                result = wrong
            self.followers.pop(name, None)
            say_end(name, result)

    def run(self):
        buffer = b""
        while True:
            watched = [0] + ([self.client.fileno()] if self.client else [])
            left_s = self.client.turn() if self.client else None
            ready, _, _ = select.select(watched, [], [], left_s)
            if 0 in ready:
                data = os.read(0, 1 << 20)
                if not data:
                    return
                *lines, buffer = (buffer + data).split(b"\n")
                for line in lines:
                    self.do(json.loads(line))
            if self.client:
                self.client.turn()
                self.collect()

    def do(self, line):
        try:
            if line["do"] == "open":
                self.open(Options(**line["options"]))
                say(did="open")
            elif line["do"] == "send":
                say(did="send", id=self.send(line["name"], *part_of(line)))
            elif line["do"] == "cancel":
                say(did="cancel", gives=self.cancel(line["name"]))
            else:
                say_code(line["of"])
        except Error as wrong:
            say(did=line["do"], error=error_of(wrong))


class Awaiting(Waiting):
    """The client for asyncio: a task for each that was sent."""

    def __init__(self):
        super().__init__()
        self.tasks = {}

    def open(self, options):
        if self.client:
            self.client.close()
        self.client = AsyncClient(options)

    def send(self, name, part, body):
        """What is refused at once is told at once."""
        if part == "follow":
            call, work = None, self.follow(name, body)
        elif part == "check_history":
            call, work = None, self.client.check_history()
        else:
            call = self.client.submit(body)
            work = self.wait(call)
        task = asyncio.get_running_loop().create_task(work)
        self.tasks[name] = (task, call)
        task.add_done_callback(lambda task: self.ended(name, task))
        return str(call.id) if call else "0"

    def ended(self, name, task):
        if not task.cancelled():
            say_end(name, task.exception() or task.result())

    async def wait(self, call):
        return await call

    async def follow(self, name, wanted):
        async for page in self.client.follow(wanted):
            say_page(name, page)

    def cancel(self, name):
        """Of what is sent as one message by its own handle, else as tasks are cancelled."""
        task, call = self.tasks[name]
        return call.cancel() if call else task.cancel()

    async def go(self):
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=1 << 24)
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while data := await reader.readline():
            self.do(json.loads(data))
        for task, _ in self.tasks.values():
            task.cancel()

    def run(self):
        asyncio.run(self.go())


if __name__ == "__main__":
    {"waiting": Waiting, "asyncio": Awaiting}[sys.argv[2]]().run()
