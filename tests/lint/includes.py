"""Which folder may include what: the table of the architecture, and where each library is used."""

import re

from tree import lines

# Of daemon/platform only main and its wiring may include these; the rest is for every folder but
# those that know nothing of the system.
PROCESS_WIDE = ("daemon/platform/signals.h", "daemon/platform/notifier.h")
# A few lines about one number of the system.
EVERYWHERE = ("daemon/platform/retried.h",)
WITHOUT_PLATFORM = ("daemon/domain/", "daemon/view/", "schema/", "tools/", "tests/integration/",
                    "tests/scenario/")
GENERATED = re.compile(
    r"(common|event|command|personal|query|history|backup)_(generated|marks)\.h|codes\.h"
)
SCHEMA = "schema/"

# Folder: the project's folders it may include besides itself, the schema and daemon/platform.
FOLDERS = {
    "schema/": [],
    "daemon/platform/": [],
    "daemon/domain/": ["daemon/platform/require.h"],
    "daemon/credential/": [],
    "daemon/journal/": ["daemon/credential/"],
    "daemon/journal/leveldb/": ["daemon/journal/"],
    "daemon/calls/": ["daemon/domain/", "daemon/credential/"],
    "daemon/view/": ["daemon/domain/"],
    "daemon/transport/": [],
    "daemon/service/": [
        "daemon/domain/", "daemon/credential/", "daemon/journal/", "daemon/calls/",
        "daemon/view/",
    ],
    # Messages, tables, ids and times as text.
    "tools/text/": [],
    # What every program asks of its arguments.
    "tools/arguments/": ["tools/text/"],
    "daemon/data/": ["daemon/domain/", "daemon/credential/", "daemon/journal/"],
    "daemon/offline/": ["daemon/data/", "daemon/domain/", "daemon/credential/", "daemon/journal/"],
    "daemon/running/": ["daemon/config.h", "daemon/calls/", "daemon/credential/", "daemon/data/",
                        "daemon/domain/", "daemon/journal/", "daemon/service/",
                        "daemon/transport/"],
    "daemon/config": ["daemon/credential/", "daemon/journal/"],
    "daemon/main": ["daemon/config.h", "daemon/data/", "daemon/offline/", "daemon/running/",
                    "tools/arguments/"],
    "replay/": ["daemon/domain/", "daemon/journal/", "daemon/credential/", "daemon/calls/",
                "daemon/data/folder_proofs.h", "daemon/data/snapshot.h", "daemon/view/",
                "tools/text/", "tools/arguments/"],
    "tools/client/": [],
    # A replica answers by the daemon's own pure answers.
    "tools/client/replica": ["tools/client/", "daemon/domain/", "daemon/view/"],
    # Other systems' files, tables and desired states: what they say of accounts.
    "tools/intake/": ["tools/text/"],
    "tools/cli/": ["tools/client/", "tools/intake/", "tools/text/", "tools/arguments/options.h"],
    # It alone reads the library that parses command lines, which takes longer than the verbs.
    "tools/cli/cli": ["tools/cli/", "tools/text/", "tools/arguments/"],
    # It merges ranges as the domain does.
    "tools/cli/provider_file": ["tools/cli/", "tools/text/", "daemon/domain/"],
    "tools/bench/": ["tools/client/"],
    # It times what no socket shows: one lookup of an address.
    "tools/bench/network_figures": ["tools/bench/", "daemon/domain/"],
    "tests/integration/": ["tests/"],
    "tests/": ["daemon/", "replay/", "tools/", "tests/"],
}  # fmt: skip

# What is named by none but these, whatever the table says: an implementation by its contract's
# factory, and by the tests that are its own.
PRIVATE = {
    "daemon/journal/leveldb/": ["daemon/journal/leveldb/", "daemon/journal/opening.cpp",
                                "tests/contract/", "tests/unit/journal/leveldb/",
                                "tests/support/"],
}  # fmt: skip

