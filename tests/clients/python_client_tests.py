#!/usr/bin/python3
"""What the Python client knows, held against the schema and against flatc's own code.

python_client_tests.py PROJECT PACKAGES. PACKAGES is the folder the client is installed in.
"""

import glob
import importlib
import os
import random
import re
import struct
import sys
import tempfile
import unittest
import unittest.mock
import uuid

import flatbuffers
from a_daemon import generate

PROJECT, PACKAGES = sys.argv[1:3]
sys.path[:0] = [PACKAGES, f"{PROJECT}/schema"]

from postern import Error, ErrorKind, Options, make_uuid, schema, text_of  # noqa: E402
from postern import _gate, _guarded_history, _kept_tokens, _packing, _reading, _slots  # noqa: E402

import generate_marks  # noqa: E402
from generate_codes import read_codes  # noqa: E402

ROOTS = {"CommandMessage": b"PSCM", "Receipt": b"PSRC", "Query": b"PSQU", "Answer": b"PSAN"}
ROOTS |= {"HistoryRequest": b"PSHQ", "HistoryPage": b"PSHP", "Record": b"PSRE"}
TABLES_MAX = 1_000_000


def tables():
    found = (getattr(schema, name) for name in schema.__all__)
    return [one for one in found if isinstance(one, type) and issubclass(one, schema.Table)]


class Filler:
    """Messages with something in every field, from a seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def table(self, table, depth=0):
        return table(**{f.name: self.field(f, depth) for f in table._fields})

    def field(self, field, depth):
        if field.many and field.of == "ubyte":
            return self.random.randbytes(self.random.randrange(1, 40))
        if field.many:
            count = 0 if depth > 6 else self.random.randrange(1, 4)
            return [self.one(field, depth) for _ in range(count)]
        return self.one(field, depth)

    def one(self, field, depth):
        if field.kind == "text":
            return "".join(self.random.choices("abcäö東🔑 ", k=self.random.randrange(1, 9)))
        if field.kind == "struct":
            return uuid.UUID(int=self.random.getrandbits(128))
        if field.kind == "enum":
            return self.random.choice(list(getattr(schema, field.of)))
        if field.kind == "scalar":
            return self.number(field.of)
        if depth > 8:
            return None
        if field.kind == "table":
            return self.table(getattr(schema, field.of), depth + 1)
        return self.table(self.random.choice(schema.Table._unions[field.of]), depth + 1)

    def number(self, of):
        if of == "bool":
            return self.random.random() < 0.5
        code, size = _slots.SCALARS[of]
        bits = 8 * size - (code.islower())
        return self.random.getrandbits(bits)


class Flatc:
    """The same messages by flatc's code, in a namespace of its own."""

    def __init__(self, folder):
        generate(PROJECT, folder, "--python")
        os.makedirs(f"{folder}/flatc_made")
        os.rename(f"{folder}/generated/postern/schema", f"{folder}/flatc_made/schema")
        for path in glob.glob(f"{folder}/flatc_made/schema/*.py"):
            with open(path, encoding="utf-8") as file:
                text = file.read()
            with open(path, "w", encoding="utf-8") as file:
                file.write(text.replace("postern.schema", "flatc_made.schema"))
        sys.path.insert(0, folder)

    def module(self, name):
        return importlib.import_module(f"flatc_made.schema.{name}")

    def read(self, name, data):
        module = self.module(name)
        root = getattr(module, name).GetRootAs(data)
        return getattr(module, f"{name}T").InitFromObj(root)

    def write(self, name, message):
        """What was read by it, packed by it."""
        import flatbuffers

        builder = flatbuffers.Builder(1024)
        builder.Finish(message.Pack(builder), file_identifier=ROOTS[name])
        return bytes(builder.Output())


def camel(name):
    first, *rest = name.rstrip("_").split("_")
    ending = "_" if name.endswith("_") else ""
    return first + "".join(part.capitalize() for part in rest) + ending


class WireTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.flatc = Flatc(cls.folder.name)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def same(self, ours, theirs, where):
        """flatc's object holds what ours does."""
        for field in ours._fields:
            value, other = getattr(ours, field.name), getattr(theirs, camel(field.name))
            place = f"{where}.{field.name}"
            if field.kind == "struct":
                number = None if other is None else other.high << 64 | other.low
                self.assertEqual(None if value is None else value.int, number, place)
            elif field.many and field.kind in ("table", "text"):
                self.assertEqual(len(value), len(other or []), place)
                for i, one in enumerate(value):
                    if field.kind == "table":
                        self.same(one, other[i], f"{place}[{i}]")
                    else:
                        self.assertEqual(one, other[i].decode(), place)
            elif field.many:
                self.assertEqual(list(value), [] if other is None else list(other), place)
            elif field.kind == "text":
                self.assertEqual(value, None if other is None else other.decode(), place)
            elif isinstance(value, schema.Table):
                self.same(value, other, place)
            else:
                self.assertEqual(value, other, place)

    def test_every_kind_of_message_is_what_flatc_reads_and_writes(self):
        for name, identifier in ROOTS.items():
            table = getattr(schema, name)
            for seed in range(150):
                ours = Filler(seed).table(table)
                data = bytes(_packing.pack(ours, identifier).data)
                theirs = self.flatc.read(name, data)
                self.same(ours, theirs, f"{name} of seed {seed}")
                self.assertEqual(_reading.unpack(data, table, TABLES_MAX), ours)
                again = _reading.unpack(self.flatc.write(name, theirs), table, TABLES_MAX)
                self.assertEqual(again, ours)

    def test_every_table_is_met(self):
        met = set()

        def visit(table):
            met.add(type(table))
            for field in table._fields:
                value = getattr(table, field.name)
                for one in value if isinstance(value, list) else [value]:
                    if isinstance(one, schema.Table):
                        visit(one)

        for name in ROOTS:
            for seed in range(150):
                visit(Filler(seed).table(getattr(schema, name)))
        # The signed bytes within an answer, and what they alone hold.
        left = {table.__name__ for table in set(tables()) - met}
        self.assertLessEqual(left, {"DecisionReceipt", "ReceivedDecision"})

    def test_pairs_are_the_questions_they_stand_for(self):
        pairs = [("read", f"table/a{i % 7}") for i in range(40)] + [("", "ä"), ("write", "")]
        questions = [schema.Question(action=a, resource=r) for a, r in pairs]
        for given in (pairs, questions):
            body = schema.Check(questions=_packing.Pairs(given) if given is pairs else given)
            query = schema.Query(tenant="acme", body=body)
            data = bytes(_packing.pack(query, b"PSQU").data)
            self.assertEqual(_reading.unpack(data, schema.Query, 1_000).body.questions, questions)
            self.assertEqual(len(self.flatc.read("Query", data).body.questions), len(pairs))

    def test_damaged_bytes_are_refused_or_harmless(self):
        for name in ("Receipt", "Answer", "HistoryPage", "Record"):
            table = getattr(schema, name)
            data = bytearray(_packing.pack(Filler(7).table(table), ROOTS[name]).data)
            for place in range(len(data)):
                for bit in (0x01, 0x80, 0xFF):
                    data[place] ^= bit
                    self.harmless(bytes(data), table)
                    data[place] ^= bit
                self.harmless(bytes(data[:place]), table)

    def harmless(self, data, table):
        try:
            _reading.peek(data, table, *(f.name for f in table._fields if f.name in ("code",)))
            repr(_reading.unpack(data, table, 65_536))
        except (_reading.BadBytes, Error):
            pass

    def test_endlessly_shared_tables_and_texts_are_refused(self):
        problem = schema.Problem(sentence="x" * 1_000)
        receipt = schema.Receipt(problems=[problem] * 70_000)
        data = bytes(_packing.pack(receipt, b"PSRC").data)
        with self.assertRaises(_reading.BadBytes):
            _reading.unpack(data, schema.Receipt, 65_536)
        # 20,000 times the same text of 16 KiB, which its offsets share.
        count, text = 20_000, 16_384
        vtable = struct.pack("<13H2x", 26, 8, *[0] * 10, 4)
        offsets = range(4 * count, 0, -4)
        data = struct.pack("<I4s", 36, b"PSRC") + vtable + struct.pack("<iII", 28, 4, count)
        data += struct.pack(f"<{count}II", *offsets, text) + b"x" * text + b"\0"
        with self.assertRaisesRegex(_reading.BadBytes, "more text"):
            _reading.unpack(data, schema.Receipt, 65_536)

    def test_a_shorter_table_of_a_list_may_end_the_message(self):
        builder = flatbuffers.Builder(0)
        # What is made first lies last.
        places = [self.decision(builder, None)]
        builder.StartObject(0)
        places.append(self.decision(builder, builder.EndObject()))
        builder.StartVector(4, 2, 4)
        for place in places:
            builder.PrependUOffsetTRelative(place)
        decisions = builder.EndVector()
        builder.StartObject(1)
        builder.PrependUOffsetTRelativeSlot(0, decisions, 0)
        builder.Finish(builder.EndObject())
        read = _reading.unpack(bytes(builder.Output()), schema.Checked, 100).decisions
        self.assertEqual([one.allowed for one in read], [True, False])
        self.assertEqual([one.grant is None for one in read], [False, True])
        self.assertTrue(all(one.reason == schema.Code.no_matching_grant for one in read))

    @staticmethod
    def decision(builder, grant):
        builder.StartObject(2 if grant is None else 3)
        builder.PrependBoolSlot(0, grant is not None, None)
        builder.PrependUint16Slot(1, int(schema.Code.no_matching_grant), 0)
        if grant is not None:
            builder.PrependUOffsetTRelativeSlot(2, grant, 0)
        return builder.EndObject()

    def test_what_is_no_value_of_a_field_is_usage(self):
        for message in (
            schema.Query(id="one"),
            schema.Query(id=-1),
            schema.Query(tenant=5),
            schema.Query(body=schema.CreateTenant()),
            schema.Query(tenant="\ud800"),
        ):
            with self.assertRaises(Error) as raised:
                _gate.to_bytes(message, b"PSQU")
            self.assertEqual(raised.exception.kind, ErrorKind.usage)


