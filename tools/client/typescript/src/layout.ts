// The schema's tables as the reader and the writer go through them.
import {
  enums,
  makers,
  memberMakers,
  tables,
  takers,
  unions,
  written,
  type FieldRow,
} from './generated/schema.js';

export type Scalar = 'bool' | 'u8' | 'u16' | 'u32' | 'i64' | 'u64';

export type Kind =
  | { is: 'scalar'; scalar: Scalar }
  | { is: 'enum'; values: Enumeration; scalar: 'u8' | 'u16' }
  | { is: 'text' }
  | { is: 'bytes' }
  | { is: 'uuid' }
  | { is: 'table'; table: Table }
  | { is: 'union'; union: Union }
  | { is: 'list'; of: Kind };

export interface Field {
  /** As in TypeScript: apiAccess. */
  readonly name: string;
  /** As in the schema: api_access. */
  readonly schemaName: string;
  readonly id: number;
  /** Its place among the table's fields. */
  readonly at: number;
  readonly kind: Kind;
  /** The number that a value which is not there means; null: it means nothing. */
  readonly absent: number | bigint | null;
  readonly secret: boolean;
  readonly personal: boolean;
  /** Of the operator over the message that holds it. */
  readonly isSignature: boolean;
  /** What a reader gives for a field that is not there; undefined: leaves it out. */
  readonly missing: unknown;
  /** It gives a new empty list. */
  readonly emptyList: boolean;
}

export class Table {
  fields: readonly Field[] = [];
  /** Those whose values lie elsewhere and are pointed to. */
  elsewhere: readonly Field[] = [];
  /** Larger values first, as they are best laid out. */
  bySize: readonly Field[] = [];
  names: ReadonlySet<string> = new Set();
  /** Slots of its vtable. */
  slots = 0;

  /** Those whose values are secret. */
  secret: readonly Field[] = [];
  /** The values of an object that holds them, in the order of the fields. */
  readonly take: (held: { readonly [name: string]: unknown }) => unknown[];
  /** An object of such values without the secret ones; as a member of a union with its type. */
  readonly make: (values: unknown[]) => object;
  readonly makeMember: (values: unknown[]) => object;

  constructor(readonly name: string) {
    this.take = takers[name] as Table['take'];
    this.make = makers[name] as Table['make'];
    this.makeMember = memberMakers[name] ?? this.make;
  }
}

export class Union {
  /** By number; number 0 is none. */
  readonly members: (Table | undefined)[] = [undefined];
  readonly numbers = new Map<string, number>();

  constructor(readonly name: string) {}
}

/** Values by name; a number that has none here is `unknown_N`. */
export class Enumeration {
  readonly numbers: ReadonlyMap<string, number>;
  private readonly names: readonly string[];

  constructor(
    readonly name: string,
    values: { readonly [value: string]: number },
  ) {
    this.numbers = new Map(Object.entries(values));
    const names: string[] = [];
    for (const [value, number] of this.numbers) names[number] = value;
    this.names = names;
  }

  nameOf(number: number): string {
    return this.names[number] ?? `unknown_${number}`;
  }

  numberOf(name: unknown): number | undefined {
    if (typeof name !== 'string') return undefined;
    const known = this.numbers.get(name);
    if (known !== undefined) return known;
    return /^unknown_\d{1,5}$/.test(name) ? Number(name.slice(8)) : undefined;
  }
}

export const widthOf = { bool: 1, u8: 1, u16: 2, u32: 4, i64: 8, u64: 8 } as const;

const scalars: ReadonlySet<string> = new Set(Object.keys(widthOf));
const tableOf = new Map(Object.keys(tables).map((name) => [name, new Table(name)]));
const unionOf = new Map(Object.keys(unions).map((name) => [name, new Union(name)]));
const enumOf = new Map(
  Object.entries(enums).map(([name, values]) => [name, new Enumeration(name, values)]),
);

export const codes = enumOf.get('Code') as Enumeration;

export function tableNamed(name: string): Table {
  const table = tableOf.get(name);
  if (table === undefined) throw new TypeError(`the schema has no table ${name}`);
  return table;
}

function camel(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function kindOf(type: string): Kind {
  if (type === '[ubyte]' || type === '[u8]') return { is: 'bytes' };
  if (type.startsWith('[')) return { is: 'list', of: kindOf(type.slice(1, -1)) };
  if (type === 'string') return { is: 'text' };
  if (type === 'Uuid') return { is: 'uuid' };
  if (scalars.has(type)) return { is: 'scalar', scalar: type as Scalar };
  const values = enumOf.get(type);
  if (values !== undefined) return { is: 'enum', values, scalar: type === 'Code' ? 'u16' : 'u8' };
  const union = unionOf.get(type);
  return union === undefined ? { is: 'table', table: tableNamed(type) } : { is: 'union', union };
}

const noBytes = new Uint8Array(0);

function absentOf(kind: Kind, given: FieldRow[3]): number | bigint | boolean | null {
  if (given !== undefined) return given;
  if (kind.is === 'enum') return 0;
  if (kind.is !== 'scalar') return null;
  if (kind.scalar === 'bool') return false;
  return widthOf[kind.scalar] === 8 ? 0n : 0;
}

/** Text and lists that a program does not write are empty where they are not there. */
function missingOf(kind: Kind, absent: unknown, isWritten: boolean): unknown {
  if (kind.is === 'enum' && absent !== null) return kind.values.nameOf(Number(absent));
  if (kind.is === 'scalar') return absent ?? undefined;
  if (isWritten) return undefined;
  if (kind.is === 'text') return '';
  return kind.is === 'bytes' ? noBytes : undefined;
}

function liesInTable({ is }: Kind): boolean {
  return is === 'scalar' || is === 'enum' || is === 'uuid';
}

function sizeOf({ kind }: Field): number {
  if (kind.is === 'uuid') return 16;
  return kind.is === 'scalar' || kind.is === 'enum' ? widthOf[kind.scalar] : 4;
}

function fieldOf(table: string, [schemaName, type, id, given, marks]: FieldRow, at: number): Field {
  const isWritten = written.has(table);
  const kind = kindOf(type);
  const absent = absentOf(kind, given);
  return {
    name: camel(schemaName),
    schemaName,
    id,
    at,
    kind,
    absent: typeof absent === 'boolean' ? Number(absent) : absent,
    secret: marks?.includes('s') ?? false,
    personal: marks?.includes('p') ?? false,
    isSignature: table === 'CommandMessage' && schemaName === 'signature',
    missing: missingOf(kind, absent, isWritten),
    emptyList: kind.is === 'list' && !isWritten,
  };
}

for (const [name, union] of unionOf)
  for (const member of unions[name] ?? []) {
    union.numbers.set(member, union.members.length);
    union.members.push(tableNamed(member));
  }

for (const [name, table] of tableOf) {
  table.fields = (tables[name] ?? []).map((row, at) => fieldOf(name, row, at));
  table.secret = table.fields.filter(({ secret }) => secret);
  table.elsewhere = table.fields.filter(({ kind }) => !liesInTable(kind));
  table.bySize = [...table.fields].sort((left, right) => sizeOf(right) - sizeOf(left));
  table.names = new Set(table.fields.map((field) => field.name));
  table.slots = Math.max(0, ...table.fields.map((field) => field.id + 1));
}
