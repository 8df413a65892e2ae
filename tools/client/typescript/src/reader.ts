// Bytes that came to plain objects. Every offset is checked before it is followed, since nobody
// else looks at what a stranger behind the address may send: flatc makes no verifier for
// TypeScript. Limits: depth, and the number of tables; text and bytes are no larger than the
// message but where several fields share them, and then they are read once.
import { ClientError, notAnAnswer } from './errors.js';
import type { Field, Kind, Table, Union } from './layout.js';
import { widthOf } from './layout.js';

const depthMax = 16;
/** Shorter text is read anew each time. */
const rememberedMin = 32;

export class Reader {
  private readonly view: DataView;
  private texts: Map<number, string> | undefined;
  private tablesLeft: number;

  constructor(
    private readonly bytes: Buffer,
    tablesMax: number,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.tablesLeft = tablesMax;
  }

  root(table: Table): object {
    return this.table(this.target(0), table, 0);
  }

  private damaged(): ClientError {
    return notAnAnswer('its structure is damaged');
  }

  /** Where the offset at this place leads. */
  private target(place: number): number {
    if (place + 4 > this.bytes.length) throw this.damaged();
    const offset = this.view.getUint32(place, true);
    // At least four bytes are there.
    if (offset === 0 || place + offset + 4 > this.bytes.length) throw this.damaged();
    return place + offset;
  }

  private table(at: number, table: Table, depth: number, isMember = false): object {
    if (depth > depthMax || --this.tablesLeft < 0) throw this.damaged();
    const { view, bytes } = this;
    const vtable = at - view.getInt32(at, true);
    if (vtable < 0 || vtable + 4 > bytes.length) throw this.damaged();
    const size = view.getUint16(vtable, true);
    if (size < 4 || (size & 1) !== 0 || vtable + size > bytes.length) throw this.damaged();
    const values: unknown[] = [];
    for (const field of table.fields) {
      const slot = 4 + 2 * field.id;
      const offset = slot < size ? view.getUint16(vtable + slot, true) : 0;
      let value: unknown;
      if (field.kind.is === 'union') {
        const before = slot - 2 < size ? view.getUint16(vtable + slot - 2, true) : 0;
        value = this.union(before && at + before, offset && at + offset, field, depth);
      } else if (offset !== 0) {
        value = this.value(at + offset, field.kind, depth);
      } else {
        value = field.emptyList ? [] : field.missing;
      }
      values.push(value);
    }
    const made = isMember ? table.makeMember(values) : table.make(values);
    for (const { name, at: place } of table.secret) hide(made, name, values[place]);
    return made;
  }

  private union(kindAt: number, valueAt: number, field: Field, depth: number): object | undefined {
    const number = kindAt === 0 ? 0 : this.number(kindAt, 1);
    if (number === 0 && valueAt === 0) return undefined;
    const { members } = (field.kind as { union: Union }).union;
    const table = members[number];
    if (table === undefined || valueAt === 0)
      throw notAnAnswer('it holds something this client does not know');
    return this.table(this.target(valueAt), table, depth + 1, true);
  }

  private number(at: number, width: 1 | 2 | 4): number {
    if (at + width > this.bytes.length) throw this.damaged();
    if (width === 1) return this.view.getUint8(at);
    return width === 2 ? this.view.getUint16(at, true) : this.view.getUint32(at, true);
  }

  private value(at: number, kind: Kind, depth: number): unknown {
    switch (kind.is) {
      case 'text':
        return this.text(this.target(at));
      case 'scalar':
        return this.scalar(at, kind.scalar);
      case 'enum':
        return kind.values.nameOf(this.number(at, widthOf[kind.scalar]));
      case 'table':
        return this.table(this.target(at), kind.table, depth + 1);
      case 'uuid':
        return this.uuid(at);
      case 'bytes':
        return this.octets(this.target(at));
      case 'list':
        return this.list(this.target(at), kind.of, depth);
      case 'union':
        throw new TypeError('a list of unions is none of the schema');
    }
  }

  private scalar(at: number, scalar: keyof typeof widthOf): number | bigint | boolean {
    if (scalar === 'bool') return this.number(at, 1) !== 0;
    const width = widthOf[scalar];
    if (width !== 8) return this.number(at, width);
    if (at + 8 > this.bytes.length) throw this.damaged();
    return scalar === 'u64' ? this.view.getBigUint64(at, true) : this.view.getBigInt64(at, true);
  }

  /** The end of so many elements behind their count. */
  private end(at: number, width: number): number {
    const end = at + 4 + this.view.getUint32(at, true) * width;
    if (end > this.bytes.length) throw this.damaged();
    return end;
  }

  private text(at: number): string {
    const end = this.end(at, 1);
    if (end - at < rememberedMin) return this.shortText(at + 4, end);
    this.texts ??= new Map();
    const known = this.texts.get(at);
    if (known !== undefined) return known;
    const text = this.bytes.toString('utf8', at + 4, end);
    this.texts.set(at, text);
    return text;
  }

  private shortText(from: number, to: number): string {
    let text = '';
    for (let at = from; at < to; ++at) {
      const byte = this.view.getUint8(at);
      if (byte >= 0x80) return this.bytes.toString('utf8', from, to);
      text += String.fromCharCode(byte);
    }
    return text;
  }

  private octets(at: number): Uint8Array {
    const end = this.end(at, 1);
    return new Uint8Array(this.bytes.buffer, this.bytes.byteOffset + at + 4, end - at - 4);
  }

  private uuid(at: number): string {
    if (at + 16 > this.bytes.length) throw this.damaged();
    const { view } = this;
    const hex = (place: number) => view.getUint32(place, true).toString(16).padStart(8, '0');
    // Two halves, each with its lower part first.
    const [first, third] = [hex(at + 4), hex(at + 12)];
    const [second, fourth] = [hex(at), hex(at + 8)];
    const [b, d] = [second.slice(0, 4), third.slice(0, 4)];
    return `${first}-${b}-${second.slice(4)}-${d}-${third.slice(4)}${fourth}`;
  }

  private list(at: number, of: Kind, depth: number): unknown[] {
    const isInline = of.is === 'scalar' || of.is === 'enum';
    const width = of.is === 'uuid' ? 16 : isInline ? widthOf[of.scalar] : 4;
    const end = this.end(at, width);
    const read: unknown[] = [];
    for (let place = at + 4; place < end; place += width) read.push(this.value(place, of, depth));
    return read;
  }
}

/** There for who asks for it by its name, and in no log or JSON. */
function hide(read: object, name: string, value: unknown): void {
  if (value === undefined) return;
  Object.defineProperty(read, name, { value, enumerable: false, writable: true });
}
