// Plain objects to bytes, by the Builder of flatbuffers. What is in an object arrives: false, 0 and
// empty text too, where the schema tells them from nothing. What cannot arrive as it is written
// is refused before anything is sent: names that are no field, numbers that do not fit, text that
// is none.
import { Builder } from 'flatbuffers';

import { usage } from './errors.js';
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

export class Writer {
  private readonly builder = new Builder(512);
  private readonly secret: Place[] = [];
  private readonly personal: Place[] = [];
  private readonly signature: Place[] = [];

  pack(table: Table, value: unknown, identifier: string): Packed {
    const root = this.table(table, value, table.name);
    this.builder.finish(root, identifier);
    const packed = this.builder.asUint8Array();
    const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
    const [signature] = this.spans(this.signature, bytes);
    const [secret, personal] = [this.secret, this.personal].map((one) => this.spans(one, bytes));
    return { bytes, secret: secret ?? [], personal: personal ?? [], signature };
  }

  private spans(places: Place[], bytes: Buffer): [number, number][] {
    return places.map(({ offset, length }) => {
      const from = bytes.length - offset + 4;
      return [from, from + length];
    });
  }

  private table(table: Table, given: unknown, path: string): number {
    const value = plain(given, path);
    for (const name in value)
      if (!table.names.has(name) && name !== 'type')
        throw usage(`${path} has no field '${name}'.`, nearest(name, table));
    const offsets: (number | undefined)[] = [];
    for (const field of table.fields) {
      const part = value[field.name];
      if (part !== undefined) offsets[field.id] = this.child(field, part, path);
    }
    this.builder.startObject(table.slots);
    for (const field of table.bySize) {
      const part = value[field.name];
      if (part !== undefined) this.slot(field, part, offsets[field.id], path);
    }
    return this.builder.endObject();
  }

  /** What lies elsewhere and is pointed to; undefined: it lies in the table itself. */
  private child(field: Field, value: unknown, holder: string): number | undefined {
    const { kind } = field;
    const path = `${holder}.${field.name}`;
    switch (kind.is) {
      case 'text':
        return this.text(value, path, field);
      case 'bytes':
        return this.octets(octets(value, path), field);
      case 'table':
        return this.table(kind.table, value, path);
      case 'union': {
        const member = memberOf(kind.union, value, path);
        return this.table(member.table, value, `${path}(${member.table.name})`);
      }
      case 'list':
        return this.list(kind.of, value, path, field);
      case 'scalar':
      case 'enum':
      case 'uuid':
        return undefined;
    }
  }

  private slot(field: Field, value: unknown, offset: number | undefined, holder: string): void {
    const { builder } = this;
    const { kind } = field;
    const path = `${holder}.${field.name}`;
    if (kind.is === 'union') {
      builder.addInt8(memberOf(kind.union, value, path).number);
      builder.slot(field.id - 1);
    }
    if (offset !== undefined) {
      builder.addOffset(offset);
    } else if (kind.is === 'uuid') {
      this.uuid(value, path);
    } else {
      const number = numberOf(kind, value, path);
      // Where nothing means a value, that value may stay away.
      if (number === field.absent) return;
      this.number(kind as { scalar: Scalar }, number);
    }
    builder.slot(field.id);
  }

  private number({ scalar }: { scalar: Scalar }, number: number | bigint): void {
    const width = widthOf[scalar];
    if (width === 8) this.builder.addInt64(BigInt.asIntN(64, BigInt(number)));
    else if (width === 4) this.builder.addInt32(Number(number) | 0);
    else if (width === 2) this.builder.addInt16((Number(number) << 16) >> 16);
    else this.builder.addInt8((Number(number) << 24) >> 24);
  }

  private uuid(value: unknown, path: string): void {
    const halves = typeof value === 'string' ? parseUuid(value) : undefined;
    if (halves === undefined)
      throw usage(
        `${path} is no id: ${described(value)}.`,
        'Ids have the form 0190d6c8-8a51-7b3e-9c2f-000000000001.',
      );
    this.builder.prep(8, 16);
    this.builder.writeInt64(BigInt.asIntN(64, halves.low));
    this.builder.writeInt64(BigInt.asIntN(64, halves.high));
  }

