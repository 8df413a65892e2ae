#!/usr/bin/python3
"""Each check is shown something good, which it passes, and something bad, which it finds."""

import unittest

import checks
import lengths
from includes import check_includes, check_unused_edges
from schema_change import changes
from schema_readers import Schema, check, marks_of

CODES = """enum Code:ushort {
  /// Done. Remedy: none needed.
  ok = 0,
%s}
"""
SCHEMA = """enum E:ubyte { A, B, C } table X { a:int (id: 0); } table Y { b:int (id: 0); }
union U { X, Y } struct S { p:int; q:int; } enum N:ushort { one = 1, five = 5 } table Empty {}
table R {
  id:ulong (id: 0);
  name:string (id: 1);
  e:E (id: 2);
  u:U (id: 4);
  s:S (id: 5);
  opt:string (id: 6);
  last:int (id: 7);
}
root_type R; file_identifier "ABCD";
"""
CODE_ROW = "| 0 | `ok` | Done. | none needed. |\n"


class LintTests(unittest.TestCase):
    def finds(self, check, tree, part):
        problems = list(check(tree))
        self.assertEqual(len(problems), 1, problems)
        self.assertIn(part, problems[0])

    def passes(self, check, tree):
        self.assertEqual(list(check(tree)), [])

    def test_includes_between_folders(self):
        def one(path, include):
            return {path: f"#include {include}\n"}

        for path, include in [
            ("daemon/domain/decide.h", '"daemon/view/directory.h"'),
            ("daemon/domain/decide.h", '"daemon/platform/failure.h"'),
            ("daemon/credential/secret.h", '"daemon/transport/endpoint.h"'),
            ("daemon/journal/tree.cpp", '"daemon/domain/state.h"'),
            ("daemon/journal/bundle.h", '"daemon/journal/leveldb/leveldb_journal.h"'),
            ("tests/unit/service/scrubber_tests.cpp", '"daemon/journal/leveldb/anchor.h"'),
            ("daemon/view/access.h", '"daemon/journal/journal.h"'),
            ("daemon/platform/clock.h", '"daemon/domain/state.h"'),
            ("daemon/view/access.h", '"daemon/platform/failure.h"'),
            ("daemon/service/writer.h", '"daemon/transport/endpoint.h"'),
            ("replay/verify.cpp", '"daemon/transport/endpoint.h"'),
            ("tools/cli/main.cpp", '"daemon/domain/state.h"'),
            ("tools/client/client.h", '"daemon/platform/failure.h"'),
            ("tests/integration/run_tests.cpp", '"daemon/domain/state.h"'),
            ("schema/identifiers.h", '"daemon/domain/state.h"'),
        ]:
            self.finds(check_includes, one(path, include), "may not include")
        for path, include in [
            ("daemon/domain/decide.cpp", '"daemon/domain/state.h"'),
            ("daemon/domain/decide.h", '"common_generated.h"'),
            ("daemon/credential/secret.h", '"daemon/platform/entropy.h"'),
            ("daemon/service/writer.cpp", '"daemon/journal/journal.h"'),
            ("daemon/running/daemon.cpp", '"daemon/service/writer.h"'),
            ("daemon/journal/opening.cpp", '"daemon/journal/leveldb/leveldb_journal.h"'),
            ("daemon/journal/leveldb/anchor.cpp", '"daemon/journal/sha256.h"'),
            ("replay/verify.cpp", '"daemon/platform/failure.h"'),
            ("tests/unit/domain/decide_tests.cpp", '"daemon/domain/decide.h"'),
        ]:
            self.passes(check_includes, one(path, include))

    def test_includes_of_libraries(self):
        for path, library in [
            ("daemon/service/writer.cpp", "zmq.hpp"),
            ("daemon/service/writer.cpp", "leveldb/db.h"),
            ("daemon/journal/tree.cpp", "leveldb/db.h"),
            ("tests/simulation/simulation.cpp", "leveldb/db.h"),
            ("daemon/service/writer.cpp", "boost/endian/buffers.hpp"),
            ("daemon/transport/endpoint.cpp", "sodium.h"),
            ("daemon/service/writer.cpp", "boost/json.hpp"),
            ("daemon/credential/secret.cpp", "openssl/evp.h"),
            ("daemon/service/writer.cpp", "boost/asio.hpp"),
        ]:
            self.finds(check_includes, {path: f"#include <{library}>\n"}, "library")
        for path, library in [
            ("daemon/transport/endpoint.cpp", "zmq.hpp"),
            ("daemon/journal/leveldb/leveldb_journal.cpp", "leveldb/db.h"),
            ("daemon/domain/state.h", "boost/unordered/unordered_flat_map.hpp"),
        ]:
            self.passes(check_includes, {path: f"#include <{library}>\n"})

    def test_the_domain_is_pure(self):
        for header in ("chrono", "mutex", "random", "fstream", "sys/socket.h", "unistd.h"):
            tree = {"daemon/domain/decide.cpp": f"#include <{header}>\n"}
            self.finds(check_includes, tree, "knows no clock")
        self.passes(check_includes, {"daemon/domain/decide.cpp": "#include <vector>\n"})

    def test_own_headers_are_named_from_the_top(self):
        tree = {"daemon/domain/decide.cpp": '#include "state.h"\n'}
        self.finds(check_includes, tree, "from the top")

    def test_line_length(self):
        self.finds(checks.check_line_length, {"daemon/a.h": "x" * 101}, "101")
        self.passes(checks.check_line_length, {"daemon/a.h": "x" * 100, "README.md": "x" * 101})

    def test_file_length(self):
        limit = lengths.FILE_LINES_MAX
        self.finds(lengths.check_file_length, {"daemon/a.cpp": "\n" * (limit + 1)}, str(limit + 1))
        self.passes(lengths.check_file_length, {"daemon/a.cpp": "\n" * limit})

    def test_function_length(self):
        limit = lengths.FUNCTION_LINES_MAX
        for head in (
            "int Reader::turn(int a,\n                 int b) {",
            "Reader::Reader(Parts parts)\n    : parts_(parts) {",
            "const std::vector<Row>& rows() {",
            "BOOST_AUTO_TEST_CASE(U1_a) {",
        ):
            inner = limit - head.count("\n") - 3
            good, bad = (f"{head}\n  if (x) {{\n" + "  }\n" * n + "}\n" for n in (inner, inner + 1))
            self.passes(lengths.check_function_length, {"daemon/a.cpp": good})
            self.finds(lengths.check_function_length, {"daemon/a.cpp": bad}, str(limit + 1))
        table = "const Row rows[] = {\n" + "    {1, f()},\n" * limit + "};\n"
        self.passes(lengths.check_function_length, {"daemon/a.cpp": table})

    def test_what_is_longer_may_only_fall(self):
        limit = lengths.FILE_LINES_MAX
        for lines, part in ((limit + 3, "limit"), (limit + 1, "say so")):
            tree = {"daemon/a.cpp": "\n" * lines, lengths.LIST: f"{limit + 2} daemon/a.cpp\n"}
            self.finds(lengths.check_file_length, tree, part)
        self.finds(lengths.check_function_length, {lengths.LIST: "501 daemon/a.cpp\n"}, "none")

    def test_commit_subjects(self):
        old = ["x" * 73] * checks.SUBJECTS_LONGER
        self.passes(lambda subjects: checks.check_subjects(subjects), ["x" * 72, *old])
        self.finds(lambda subjects: checks.check_subjects(subjects), ["y" * 73, *old], "yyy")

    def test_edges_that_nobody_uses(self):
        tree = {"daemon/view/a.h": '#include "daemon/domain/a.h"\n'}
        found = "\n".join(check_unused_edges(tree))
        self.assertNotIn("in daemon/view/ includes daemon/domain", found)
        self.assertIn("in daemon/calls/ includes daemon/domain", found)

    def test_banned_words(self):
        for path, text, part in [
            ("daemon/a.cpp", "// TO" "DO later", "mark"),
            ("tests/a.cpp", "std::this_thread::sleep" "_for(1s);", "sleep"),
            ("tests/a.py", "time.sle" "ep(1)", "sleep"),
            ("tests/a.sh", "sle" "ep 1", "sleep"),
            ("README.md", "see /home/" "me/postern", "machine"),
            ("tools/run", "cat ../sha" "red/list", "machine"),
            ("daemon/a.cpp", "using name" "space std;", "std"),
        ]:
            self.finds(checks.check_banned_words, {path: text}, part)
        self.passes(checks.check_banned_words, {"tests/a.cpp": "wait_until_ready();"})

    def test_schema_fields(self):
        for field, part in [
            ("name:string;", "id"),
            ("name:string (required, id: 0);", "required"),
            ("bytes:[ubyte] (id: 0, nested_flatbuffer: Record);", "nested"),
        ]:
            tree = {"schema/a.fbs": f"table A {{\n  {field}\n}}\n"}
            self.finds(checks.check_schema_fields, tree, part)
        good = "struct S {\n  a:ulong;\n}\ntable A {\n  /// what: it is;\n  b:bool (id: 0);\n}\n"
        self.passes(checks.check_schema_fields, {"schema/a.fbs": good})

    def test_marks(self):
        """What sounds secret must be marked so; what is marked must be text or cleared by name."""

        def problems(field):
            return list(check(Schema({"a": "table A {\n" + field + "\n}\n"})))

        for field in (
            "  password:string (id: 0);",
            "  new_password:string (id: 0, personal);",
            "  tokens:[string] (id: 0);",
            "  key:string (id: 0);",
            "  /// C8; secret: shown once.\n  text:string (id: 0);",
            "  /// C4: an Argon2id string.\n  stored:string (id: 0);",
            "  count:uint (id: 0, secret);",
            "  text:string (id: 0, hidden);",
            "  open:bool = null (id: 0, clearable);",
        ):
            self.assertEqual(len(problems(field)), 1, field)
        for field in (
            "  password:string (id: 0, secret);",
            "  password_length_min:ushort = 8 (id: 0);",
            "  key:Uuid (id: 0);",
            "  /// Never a secret.\n  text:string (id: 0);",
            "  open:bool = null (id: 0, clearable);\n  cleared:[string] (id: 1);",
        ):
            self.assertEqual(problems(field), [], field)
        schema = Schema({"a": "table A {\n  note:string (id: 3, personal, clearable);\n}"})
        place = [{"table": "A", "field": "note", "id": 3}]
        self.assertEqual(marks_of(schema), {"secret": [], "personal": place, "clearable": place})

    def test_schema_changes(self):
        """The twelve that flatc 2.0.8 lets pass, and those that it finds."""
        self.assertEqual(list(changes(SCHEMA, SCHEMA)), [])
        for old, new in [
            ("last:int (id: 7);", ""),
            ("last:int (id: 7)", "other:int (id: 7)"),
            ("{ A, B, C }", "{ A, B }"),
            ("{ A, B, C }", "{ A, B, Z }"),
            ("{ A, B, C }", "{ B, A, C }"),
            ("union U { X, Y }", "union U { X }"),
            ("union U { X, Y }", "union U { X, Z } table Z { z:string (id: 0); }"),
            ("opt:string (id: 6)", "opt:string (id: 6, required)"),
            ("struct S { p:int; q:int; }", "struct S { p:int; q:int; r:int; }"),
            ("struct S { p:int; q:int; }", "struct S { p:int; }"),
            ("ABCD", "EFGH"),
            ("root_type R", "root_type X"),
            ("last:int (id: 7)", "last:long (id: 7)"),
            ("last:int (id: 7)", "last:int = 3 (id: 7)"),
            ("table Y { b:int (id: 0); }", ""),
            ("table Empty {}", ""),
            ("five = 5", "five = 6"),
            ("one = 1, ", ""),
            ("enum N:ushort", "enum N:uint"),
            ("enum E:ubyte", "enum E:ubyte (bit_flags)"),
            ("struct S {", "struct S (force_align: 16) {"),
        ]:
            self.assertIn(old, SCHEMA)
            self.assertTrue(list(changes(SCHEMA, SCHEMA.replace(old, new))), (old, new))
        demanding = SCHEMA.replace("opt:string (id: 6)", "opt:string (id: 6, required)")
        self.assertTrue(list(changes(demanding, SCHEMA)))
        for old, new in [
            ("last:int (id: 7);", "last:int (id: 7); more:int (id: 8);"),
            ("last:int (id: 7)", "last:int (id: 7, deprecated)"),
            ("opt:string (id: 6)", "opt:string (id: 6, secret, personal)"),
            ("union U", 'attribute "secret"; union U'),
            ("{ A, B, C }", "{ A, B, C, D }"),
            ("one = 1, ", "one = 1, two = 2, "),
            ("one = 1, ", "one = 1, required = 2, "),
            ("union U { X, Y }", "union U { X, Y, R }"),
            ("last:int (id: 7);", "/// Moved, not changed.\n  last:int ( id:7 );"),
        ]:
            self.assertIn(old, SCHEMA)
            self.assertEqual(list(changes(SCHEMA, SCHEMA.replace(old, new))), [], (old, new))

    def test_codes(self):
        manual = "schema/README.md"
        good = {"schema/common.fbs": CODES % "", manual: CODE_ROW}
        self.passes(checks.check_codes, good)
        bare = CODES % "  busy = 140,\n"
        self.finds(checks.check_codes, good | {"schema/common.fbs": bare}, "busy has no sentence")
        half = CODES % "  /// Full.\n  busy = 140,\n"
        self.finds(checks.check_codes, good | {"schema/common.fbs": half}, "Remedy")
        self.finds(checks.check_codes, good | {manual: ""}, "lacks")
        stray = CODE_ROW + "| 1 | `gone` | A. | B. |\n"
        self.finds(checks.check_codes, good | {manual: stray}, "gone")
        twice = CODES % "  /// Again. Remedy: none.\n  again = 0,\n"
        rows = CODE_ROW + "| 0 | `again` | Again. | none. |\n"
        self.finds(checks.check_codes, {"schema/common.fbs": twice, manual: rows}, "twice")

    def test_rule_names(self):
        tree = {"tests/rules.txt": "U1\n", "tests/unit/a.cpp": "BOOST_AUTO_TEST_CASE(U14_is_so) {"}
        self.finds(checks.check_rule_names, tree, "U14_is_so")
        tree["tests/unit/a.cpp"] = "BOOST_AUTO_TEST_CASE(U1_is_so) {\nBOOST_AUTO_TEST_CASE(other) {"
        self.passes(checks.check_rule_names, tree)
        tree["tests/clients/cases/a.json"] = '{"cases": [{"name": "U15_is_so"}, {"name": "other"}]}'
        self.finds(checks.check_rule_names, tree, "U15_is_so")

    def test_links(self):
        tree = {"README.md": "see [schema](schema/README.md) and `[i](x)`", "schema/README.md": ""}
        self.passes(checks.check_links, tree)
        tree["schema/README.md"] = "see [the rest](../gone/README.md#place)"
        self.finds(checks.check_links, tree, "gone")

    def test_top_level(self):
        self.finds(checks.check_top_level, ["docs", "daemon", ".ci", "build-x"], "docs")
        self.passes(checks.check_top_level, ["daemon", "README.md", ".gitignore", "var"])


if __name__ == "__main__":
    unittest.main()
