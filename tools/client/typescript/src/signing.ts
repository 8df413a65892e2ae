// Ed25519 over a message as it is sent, with what is secret or personal in it set to zero.
import { createPrivateKey, createPublicKey, randomBytes, sign, verify } from 'node:crypto';

import { usage } from './errors.js';
import type { Packed } from './writer.js';

// What stands before the raw key in the forms that the library reads (RFC 8410).
const privateHead = Buffer.from('302e020100300506032b657004220420', 'hex');
const publicHead = Buffer.from('302a300506032b6570032100', 'hex');
const signatureBytes = 64;

export interface SigningKeyPair {
  readonly publicKey: Uint8Array;
  /** 32 bytes. */
  readonly seed: Uint8Array;
}

function privateKeyOf(seed: Uint8Array) {
  if (seed.length !== 32) throw usage('A signing seed has 32 bytes.', 'Give the seed alone.');
  const der = Buffer.concat([privateHead, seed]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  der.fill(0);
  return key;
}

export function makeSigningKeyPair(): SigningKeyPair {
  const seed = randomBytes(32);
  const der = createPublicKey(privateKeyOf(seed)).export({ format: 'der', type: 'spki' });
  return { publicKey: new Uint8Array(der.subarray(publicHead.length)), seed: new Uint8Array(seed) };
}

export function verifies(publicKey: Uint8Array, text: Uint8Array, signature: Uint8Array): boolean {
  const der = Buffer.concat([publicHead, publicKey]);
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
  return verify(null, text, key, signature);
}

/** Writes the signature into the place that the message keeps for it. */
export function signed(packed: Packed, seed: Uint8Array): Buffer {
  const { bytes, signature } = packed;
  if (signature === undefined || signature[1] - signature[0] !== signatureBytes)
    throw new TypeError('the message keeps no place for its signature');
  const blanked = Buffer.from(bytes);
  for (const [from, to] of [...packed.secret, ...packed.personal, signature])
    blanked.fill(0, from, to);
  sign(null, blanked, privateKeyOf(seed)).copy(bytes, signature[0]);
  return bytes;
}