# What an include of a library looks like, and the only places that may use it.
LIBRARIES = {
    r"zmq(\.h|\.hpp|_addon\.hpp)": ["daemon/transport/", "tools/", "tests/"],
    r"leveldb/": ["daemon/journal/leveldb/", "tools/bench/", "tests/contract/",
                  "tests/unit/journal/leveldb/", "tests/support/"],
    r"openssl/": ["daemon/journal/sha256", "daemon/journal/base64", "tools/bench/",
                  "tools/client/checkpoint", "tests/"],
    r"sodium": ["daemon/credential/", "tools/client/signing", "tools/client/kept_tokens",
                "tools/client/replica_reader",
                "tools/cli/import_files", "tools/cli/provider_file", "tools/cli/report",
                "tools/cli/seeded_passwords", "tools/cli/undo",
                "tests/"],
    r"spdlog/": ["daemon/running/"],
    r"prometheus/": ["daemon/running/metrics_text.cpp"],
    r"toml": ["daemon/config", "daemon/data/key_file", "tools/cli/", "tests/"],
    r"curses\.h": ["tools/cli/status_watch"],
    r"CLI/": ["daemon/main", "replay/replay.cpp", "tools/arguments/", "tools/bench/main",
              "tools/bench/peer/main"],
    r"yaml-cpp/": ["tools/intake/yaml"],
    r"boost/json": ["replay/", "tools/", "tests/"],
    r"boost/(asio|beast)": ["daemon/running/metrics_page.cpp", "tests/"],
    r"boost/crc": ["daemon/platform/crc32c"],
    r"boost/endian": ["daemon/journal/leveldb/", "daemon/calls/", "tools/text/", "tests/support/"],
    r"boost/(locale|uuid)/": ["tools/text/"],
    r"boost/smart_ptr/intrusive_ptr": ["daemon/domain/"],
    r"boost/test": ["tests/"],
    r"boost/(unordered|container|circular_buffer|intrusive|container_hash)": [""],
    r"boost/": ["tests/"],
    r"fmt/": ["replay/", "tools/", "tests/"],
    r"flatbuffers/": [""],
}  # fmt: skip

# The domain knows no clock, no randomness, no thread, no socket, no file, no diagnostics (law 5).
IMPURE = re.compile(
    r"(thread|mutex|shared_mutex|condition_variable|future|semaphore|latch|barrier|stop_token"
    r"|chrono|ctime|time\.h|random|fstream|iostream|filesystem|cstdio|stdio\.h|csignal)"
    r"|(sys|netinet|arpa|linux)/.*|(unistd|fcntl|poll|pthread|signal|netdb|dirent)\.h"
    r"|(spdlog|fmt)/.*"
)
PURE = ("daemon/domain/", "daemon/view/")

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')
OWN = re.compile(r"(daemon|schema|replay|tools|tests)/")


def folder_of(path):
    """The row of the table a file falls under: the longest that fits."""
    rows = [row for row in FOLDERS if path.startswith(row)]
    return max(rows, key=len, default=None)


def may_include(path, row, target):
    for private, places in PRIVATE.items():
        if target.startswith(private):
            return path.startswith(tuple(places))
    if target.startswith((row, SCHEMA)) or GENERATED.fullmatch(target):
        return True
    if target in EVERYWHERE and not row.startswith(PURE):
        return True
    if target.startswith("daemon/platform/") and not row.startswith(WITHOUT_PLATFORM):
        return target not in PROCESS_WIDE or row in ("daemon/main", "daemon/running/", "tests/")
    return target.startswith(tuple(FOLDERS[row]))


def is_library(target):
    return any(re.match(pattern, target) for pattern in LIBRARIES)


def library_refused(path, target):
    for pattern, places in LIBRARIES.items():
        if re.match(pattern, target):
            return not path.startswith(tuple(places))
    return False


def check_includes(tree):
    for path, number, line in lines(tree, (".h", ".cpp")):
        found = INCLUDE.match(line)
        row = folder_of(path)
        if not found or row is None:
            continue
        target = found[1] or found[2]
        place = f"{path}:{number}: {target}"
        if OWN.match(target) or GENERATED.fullmatch(target):
            if not may_include(path, row, target):
                yield f"{place}: {row} may not include this"
        elif found[1] and not is_library(target):
            yield f"{place}: name own headers from the top of the project"
        elif library_refused(path, target):
            yield f"{place}: this library is not used in {row}"
        if row.startswith(PURE) and IMPURE.fullmatch(target):
            yield f"{place}: {row} knows no clock, thread, socket, file or diagnostics"


def check_unused_edges(tree):
    """What the table allows and nobody does is no part of the house."""
    used, used_libraries = set(), set()
    for path, _, line in lines(tree, (".h", ".cpp")):
        found = INCLUDE.match(line)
        target = found and (found[1] or found[2])
        if target and folder_of(path):
            used |= {(folder_of(path), part) for part in FOLDERS[folder_of(path)]
                     if target.startswith(part)}  # fmt: skip
            used_libraries |= {(pattern, place) for pattern, places in LIBRARIES.items()
                               if re.match(pattern, target)
                               for place in places if path.startswith(place)}  # fmt: skip
    for row, parts in FOLDERS.items():
        for part in parts:
            if (row, part) not in used:
                yield f"tests/lint/includes.py: nothing in {row} includes {part}"
    for pattern, places in LIBRARIES.items():
        for place in places:
            if (pattern, place) not in used_libraries:
                yield f"tests/lint/includes.py: nothing in {place} includes {pattern}"


def table():
    """The table as architecture's, a line for each folder."""
    width = max(map(len, FOLDERS))
    for row, parts in FOLDERS.items():
        yield f"{row:{width}}  {', '.join(parts) or '-'}"
