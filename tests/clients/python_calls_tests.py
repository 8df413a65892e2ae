#!/usr/bin/python3
"""How calls of the Python client are waited for, collected and given up: what the list of
behaviours, which every language has, does not say.

python_calls_tests.py PACKAGES. PACKAGES is the folder the client is installed in.
"""

import asyncio
import signal
import sys
import tempfile
import threading
import unittest

import zmq

sys.path.insert(0, sys.argv[1])

from postern import AsyncClient, Client, Error, ErrorKind, Follower, Refused  # noqa: E402
from postern import _packing, _reading, require_ok, schema  # noqa: E402


class Daemon:
    """Answers questions of the tenant "told" with the status, and nothing else."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.address = f"ipc://{self.folder.name}/queries"
        self.context = zmq.Context()
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()
        self.ready.wait()

    def serve(self):
        socket = self.context.socket(zmq.ROUTER)
        socket.linger = 0
        socket.bind(self.address)
        self.ready.set()
        try:
            while True:
                peer, data = socket.recv_multipart()
                query = _reading.unpack(data, schema.Query, 1_000)
                if query.tenant == "told":
                    answer = schema.Answer(id=query.id, body=schema.Status(seq=query.id))
                    socket.send_multipart([peer, bytes(_packing.pack(answer, b"PSAN").data)])
        except zmq.ContextTerminated:
            socket.close()

    def end(self):
        self.context.term()
        self.thread.join()
        self.folder.cleanup()


def query(tenant):
    return schema.Query(tenant=tenant, body=schema.GetStatus())


class CallsTests(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon()

    def tearDown(self):
        self.daemon.end()

    def client(self, **options):
        return Client(queries=self.daemon.address, commands=self.daemon.address, **options)

    def test_calls_are_collected_as_they_end_and_waited_for_one_by_one(self):
        with self.client() as client:
            self.assertIsNone(client.collect(), "none is unanswered")
            silent = client.submit(query("silent"))
            calls = [client.submit(query("told")) for _ in range(3)]
            self.assertEqual(client.wait(calls[2]).body.seq, calls[2].id)
            self.assertEqual([client.collect() for _ in range(2)], calls[:2])
            self.assertEqual(client.ask(query("told")).body.seq, 5)
            self.assertIsNone(client.collect(0))
            self.assertTrue(silent.cancel())
            self.assertFalse(silent.cancel())
            self.assertIsNone(client.collect())

    def test_what_is_waited_for_raises_the_error_it_ended_with(self):
        with self.client(timeout_ms=50, retries=0) as client:
            call = client.submit(query("silent"))
            self.assertIs(client.collect(), call)
            with self.assertRaises(Error) as raised:
                call.result()
            self.assertEqual(raised.exception.kind, ErrorKind.unreachable)

    def test_who_interrupts_a_waiting_gives_up_the_call(self):
        def interrupt(*_):
            raise KeyboardInterrupt

        with self.client(in_flight_max=1) as client:
            before = signal.signal(signal.SIGALRM, interrupt)
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.1)
                with self.assertRaises(KeyboardInterrupt):
                    client.ask(query("silent"))
            finally:
                signal.signal(signal.SIGALRM, before)
            self.assertEqual(client.ask(query("told")).body.seq, 2)

    def test_an_answer_of_another_kind_is_no_decision(self):
        with self.client() as client:
            with self.assertRaises(Error) as raised:
                client.check("told", schema.NamedUser(username="anna"), "read", "table/a")
            self.assertEqual(raised.exception.kind, ErrorKind.protocol)

    def test_a_task_that_is_cancelled_gives_up_its_call(self):
        async def go():
            address = self.daemon.address
            async with AsyncClient(queries=address, commands=address, in_flight_max=1) as client:
                with self.assertRaises(asyncio.TimeoutError):
                    await asyncio.wait_for(client.ask(query("silent")), 0.05)
                self.assertEqual((await client.ask(query("told"))).body.seq, 2)
                call = client.submit(schema.CommandMessage(tenant="silent"))
                task = asyncio.create_task(self.awaited(call))
                await asyncio.wait([task], timeout=0)
                self.assertTrue(call.cancel())
                with self.assertRaises(Error) as raised:
                    await task
                self.assertEqual(raised.exception.kind, ErrorKind.busy)
                self.assertIn(str(call.id), raised.exception.sentence)

        asyncio.run(go())

    async def awaited(self, call):
        return await call

    def test_many_tasks_each_get_their_own_answer(self):
        async def go():
            async with AsyncClient(queries=self.daemon.address) as client:
                calls = [client.submit(query("told")) for _ in range(500)]
                answers = await asyncio.gather(*(self.awaited(call) for call in calls))
                self.assertEqual([a.body.seq for a in answers], [call.id for call in calls])

        asyncio.run(go())

    def test_a_refusal_is_raised_with_its_sentence(self):
        page = schema.HistoryPage(code=schema.Code.not_permitted)
        for act in (lambda: require_ok(page), lambda: Follower(schema.GetRecords()).take(page)):
            with self.assertRaises(Refused) as raised:
                act()
            self.assertEqual(raised.exception.code, schema.Code.not_permitted)
            self.assertTrue(raised.exception.sentence and raised.exception.remedy)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
