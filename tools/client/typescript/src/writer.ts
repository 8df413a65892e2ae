// Plain objects to bytes, by the Builder of flatbuffers. What is in an object arrives: false, 0 and
// empty text too, where the schema tells them from nothing. What cannot arrive as it is written
// is refused before anything is sent: names that are no field, numbers that do not fit, text that
// is none.
import { Builder } from 'flatbuffers';

import { usage, type ClientError } from './errors.js';
import type { Field, Kind, Scalar, Table, Union } from './layout.js';
import { widthOf } from './layout.js';
import { parseUuid } from './uuid.js';

const largest = { u8: 0xff, u16: 0xffff, u32: 0xffffffff } as const;
const wide = {
  i64: [-(2n ** 63n), 2n ** 63n - 1n],
  u64: [0n, 2n ** 64n - 1n],
} as const;

type Plain = { readonly [name: string]: unknown };
/** Where a text lies: its distance from the end of all bytes, and its length. */
type Place = { readonly offset: number; readonly length: number };

/** A message as bytes, and where in them lies what is not signed. */
export interface Packed {
  readonly bytes: Buffer;
  /** From where to where. */
  readonly secret: readonly (readonly [number, number])[];
  readonly personal: readonly (readonly [number, number])[];
  readonly signature: readonly [number, number] | undefined;
}

/** Unmarked text is written once, however often it stands in a message, if it is short. */
const sharedMax = 64;
/** A larger one is not kept for the next message. */
const keptBytesMax = 65_536;
/** Text on its way. */
const scratch = new Uint8Array(256);
const encoder = new TextEncoder();

export class Writer {
  private builder = new Builder(1024);
  private readonly secret: Place[] = [];
  private readonly personal: Place[] = [];
  private readonly signature: Place[] = [];
  private readonly shared = new Map<string, number>();
  /** Where in the message it is, for people. */
  private readonly path: (string | number)[] = [];

  /** One message after the other; nothing of one is left for the next. */
  pack(table: Table, value: unknown, identifier: string): Packed {
    try {
      this.path.push(table.name);
      const root = this.table(table, value);
      this.builder.finish(root, identifier);
      const bytes = Buffer.from(this.builder.asUint8Array());
      const [signature] = spans(this.signature, bytes);
      const secret = spans(this.secret, bytes);
      return { bytes, secret, personal: spans(this.personal, bytes), signature };
    } finally {
      this.clear();
    }
  }

  private clear(): void {
    const buffer = this.builder.dataBuffer();
    buffer.bytes().fill(0);
    if (buffer.capacity() > keptBytesMax) this.builder = new Builder(1024);
    else this.builder.clear();
    for (const places of [this.secret, this.personal, this.signature, this.path]) places.length = 0;
    this.shared.clear();
  }

  /** What stands at this place cannot be sent. */
  private wrong(sentence: string, remedy: string): ClientError {
    const parts = this.path.map((part, at) => {
      if (typeof part === 'number') return `[${part}]`;
      return at === 0 ? part : `.${part}`;
    });
    return usage(`${parts.join('')} ${sentence}`, remedy);
  }

  private table(table: Table, given: unknown): number {
    if (typeof given !== 'object' || given === null || Array.isArray(given))
      throw this.wrong(`takes an object, not ${typeOf(given)}.`, 'Leave out what is not meant.');
    const value = given as Plain;
    for (const name in value)
      if (!table.names.has(name) && name !== 'type')
        throw this.wrong(`has no field '${name}'.`, nearest(name, table));
    const { builder, path } = this;
    const values = table.take(value);
    const offsets: number[] = [];
    for (const field of table.elsewhere) {
      const part = values[field.at];
      if (part === undefined) continue;
      path.push(field.name);
      offsets[field.id] = this.child(field, part);
      path.pop();
    }
    builder.startObject(table.slots);
    for (const field of table.bySize) {
      const part = values[field.at];
      if (part === undefined) continue;
      path.push(field.name);
      this.slot(field, part, offsets[field.id]);
      path.pop();
    }
    return builder.endObject();
  }