  private text(value: unknown, path: string, field: Field): number {
    if (typeof value !== 'string')
      throw usage(`${path} takes text, not ${typeOf(value)}.`, 'Leave out what is not meant.');
    // The encoder would put another character in its place, without a word.
    if (/\p{Surrogate}/u.test(value))
      throw usage(`${path} holds half of a character.`, 'Give whole text.');
    const offset = this.builder.createString(value);
    if (field.secret || field.personal) {
      const place = { offset, length: Buffer.byteLength(value) };
      (field.secret ? this.secret : this.personal).push(place);
    }
    return offset;
  }

  private octets(bytes: Uint8Array, field: Field): number {
    const offset = this.builder.createByteVector(bytes);
    if (field.isSignature) this.signature.push({ offset, length: bytes.length });
    return offset;
  }

  private list(of: Kind, value: unknown, path: string, field: Field): number {
    if (!Array.isArray(value)) throw usage(`${path} takes a list.`, 'Give an array.');
    const all: unknown[] = value;
    if (of.is === 'scalar' || of.is === 'enum') {
      const width = widthOf[of.scalar];
      this.builder.startVector(width, all.length, width);
      for (let at = all.length; at-- > 0; )
        this.number(of, numberOf(of, all[at], `${path}[${at}]`));
      return this.builder.endVector();
    }
    const offsets = all.map((one, at) => {
      const name = `${path}[${at}]`;
      return of.is === 'text' ? this.text(one, name, field) : this.table(tableIn(of), one, name);
    });
    this.builder.startVector(4, offsets.length, 4);
    for (let at = offsets.length; at-- > 0; ) this.builder.addOffset(offsets[at] as number);
    return this.builder.endVector();
  }
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

function plain(value: unknown, path: string): Plain {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw usage(`${path} takes an object, not ${typeOf(value)}.`, 'Leave out what is not meant.');
  return value as Plain;
}

function octets(value: unknown, path: string): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw usage(`${path} takes bytes, not ${typeOf(value)}.`, 'Give a Uint8Array.');
}

function memberOf(union: Union, value: unknown, path: string): { table: Table; number: number } {
  const { type } = plain(value, path);
  const number = typeof type === 'string' ? union.numbers.get(type) : undefined;
  const table = number === undefined ? undefined : union.members[number];
  if (number === undefined || table === undefined)
    throw usage(`${path} says no 'type' that is a ${union.name}.`, 'Name one of the schema.');
  return { table, number };
}

/** Exactly the number that is meant, or an error; nothing is cut to fit. */
function numberOf(kind: Kind, value: unknown, path: string): number | bigint {
  if (kind.is === 'enum') {
    const number = kind.values.numberOf(value);
    if (number !== undefined && number <= largest[kind.scalar]) return number;
    const known = [...kind.values.numbers.keys()];
    const said = known.length > 20 ? 'a code of the schema' : known.join(', ');
    throw usage(`${path} takes no such ${kind.values.name}.`, `It is one of: ${said}.`);
  }
  const { scalar } = kind as { scalar: Scalar };
  if (scalar === 'bool') {
    if (typeof value === 'boolean') return value ? 1 : 0;
    throw usage(`${path} takes true or false, not ${described(value)}.`, 'Give a boolean.');
  }
  if (scalar === 'i64' || scalar === 'u64') {
    const [from, to] = wide[scalar];
    if (typeof value === 'bigint' && value >= from && value <= to) return value;
    throw usage(
      `${path} takes a bigint from ${from} to ${to}, not ${described(value)}.`,
      'A number keeps 53 bits alone: write 7n, or BigInt(text).',
    );
  }
  const max = largest[scalar];
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max)
    return value;
  throw usage(`${path} takes a whole number from 0 to ${max}, not ${described(value)}.`, 'Mend it.');
}

function nearest(name: string, table: Table): string {
  const folded = (text: string) => text.replace(/_/g, '').toLowerCase();
  const near = table.fields.find((field) => folded(field.name) === folded(name));
  if (near !== undefined) return `Write '${near.name}'.`;
  return `Its fields are: ${[...table.names].join(', ') || 'none'}.`;
}