class SchemaTests(unittest.TestCase):
    def test_C4_what_the_schema_marks_secret_is_never_shown(self):
        paths = glob.glob(f"{PROJECT}/schema/*.fbs")
        marks = generate_marks.marks_of(generate_marks.read_schema(paths))
        known = {table.__name__: table for table in tables()}
        count = 0
        for mark in marks["secret"]:
            table = known.get(mark["table"])
            if table is None:
                continue
            (field,) = [f for f in table._fields if f.id == mark["id"]]
            self.assertTrue(field.secret, mark)
            value = ["correct horse"] if field.many else "correct horse"
            self.assertNotIn("horse", repr(table(**{field.name: value})))
            count += 1
        self.assertGreater(count, 10)
        options = Options(secret_key="horse", signing_seed="horse")
        self.assertNotIn("horse", repr(options))

    def test_every_code_has_the_schemas_sentence_and_remedy(self):
        with open(f"{PROJECT}/schema/common.fbs", encoding="utf-8") as file:
            codes = list(read_codes(file.read()))
        for name, number, sentence, remedy in codes:
            self.assertEqual(int(schema.Code[name]), number)
            self.assertEqual(text_of(number), (sentence, remedy))
        self.assertEqual(len(codes), len(schema.Code))
        self.assertIn("does not know", text_of(9_999)[0])

    def test_K5_what_is_sent_again_is_what_the_schema_says(self):
        with open(f"{PROJECT}/schema/resending.h", encoding="utf-8") as file:
            rows = re.findall(r"\{Code::(\w+), Resending::(\w+)\}", file.read())
        self.assertEqual({name for name, _ in rows}, {code.name for code in _gate.NOT_FINAL})
        again = {name for name, says in rows if says == "try_again"}
        self.assertEqual(again, {code.name for code in _gate.TRY_AGAIN})

    def test_a_value_that_has_no_name_here_is_kept(self):
        self.assertEqual((schema.Code(999), schema.Code(999).name), (999, "unknown_999"))

    def test_a_decision_is_true_if_it_allows(self):
        self.assertFalse(schema.Decision())
        self.assertTrue(schema.Decision(allowed=True))
        self.assertFalse(schema.Authenticated())