  /** What does not lie in the table itself, but is pointed to. */
  private child(field: Field, value: unknown): number {
    const { kind } = field;
    switch (kind.is) {
      case 'text':
        return this.text(value, field);
      case 'bytes':
        return this.octets(value, field);
      case 'table':
        return this.table(kind.table, value);
      case 'union':
        return this.table(this.member(kind.union, value).table, value);
      case 'list':
        return this.list(kind.of, value, field);
      default:
        throw new TypeError(`${field.name} lies in its table`);
    }
  }

  private slot(field: Field, value: unknown, offset: number | undefined): void {
    const { builder } = this;
    const { kind } = field;
    if (kind.is === 'union') {
      builder.addInt8(this.member(kind.union, value).number);
      builder.slot(field.id - 1);
    }
    if (offset !== undefined) {
      builder.addOffset(offset);
    } else if (kind.is === 'uuid') {
      this.uuid(value);
    } else if (kind.is === 'scalar' || kind.is === 'enum') {
      const number = this.numberOf(kind, value);
      // Where nothing means a value, that value may stay away.
      if (number === field.absent) return;
      this.number(kind.scalar, number);
    }
    builder.slot(field.id);
  }

  private number(scalar: Scalar, number: number | bigint): void {
    const width = widthOf[scalar];
    if (width === 8) this.builder.addInt64(BigInt.asIntN(64, BigInt(number)));
    else if (width === 4) this.builder.addInt32(Number(number) | 0);
    else if (width === 2) this.builder.addInt16((Number(number) << 16) >> 16);
    else this.builder.addInt8((Number(number) << 24) >> 24);
  }

  private uuid(value: unknown): void {
    const halves = typeof value === 'string' ? parseUuid(value) : undefined;
    if (halves === undefined)
      throw this.wrong(
        `is no id: ${described(value)}.`,
        'Ids have the form 0190d6c8-8a51-7b3e-9c2f-000000000001.',
      );
    this.builder.prep(8, 16);
    this.builder.writeInt64(BigInt.asIntN(64, halves.low));
    this.builder.writeInt64(BigInt.asIntN(64, halves.high));
  }

  private text(value: unknown, field: Field): number {
    if (typeof value !== 'string')
      throw this.wrong(`takes text, not ${typeOf(value)}.`, 'Leave out what is not meant.');
    const isMarked = field.secret || field.personal;
    const isShared = !isMarked && value.length <= sharedMax;
    const known = isShared ? this.shared.get(value) : undefined;
    if (known !== undefined) return known;
    const offset = this.encoded(value, isMarked);
    if (isShared) this.shared.set(value, offset);
    if (isMarked) {
      const place = { offset, length: Buffer.byteLength(value) };
      (field.secret ? this.secret : this.personal).push(place);
    }
    return offset;
  }

  private encoded(value: string, isMarked: boolean): number {
    const { length } = value;
    if (length > scratch.length) return this.encodedWhole(value);
    for (let at = 0; at < length; ++at) {
      const unit = value.charCodeAt(at);
      if (unit >= 0x80) return this.encodedWhole(value);
      scratch[at] = unit;
    }
    const offset = this.builder.createString(scratch.subarray(0, length));
    if (isMarked) scratch.fill(0, 0, length);
    return offset;
  }

  private encodedWhole(value: string): number {
    // The encoder would put another character in its place, without a word.
    if (/\p{Surrogate}/u.test(value))
      throw this.wrong('holds half a character.', 'Give whole text.');
    const encoded = encoder.encode(value);
    const offset = this.builder.createString(encoded);
    encoded.fill(0);
    return offset;
  }

  private octets(value: unknown, field: Field): number {
    if (!(value instanceof Uint8Array))
      throw this.wrong(`takes bytes, not ${typeOf(value)}.`, 'Give a Uint8Array.');
    const offset = this.builder.createByteVector(value);
    if (field.isSignature) this.signature.push({ offset, length: value.length });
    return offset;
  }

