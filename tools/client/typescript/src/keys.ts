// CURVE keys: 32 bytes, in text 40 characters of Z85 (ZeroMQ RFC 32).
import { curveKeyPair } from 'zeromq';

import { usage } from './errors.js';
import type { KeyPair } from './options.js';

const digits =
  '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#';
const keyBytes = 32;

/** From the system's entropy. */
export function makeKeyPair(): KeyPair {
  return curveKeyPair();
}

/** The 32 bytes, as commands about operators take them; undefined: it is no key. */
export function parseKey(z85: string): Uint8Array | undefined {
  if (z85.length !== 40) return undefined;
  const key = Buffer.alloc(keyBytes);
  for (let group = 0; group < 8; ++group) {
    let value = 0;
    for (const digit of z85.slice(5 * group, 5 * group + 5)) {
      const place = digits.indexOf(digit);
      if (place < 0) return undefined;
      value = value * 85 + place;
    }
    if (value > 0xffffffff) return undefined;
    key.writeUInt32BE(value, 4 * group);
  }
  return new Uint8Array(key);
}

export function keyText(key: Uint8Array): string {
  if (key.length !== keyBytes) throw usage('A key has 32 bytes.', 'Give them alone.');
  const view = new DataView(key.buffer, key.byteOffset, keyBytes);
  let text = '';
  for (let at = 0; at < keyBytes; at += 4) {
    let value = view.getUint32(at);
    let group = '';
    for (let left = 5; left > 0; --left) {
      group = digits.charAt(value % 85) + group;
      value = Math.floor(value / 85);
    }
    text += group;
  }
  return text;
}
