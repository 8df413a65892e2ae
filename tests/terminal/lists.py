#!/usr/bin/python3
"""Every list and page at a terminal of 80 and of 120 columns, with names as long and as foreign as
they may be: no line is wider. Not at a terminal: whole, and without colours. Each verb that lists
is in lists.json, or this says which is not.

lists.py PROJECT BIN
"""

import os
import re
import sys
import tempfile

PROJECT, BIN = sys.argv[1:]
sys.path.insert(0, f"{PROJECT}/tests/clients")

from a_daemon import running  # noqa: E402
from terminal import run_at_terminal, run_in_pipe, width_of  # noqa: E402
from world import PASSWORD, TENANT, USER, World, table  # noqa: E402

WIDTHS = (80, 120)


def verbs_that_list():
    """Those that take --columns, and those that say that they list, by the program's own words."""
    told = run_in_pipe([f"{BIN}/postern", "--completion", "bash"]).text
    places = re.findall(r"^ +'([^']+)'\) verbs='' flags='([^']*)'", told, re.MULTILINE)
    taking = {verb for verb, options in places if "--columns" in options.split()}
    manual = run_in_pipe([f"{BIN}/postern", "--man"]).text.replace("\\-", "-")
    saying = re.findall(r'^\.SS "([a-z -]+?)(?: [A-Z].*)?"\nLists ', manual, re.MULTILINE)
    return taking, set(saying)


def every_list_is_known():
    taking, saying = verbs_that_list()
    known = {row["verb"] for row in table()["lists"]}
    assert known == taking, f"in one place only: {known ^ taking}"
    assert len(saying) > 5 and saying <= taking, f"list, and take no --columns: {saying - taking}"


def check_width(row, seen, width):
    assert seen.code == row.get("code", 0), f"{row}: {seen.code}\n{seen.text}"
    widest = seen.widest
    assert width_of(widest) <= width, f"{row}: {width_of(widest)} columns\n{widest}"
    assert "\u202e" not in seen.text and "\u2066" not in seen.text, seen.text


def heads_of(seen):
    """Of the last table: the heads are in capitals."""
    lines = [line for line in seen.lines if re.match(r"[A-Z0-9-]+( |$)", line)]
    heads = [line for line in lines if line == line.upper() and not line[0].isdigit()]
    return heads[-1] if heads else ""


def check_fits(row, command):
    for width in WIDTHS:
        seen = run_at_terminal(command, width)
        check_width(row, seen, width)
        missing = [head for head in row.get("narrow", []) if head not in heads_of(seen)]
        assert not missing, f"{row}: no {missing} at {width}:\n{seen.text}"


def check_whole(row, command):
    """As wide as it is, whatever the environment says of a terminal; without colours."""
    seen = run_in_pipe(command, COLUMNS="40")
    assert seen.code == row.get("code", 0), f"{row}: {seen.text}"
    assert not seen.is_coloured and "…" not in seen.text, seen.text
    assert "No room for" not in seen.text, seen.text


def fits(world):
    for row in table()["lists"] + table()["pages"]:
        check_fits(row, world.command(*world.words_of(row)))


def is_whole_in_a_pipe(world):
    for row in table()["lists"] + table()["pages"]:
        check_whole(row, world.command(*world.words_of(row)))
    wide = run_in_pipe(world.command("user", "list")).text
    assert "東京都渋谷区の倉庫管理システムから在庫を照会する利用者" in wide, wide
    assert "a\\u202eb\\u2066c" in wide, wide


def colours_are_for_terminals_that_want_them(world):
    command = world.command("user", "list")
    assert run_at_terminal(command, 120).is_coloured
    for environment in ({"NO_COLOR": "1"}, {"NO_COLOR": "0"}, {"TERM": "dumb"}):
        seen = run_at_terminal(command, 120, **environment)
        assert not seen.is_coloured, f"{environment}: {seen.text}"
        check_width({"verb": "user list"}, seen, 120)
    assert run_at_terminal(command, 120, NO_COLOR="").is_coloured
    # For other programs it is data, wherever it goes.
    for form in ("json", "jsonl"):
        seen = run_at_terminal(world.command("--output", form, "user", "list"), 80)
        assert not seen.is_coloured and "…" not in seen.text, seen.text


