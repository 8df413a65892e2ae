#!/usr/bin/env python3
"""Verifies a bundle or an extract of a Postern journal, with Python's standard library alone.

verify_bundle.py FILE [--public-key KEY] [--checkpoint NOTE]

Written from schema/README.md ("Checkpoints", "Backups"), schema/backup.fbs, RFC 6962 and RFC 8032,
without a line of Postern's, so that two programs that share nothing must agree. KEY is the verifier
key that posternd prints. NOTE is a file with a checkpoint that was kept elsewhere; a client's file
begins with the key. Ends 0 if all is as it was signed for, 1 with the first fault if not.
"""

import argparse
import base64
import hashlib
import struct
import sys


class Damaged(Exception):
    """What is not as it was written."""


def need(condition, sentence):
    if not condition:
        raise Damaged(sentence)


# ---- Ed25519, RFC 8032 (5.1.7)

PRIME = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
EDWARDS = -121665 * pow(121666, PRIME - 2, PRIME) % PRIME
ROOT_OF_MINUS_ONE = pow(2, (PRIME - 1) // 4, PRIME)


def add_points(one, other):
    a = (one[1] - one[0]) * (other[1] - other[0]) % PRIME
    b = (one[1] + one[0]) * (other[1] + other[0]) % PRIME
    c = 2 * one[3] * other[3] * EDWARDS % PRIME
    d = 2 * one[2] * other[2] % PRIME
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % PRIME, g * h % PRIME, f * g % PRIME, e * h % PRIME)


def multiply(number, point):
    result = (0, 1, 1, 0)
    while number > 0:
        if number & 1:
            result = add_points(result, point)
        point = add_points(point, point)
        number >>= 1
    return result


def same_point(one, other):
    return (one[0] * other[2] - other[0] * one[2]) % PRIME == 0 and (
        one[1] * other[2] - other[1] * one[2]
    ) % PRIME == 0


