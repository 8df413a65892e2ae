"""The project's own text files, as the checks see them."""

import os

TEXT_SUFFIXES = (
    ".cpp", ".h", ".fbs", ".py", ".sh", ".cmake", ".txt", ".md", ".toml", ".json", ".service",
    ".svg", ".conf", ".yml", ".install", ".1", ".5", ".8", ".in", ".ts", ".mts", ".mjs",
)  # fmt: skip
SKIPPED_FOLDERS = (
    "build", "var", "__pycache__", ".git", "corpus", "golden",
    # What the TypeScript client's own scripts make.
    "node_modules", "dist", "generated",
)  # fmt: skip


def is_text(path):
    name = os.path.basename(path)
    in_scripts = os.path.dirname(path) in ("tools", ".ci") or path.startswith("packaging/")
    return name.endswith(TEXT_SUFFIXES) or (in_scripts and "." not in name)


def skipped(name):
    return name in SKIPPED_FOLDERS or name.startswith("build-")


def read_tree(root):
    """A dict of path (from the root, with /) to text."""
    tree = {}
    for folder, names, files in os.walk(root):
        names[:] = sorted(n for n in names if not skipped(n))
        for file in sorted(files):
            path = os.path.relpath(os.path.join(folder, file), root)
            if is_text(path):
                with open(os.path.join(root, path), encoding="utf-8") as opened:
                    tree[path] = opened.read()
    return tree


def lines(tree, suffixes=("",), under=("",)):
    """Yields (path, number, line) of every file that ends and begins so."""
    for path, text in tree.items():
        if path.endswith(tuple(suffixes)) and path.startswith(tuple(under)):
            for number, line in enumerate(text.splitlines(), 1):
                yield path, number, line