def columns_are_chosen(world):
    asked = world.command("user", "list", "--columns", "id,user,last-used")
    assert run_in_pipe(asked).lines[0].split() == ["ID", "USER", "LAST", "USED"]
    seen = run_at_terminal(asked, 80)
    check_width({"verb": "user list"}, seen, 80)
    assert heads_of(seen).split() == ["ID", "USER", "LAST", "USED"], seen.text
    everything = run_at_terminal(world.command("user", "list", "--columns", "all"), 80)
    check_width({"verb": "user list"}, everything, 80)
    wrong = run_in_pipe(world.command("user", "list", "--columns", "user,statsu"))
    assert wrong.code == 64, wrong.text
    assert "no column 'statsu'; the nearest is status" in wrong.text, wrong.text
    assert "locked-by" in wrong.text and "description" in wrong.text, wrong.text
    as_json = run_in_pipe(world.command("--output", "json", "user", "list", "--columns", "user"))
    assert as_json.code == 64, as_json.text


def every_list_knows_its_columns(world):
    """A column that is none is refused by each of them, before anything is shown."""
    for row in table()["lists"]:
        seen = run_in_pipe(world.command(*world.words_of(row), "--columns", "nmae"))
        assert seen.code == 64 and "no column 'nmae'" in seen.text, f"{row}: {seen.text}"


def seqs_of(world, *more):
    lines = run_in_pipe(world.command("events", "list", "--columns", "seq", *more)).lines
    return [int(line) for line in lines[1:] if line]


def newest_first(world):
    forward = seqs_of(world)
    assert forward == sorted(forward) and len(forward) > 20
    assert sorted(seqs_of(world, "--newest-first")) == forward
    backward = list(dict.fromkeys(seqs_of(world, "--newest-first")))
    assert backward == sorted(set(forward), reverse=True)
    assert seqs_of(world, "--newest-first", "--count", "2", "--kind", "KeyCreated") == sorted(
        seqs_of(world, "--kind", "KeyCreated"), reverse=True)[:2]  # fmt: skip
    assert seqs_of(world, "--since", "1h") == forward
    assert not seqs_of(world, "--since", "2100-01-01T00:00:00Z")
    assert not seqs_of(world, "--since", "2100-01-01T00:00:00Z", "--newest-first")
    for more in [], ["--newest-first"]:
        beyond = run_in_pipe(world.command("events", "list", "--from-seq", "1000000000", *more))
        assert beyond.code == 66 and "beyond" in beyond.text, beyond.text
    wrong = run_in_pipe(world.command("events", "list", "--since", "yesterday"))
    assert wrong.code == 64 and "12h" in wrong.text, wrong.text


def prompts_echo_nothing(world):
    """What is typed where a secret is asked for is not shown."""
    secrets = ("Corr3ct-horse-new", "Corr3ct-horse-new")
    prompt = f"password of {USER}: "
    seen = run_at_terminal(
        world.command("password", "reset", USER), 80,
        typed=[(f"New {prompt}", secrets[0]), (f"New {prompt[:-2]} again: ", secrets[1])],
    )  # fmt: skip
    assert seen.code == 0, seen.text
    assert not any(secret in seen.text for secret in secrets), seen.text
    world.run("password", "reset", USER, given=PASSWORD)
    seen = run_at_terminal(
        world.command("authenticate", USER, "--address", "192.0.2.7"), 80,
        typed=[(f"Password of {USER}: ", PASSWORD)],
    )  # fmt: skip
    assert seen.code == 0 and PASSWORD not in seen.text, seen.text


def fits_and_is_whole_of_the_audit_tool(world):
    for row in table()["audit"]:
        command = world.audit(*world.words_of(row))
        check_fits(row, command)
        check_whole(row, command)
    asked = world.audit("user", "list", "--tenant", TENANT)
    seen = run_at_terminal(asked, 80)
    assert "No room for" in seen.text and "json has all of it" in seen.text, seen.text
    assert run_at_terminal(asked, 120).is_coloured
    assert not run_at_terminal(asked, 120, NO_COLOR="1").is_coloured


TESTS = (fits, is_whole_in_a_pipe, colours_are_for_terminals_that_want_them, columns_are_chosen,
         every_list_knows_its_columns, newest_first, prompts_echo_nothing)  # fmt: skip


def main():
    every_list_is_known()
    with tempfile.TemporaryDirectory() as folder:
        with running(PROJECT, f"{BIN}/posternd", folder) as data:
            world = World(BIN, data, folder)
            for test in TESTS:
                test(world)
                print(f"{test.__name__}: as it should be")
        fits_and_is_whole_of_the_audit_tool(world)


if __name__ == "__main__":
    os.environ.pop("POSTERN_OUTPUT", None)
    main()