class PartsTests(unittest.TestCase):
    def test_K1_a_made_id_is_a_uuid_of_version_7(self):
        ids = [make_uuid() for _ in range(1_000)]
        self.assertEqual({(one.version, one.variant) for one in ids}, {(7, uuid.RFC_4122)})
        self.assertEqual(len(set(ids)), len(ids))

    def test_C11_what_is_kept_is_bounded_and_what_is_used_stays(self):
        kept = _kept_tokens.KeptTokens(10)
        body = schema.Authenticated(allowed=True, token="psts_one", expires_ns=10**12)
        answer = schema.Answer(body=body)

        def name(i):
            credential = schema.PasswordCredential(username=f"user{i}", password="p")
            return kept.name_of(schema.Query(tenant="acme"), credential)

        for i in range(1_000):
            kept.keep(name(i), _kept_tokens.Owner("acme", f"user{i}"), answer, 0.0)
            self.assertLessEqual(len(kept), 10)
            self.assertIsNotNone(kept.find(name(0), 1.0))
        self.assertIsNone(kept.find(name(1), 1.0))
        self.assertIsNone(kept.find(name(0), 10_000.0), "its time is over")

    def test_S1_a_kept_token_is_renewed_at_half_of_its_time_while_that_prolongs_it(self):
        kept = _kept_tokens.KeptTokens()
        body = schema.Authenticated(allowed=True, token="psts_one", expires_ns=100 * 10**9)
        kept.keep(b"n", _kept_tokens.Owner("acme", "anna"), schema.Answer(body=body), 1_000.0)
        one = kept.find(b"n", 1_001.0)
        self.assertEqual((one.renew_at, one.ends), (1_050.0, 1_100.0))
        kept.renew(one, schema.Answer(body=body), 1_060.0)
        self.assertEqual((one.renew_at, one.ends), (1_110.0, 1_160.0))
        ends = schema.Authenticated(allowed=True, token="psts_two", expires_ns=50 * 10**9)
        kept.renew(one, schema.Answer(body=ends), 1_110.0)
        self.assertEqual((one.renew_at, one.ends), (float("inf"), 1_160.0))

    def test_every_request_that_waits_is_granted_its_time(self):
        waiting = 0
        history = _guarded_history.GuardedHistory.__new__(_guarded_history.GuardedHistory)
        history._next_id = lambda: 1
        history._lane = unittest.mock.Mock()
        for table in schema.Table._unions["HistoryBody"]:
            waits = any(field.name == "wait_ms" for field in table._fields)
            body = table(wait_ms=7_000) if waits else table()
            history.send(schema.HistoryRequest(wait_ms=500, body=body), print)
            extra_ms = history._lane.send.call_args.kwargs["extra_ms"]
            self.assertEqual(extra_ms, 7_500 if waits else 500, table.__name__)
            waiting += waits
        self.assertGreaterEqual(waiting, 3)

    def test_options_say_what_is_wrong_with_a_key(self):
        with self.assertRaises(Error) as raised:
            Options(commands="tcp://127.0.0.1:1", server_key="x").check()
        self.assertEqual(raised.exception.kind, ErrorKind.usage)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