def point_of(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    need(y < PRIME, "a key is no point of the curve")
    square = (y * y - 1) * pow(EDWARDS * y * y + 1, PRIME - 2, PRIME) % PRIME
    x = pow(square, (PRIME + 3) // 8, PRIME)
    if (x * x - square) % PRIME != 0:
        x = x * ROOT_OF_MINUS_ONE % PRIME
    need((x * x - square) % PRIME == 0, "a key is no point of the curve")
    need(x != 0 or sign == 0, "a key is no point of the curve")
    if x & 1 != sign:
        x = PRIME - x
    return (x, y, 1, x * y % PRIME)


BASE = point_of((4 * pow(5, PRIME - 2, PRIME) % PRIME).to_bytes(32, "little"))


def signed_by(key, text, signature):
    number = int.from_bytes(signature[32:], "little")
    if number >= ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + key + text).digest()
    challenge = int.from_bytes(digest, "little") % ORDER
    right = add_points(point_of(signature[:32]), multiply(challenge, point_of(key)))
    return same_point(multiply(number, BASE), right)


# ---- the tree, RFC 6962 (2.1)


def leaf_hash(data):
    return hashlib.sha256(b"\0" + data).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


class Tree:
    """Grows at its right end; keeps the roots of its complete subtrees."""

    def __init__(self):
        self.peaks = []

    def append(self, data):
        level, found = 0, leaf_hash(data)
        while self.peaks and self.peaks[-1][0] == level:
            found = node_hash(self.peaks.pop()[1], found)
            level += 1
        self.peaks.append((level, found))

    def root(self):
        if not self.peaks:
            return hashlib.sha256(b"").digest()
        found = self.peaks[-1][1]
        for _, peak in reversed(self.peaks[:-1]):
            found = node_hash(peak, found)
        return found


def root_by_path(leaf, index, size, path):
    """The root that an audit path (2.1.1) leads to; it must have no more steps than it needs."""
    if size == 1:
        need(not path, "a proof is too long")
        return leaf
    need(path, "a proof is too short")
    half = 1 << (size - 1).bit_length() - 1
    if index < half:
        return node_hash(root_by_path(leaf, index, half, path[:-1]), path[-1])
    return node_hash(path[-1], root_by_path(leaf, index - half, size - half, path[:-1]))


# ---- FlatBuffers, as far as it is needed


class Table:
    """A table's fields by their ids. Whatever lies outside of the bytes is damage."""

    def __init__(self, data, place):
        self.data = data
        self.place = place
        self.fields = place - self.number("<i", place)
        need(0 <= self.fields < len(data), "a table lies outside of its message")
        self.size = self.number("<H", self.fields)

    @staticmethod
    def root(data, identifier):
        need(data[4:8] == identifier, "a message is not of the form " + identifier.decode())
        return Table(data, struct.unpack_from("<I", data, 0)[0])

    def number(self, form, place):
        need(0 <= place <= len(self.data) - struct.calcsize(form), "a field lies outside")
        return struct.unpack_from(form, self.data, place)[0]

    def at(self, number):
        entry = 4 + 2 * number
        offset = self.number("<H", self.fields + entry) if entry < self.size else 0
        return self.place + offset if offset else None

    def value(self, number, form, default=0):
        place = self.at(number)
        return default if place is None else self.number(form, place)

    def behind(self, number):
        place = self.at(number)
        return None if place is None else place + self.number("<I", place)

    def bytes(self, number):
        place = self.behind(number)
        if place is None:
            return None
        size = self.number("<I", place)
        need(place + 4 + size <= len(self.data), "bytes lie outside of their message")
        return self.data[place + 4 : place + 4 + size]

    def uuid(self, number):
        place = self.at(number)
        if place is None:
            return None
        need(place + 16 <= len(self.data), "an id lies outside of its message")
        return self.data[place : place + 16]

    def table(self, number):
        place = self.behind(number)
        return None if place is None else Table(self.data, place)

    def tables(self, number):
        place = self.behind(number)
        if place is None:
            return
        for index in range(self.number("<I", place)):
            entry = place + 4 + 4 * index
            yield Table(self.data, entry + self.number("<I", entry))


# ---- checkpoints, in the C2SP forms


class Verifier:
    def __init__(self, text):
        self.text = text
        parts = text.split("+", 2)
        need(len(parts) == 3, "a verifier key is not name+hash+key")
        self.name = parts[0]
        try:
            coded = base64.b64decode(parts[2], validate=True)
        except ValueError as error:
            raise Damaged("a verifier key is no base64") from error
        need(len(coded) == 33 and coded[0] == 1, "a verifier key is none of Ed25519")
        self.key = coded[1:]
        named = self.name.encode() + b"\n\1" + self.key
        self.hash = hashlib.sha256(named).digest()[:4]
        need(self.hash.hex() == parts[1], "a verifier key's hash is not its own")


class Checkpoint:
    def __init__(self, note, verifier):
        text, parted, signatures = note.rpartition("\n\n")
        need(parted, "a checkpoint has no signature")
        text += "\n"
        self.check(text, signatures, verifier)
        lines = text.split("\n")
        need(len(lines) >= 4, "a checkpoint has too few lines")
        need(lines[0] == verifier.name, "a checkpoint is of another journal than its key")
        need(lines[1].isascii() and lines[1].isdigit(), "a checkpoint has no number of records")
        self.origin, self.size = lines[0], int(lines[1])
        self.root = base64.b64decode(lines[2], validate=True)

    @staticmethod
    def check(text, signatures, verifier):
        for line in signatures.splitlines():
            parts = line.split(" ")
            need(len(parts) == 3 and parts[0] == "\N{EM DASH}", "a line is no signature")
            coded = base64.b64decode(parts[2], validate=True)
            if parts[1] == verifier.name and coded[:4] == verifier.hash and len(coded) == 68:
                if signed_by(verifier.key, text.encode(), coded[4:]):
                    return
        raise Damaged("the checkpoint is not signed with the key that stands beside it")


# ---- bundles


def messages_of(data):
    """Each with the place where it begins."""
    place = 0
    while place < len(data):
        need(place + 4 <= len(data), f"the part at byte {place} is cut short")
        size = struct.unpack_from("<I", data, place)[0]
        need(0 < size <= len(data) - place - 4, f"the part at byte {place} is cut short")
        yield place, data[place + 4 : place + 4 + size]
        place += 4 + size


def parts_of(data):
    messages = list(messages_of(data))
    need(messages, "the file is empty")
    first = Table.root(messages[0][1], b"PSBU")
    if first.value(6, "<B"):
        place, digest = messages.pop()
        computed = hashlib.sha256(data[:place]).digest()
        need(digest == computed, "the bytes are not those of the digest")
        need(messages, "the file is only a digest")
    return [Table.root(message, b"PSBU") for _, message in messages]


class Links:
    """What links the records of a tenant and of a user: none between two may be missing."""

    def __init__(self, tenant, first_seq):
        self.tenant, self.first_seq = tenant, first_seq
        self.newest, self.time = {}, None

    def fits(self, kind, name, previous):
        found = self.newest.get((kind, name))
        return previous < self.first_seq if found is None else previous == found

    def take(self, record, seq):
        time = record.value(1, "<q")
        need(self.time is None or time >= self.time, f"record {seq} is older than the one before")
        self.time = time
        tenant = record.uuid(2)
        if tenant is None or (self.tenant is not None and tenant != self.tenant):
            return
        previous = record.value(3, "<Q")
        need(self.fits("tenant", tenant, previous), f"a record before {seq} is missing")
        self.newest["tenant", tenant] = seq
        for event in record.tables(11):
            user = event.uuid(0)
            if user is None:
                continue
            previous = event.value(1, "<Q")
            good = previous == seq or self.fits("user", user, previous)
            need(good, f"a record of a user before {seq} is missing")
            self.newest["user", user] = seq


def check_whole(parts, checkpoint):
    tree, links, seq = Tree(), Links(None, 1), 0
    for part in parts:
        need(part.table(4) is None and part.behind(5) is None, "a part is of an extract")
        for stored in part.tables(3):
            data = stored.bytes(0)
            seq += 1
            need(data, f"record {seq} is empty")
            record = Table.root(data, b"PSRE")
            need(record.value(0, "<Q") == seq, f"another record stands where {seq} belongs")
            links.take(record, seq)
            tree.append(data)
    need(seq == checkpoint.size, f"{seq} records are there of {checkpoint.size}")
    need(tree.root() == checkpoint.root, "the records are not those that were signed for")
    return seq


def check_extract(parts, checkpoint):
    extract = parts[0].table(4)
    tenant, first, last = extract.uuid(0), extract.value(1, "<Q"), extract.value(2, "<Q")
    need(1 <= first <= last <= checkpoint.size, "what it says it holds cannot be")
    links, newest, count = Links(tenant, first), first - 1, 0
    for number, part in enumerate(parts):
        need(part.behind(3) is None, "a part is not of an extract")
        need(number == 0 or part.table(4) is None, "a part begins another extract")
        for proved in part.tables(5):
            seq, data, path = proved.value(0, "<Q"), proved.bytes(1), proved.bytes(2) or b""
            need(newest < seq <= last, f"record {seq} stands where it does not belong")
            need(tenant is not None or seq == newest + 1, f"record {newest + 1} is missing")
            is_path = len(path) % 32 == 0 and len(path) <= 64 * 32
            need(data and is_path, f"record {seq} has no proof")
            hashes = [path[place : place + 32] for place in range(0, len(path), 32)]
            root = root_by_path(leaf_hash(data), seq - 1, checkpoint.size, hashes)
            need(root == checkpoint.root, f"record {seq} is not the one that was signed for")
            record = Table.root(data, b"PSRE")
            need(record.value(0, "<Q") == seq, f"another record stands where {seq} belongs")
            links.take(record, seq)
            newest, count = seq, count + 1
    need(count == extract.value(3, "<Q"), f"{count} records are there of {extract.value(3, '<Q')}")
    need(tenant is not None or newest == last, f"record {newest + 1} is missing")
    return count


def verify(data, public_key=None, kept=None):
    """How many records there are; Damaged where something is not as it was signed for."""
    parts = parts_of(data)
    note, key = parts[0].bytes(1), parts[0].bytes(2)
    need(note and key, "it does not begin with a checkpoint and its key")
    try:
        note, key = note.decode(), key.decode()
        need(public_key is None or key == public_key, "it is signed with another key")
        checkpoint = Checkpoint(note, Verifier(key))
        old = None if kept is None else Checkpoint(kept, Verifier(public_key or key))
    except ValueError as error:
        raise Damaged("its checkpoint is not well-formed") from error
    if old is not None:
        need(old.size <= checkpoint.size, "it is older than what was signed for already")
        same = old.size != checkpoint.size or old.root == checkpoint.root
        need(same, "it is not what was signed for already")
    if parts[0].table(4) is None:
        return check_whole(parts, checkpoint)
    return check_extract(parts, checkpoint)


def main():
    parser = argparse.ArgumentParser(description="Verifies a bundle of a Postern journal.")
    parser.add_argument("file")
    parser.add_argument("--public-key")
    parser.add_argument("--checkpoint")
    asked = parser.parse_args()
    kept = None
    if asked.checkpoint:
        with open(asked.checkpoint, encoding="utf-8") as file:
            kept = file.read()
        first, _, rest = kept.partition("\n")
        if "+" in first:
            asked.public_key, kept = asked.public_key or first, rest
    with open(asked.file, "rb") as file:
        data = file.read()
    try:
        print(f"whole: {verify(data, asked.public_key, kept)} records")
    except (Damaged, struct.error, RecursionError) as fault:
        print(f"damaged: {fault}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