  private list(of: Kind, value: unknown, field: Field): number {
    if (!Array.isArray(value)) throw this.wrong('takes a list.', 'Give an array.');
    const { builder, path } = this;
    const all: unknown[] = value;
    if (of.is === 'scalar' || of.is === 'enum') {
      const width = widthOf[of.scalar];
      builder.startVector(width, all.length, width);
      for (let at = all.length; at-- > 0;) {
        path.push(at);
        this.number(of.scalar, this.numberOf(of, all[at]));
        path.pop();
      }
      return builder.endVector();
    }
    const offsets: number[] = [];
    for (let at = 0; at < all.length; ++at) {
      path.push(at);
      offsets.push(of.is === 'text' ? this.text(all[at], field) : this.table(tableIn(of), all[at]));
      path.pop();
    }
    builder.startVector(4, offsets.length, 4);
    for (let at = offsets.length; at-- > 0;) builder.addOffset(offsets[at] as number);
    return builder.endVector();
  }

  private member(union: Union, value: unknown): { table: Table; number: number } {
    const type = typeof value === 'object' && value !== null ? (value as Plain)['type'] : undefined;
    const number = typeof type === 'string' ? union.numbers.get(type) : undefined;
    const table = number === undefined ? undefined : union.members[number];
    if (number === undefined || table === undefined)
      throw this.wrong(
        `has no 'type' that is a ${union.name}.`,
        `It is one of: ${[...union.numbers.keys()].join(', ')}.`,
      );
    return { table, number };
  }

  /** Exactly the number that is meant, or an error; nothing is cut to fit. */
  private numberOf(kind: Kind & { is: 'scalar' | 'enum' }, value: unknown): number | bigint {
    if (kind.is === 'enum') {
      const number = kind.values.numberOf(value);
      if (number !== undefined && number <= largest[kind.scalar]) return number;
      const known = [...kind.values.numbers.keys()];
      const said = known.length > 20 ? 'the codes of the schema' : known.join(', ');
      throw this.wrong(`takes no such ${kind.values.name}.`, `It is one of: ${said}.`);
    }
    const { scalar } = kind;
    if (scalar === 'bool') {
      if (typeof value === 'boolean') return value ? 1 : 0;
      throw this.wrong(`takes true or false, not ${described(value)}.`, 'Give a boolean.');
    }
    if (scalar === 'i64' || scalar === 'u64') {
      const [from, to] = wide[scalar];
      if (typeof value === 'bigint' && value >= from && value <= to) return value;
      throw this.wrong(
        `takes a bigint from ${from} to ${to}, not ${described(value)}.`,
        'A number keeps 53 bits alone: write 7n, or BigInt(text).',
      );
    }
    const max = largest[scalar];
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max)
      return value;
    throw this.wrong(
      `takes a whole number from 0 to ${max}, not ${described(value)}.`,
      'Give one of these.',
    );
  }
}

function spans(places: Place[], bytes: Buffer): [number, number][] {
  return places.map(({ offset, length }) => {
    const from = bytes.length - offset + 4;
    return [from, from + length];
  });
}

function tableIn(kind: Kind): Table {
  if (kind.is !== 'table') throw new TypeError(`a list of ${kind.is} is none of the schema`);
  return kind.table;
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

/** Never text, which may be a secret at the wrong place. */
function described(value: unknown): string {
  const isPlain = ['number', 'bigint', 'boolean'].includes(typeof value);
  return isPlain ? `${value}` : typeOf(value);
}

function nearest(name: string, table: Table): string {
  const folded = (text: string) => text.replace(/_/g, '').toLowerCase();
  const near = table.fields.find((field) => folded(field.name) === folded(name));
  if (near !== undefined) return `Write '${near.name}'.`;
  return `Its fields are: ${[...table.names].join(', ') || 'none'}.`;
}
