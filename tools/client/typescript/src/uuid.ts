// Ids of 128 bits (RFC 9562), as text outside and as two halves in messages.
import { randomBytes } from 'node:crypto';

import type { Uuid } from './generated/schema.js';

const form = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Upper or lower case; undefined: it is none. */
export function parseUuid(text: string): { high: bigint; low: bigint } | undefined {
  if (!form.test(text)) return undefined;
  const digits = text.replaceAll('-', '');
  return { high: BigInt(`0x${digits.slice(0, 16)}`), low: BigInt(`0x${digits.slice(16)}`) };
}

function uuidText(high: bigint, low: bigint): Uuid {
  const digits = high.toString(16).padStart(16, '0') + low.toString(16).padStart(16, '0');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** A fresh UUIDv7: the system's clock in milliseconds, then entropy. */
export function makeUuid(): Uuid {
  const random = randomBytes(10);
  const high = (BigInt(Date.now()) << 16n) | 0x7000n | BigInt(random.readUInt16LE(0) & 0xfff);
  const low = (2n << 62n) | (random.readBigUInt64LE(2) >> 2n);
  return uuidText(high, low);
}
