// Proofs that the daemon cannot talk away: reading checkpoints, checking that one tree extends
// another (RFC 6962). The forms are those of C2SP: tlog-checkpoint and signed-note. Written apart
// from the daemon's own code, so that a mistake there is not repeated here.
import { createHash } from 'node:crypto';

import { ClientError, usage } from './errors.js';
import { verifies } from './signing.js';

const noteBytesMax = 16_384;
const keyHashBytes = 4;
const signatureBytes = 64;
const hashBytes = 32;
const ed25519 = 1;
const signatureStart = '— ';

/** What the journal held when it was signed. */
export interface Checkpoint {
  readonly origin: string;
  /** Records. */
  readonly size: bigint;
  /** Of the RFC 6962 tree over them. */
  readonly root: Uint8Array;
  /** When it was signed, UTC nanoseconds; 0n: not told. */
  readonly timeNs: bigint;
}

interface Verifier {
  readonly name: string;
  readonly key: Buffer;
  readonly hash: Buffer;
}

function badNote(why: string): ClientError {
  return new ClientError(
    'contradiction',
    `The checkpoint ${why}.`,
    'Do not rely on this history; compare it with a checkpoint kept elsewhere.',
  );
}

function sha256(...parts: (Uint8Array | string)[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** Canonical base64 alone. */
function decode(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return text !== '' && bytes.toString('base64') === text ? bytes : undefined;
}

/** Decimal, without sign and without zeros before it. */
function plainNumber(text: string, max: bigint): bigint | undefined {
  if (!/^(0|[1-9]\d{0,19})$/.test(text)) return undefined;
  const number = BigInt(text);
  return number <= max ? number : undefined;
}

/** name+hash+key */
function verifierIn(text: string): Verifier | undefined {
  const [name, digits, key64, ...more] = splitTwice(text);
  const key = decode(key64 ?? '');
  if (!name || more.length > 0 || key === undefined) return undefined;
  if (key.length !== 33 || key[0] !== ed25519) return undefined;
  const hash = sha256(name, '\n', key).subarray(0, keyHashBytes);
  if (!/^[0-9a-f]{8}$/i.test(digits ?? '') || digits?.toLowerCase() !== hash.toString('hex'))
    return undefined;
  return { name, key: key.subarray(1), hash };
}

/** The key's base64 may hold a plus of its own. */
function splitTwice(text: string): string[] {
  const first = text.indexOf('+');
  const second = first < 0 ? -1 : text.indexOf('+', first + 1);
  if (second < 0) return [];
  return [text.slice(0, first), text.slice(first + 1, second), text.slice(second + 1)];
}

/** Every line that names the verifier must hold, and one must be there. */
function checkSignatures(lines: string[], text: string, verifier: Verifier): void {
  let found = false;
  for (const line of lines) {
    if (!line.startsWith(signatureStart)) throw badNote('has a line that is no signature');
    const rest = line.slice(signatureStart.length);
    const space = rest.indexOf(' ');
    const bytes = space < 0 ? undefined : decode(rest.slice(space + 1));
    if (bytes === undefined || bytes.length <= keyHashBytes)
      throw badNote('has a malformed signature');
    if (rest.slice(0, space) !== verifier.name) continue;
    if (!bytes.subarray(0, keyHashBytes).equals(verifier.hash)) continue;
    const signature = bytes.subarray(keyHashBytes);
    if (
      signature.length !== signatureBytes ||
      !verifies(verifier.key, Buffer.from(text), signature)
    )
      throw badNote("was changed after it was signed, or not signed by the daemon's key");
    found = true;
  }
  if (!found) throw badNote("is not signed by the daemon's key");
}

/** What a checkpoint's text says, whoever signed it; `contradiction` if it is malformed. */
export function readCheckpoint(note: string): Checkpoint {
  const gap = note.lastIndexOf('\n\n');
  const [origin, size64, root64, ...extensions] = note.slice(0, gap + 1).split('\n');
  const size = plainNumber(size64 ?? '', 2n ** 64n - 1n);
  const root = decode(root64 ?? '');
  if (!origin || size === undefined || root?.length !== hashBytes)
    throw badNote('lacks its origin, size or root');
  const time = extensions
    .filter((line) => line.startsWith('time_ns '))
    .at(-1)
    ?.slice(8);
  const timeNs = plainNumber(time ?? '', 2n ** 63n - 1n) ?? 0n;
  return { origin, size, root: new Uint8Array(root), timeNs };
}

/** The same, if it was signed by this key (name+hash+key); `usage` if that is malformed. */
export function openCheckpoint(note: string, verifierKey: string): Checkpoint {
  const verifier = verifierIn(verifierKey);
  if (verifier === undefined)
    throw usage(
      'This is no verifier key.',
      'Take the line that posternd prints at its start: postern/<installation>+<hash>+<key>.',
    );
  const gap = note.lastIndexOf('\n\n');
  if (Buffer.byteLength(note) > noteBytesMax || gap < 0 || !note.endsWith('\n'))
    throw badNote('has no signature');
  const lines = note
    .slice(gap + 2)
    .split('\n')
    .slice(0, -1);
  checkSignatures(lines, note.slice(0, gap + 1), verifier);
  const checkpoint = readCheckpoint(note);
  if (checkpoint.origin !== verifier.name)
    throw badNote("is about another journal than this daemon's");
  return checkpoint;
}

const node = (left: Uint8Array, right: Uint8Array) => sha256(Buffer.of(1), left, right);

/**
 * `hashes`: 32 bytes each, as ProofPage has them. false too if `from` is empty or the larger one.
 * RFC 9162, 2.1.4.2, which says for RFC 6962's proofs how to check them.
 */
export function provesConsistency(hashes: Uint8Array, from: Checkpoint, to: Checkpoint): boolean {
  if (from.size === 0n || from.size > to.size || hashes.length % hashBytes !== 0) return false;
  const same = (left: Uint8Array, right: Uint8Array) => Buffer.compare(left, right) === 0;
  if (from.size === to.size) return hashes.length === 0 && same(from.root, to.root);
  const path: Uint8Array[] = [];
  for (let at = 0; at < hashes.length; at += hashBytes)
    path.push(hashes.subarray(at, at + hashBytes));
  if ((from.size & (from.size - 1n)) === 0n) path.unshift(from.root);
  const [begin, ...rest] = path;
  if (begin === undefined) return false;
  let first = from.size - 1n;
  let second = to.size - 1n;
  for (; (first & 1n) !== 0n; first >>= 1n) second >>= 1n;
  let earlier = begin;
  let later = begin;
  for (const hash of rest) {
    if (second === 0n) return false;
    if ((first & 1n) !== 0n || first === second) {
      earlier = node(hash, earlier);
      later = node(hash, later);
      for (; (first & 1n) === 0n && first !== 0n; first >>= 1n) second >>= 1n;
    } else {
      later = node(later, hash);
    }
    first >>= 1n;
    second >>= 1n;
  }
  return second === 0n && same(earlier, from.root) && same(later, to.root);
}
