// Remembers the newest checkpoint it saw, and holds the daemon to it. What is remembered lives in
// a file (the verifier key, a line feed, the checkpoint), which several programs may share.
// `contradiction` is the loud error; `input_output` where the file cannot be read or written, and
// then nothing new is believed.
import {
  closeSync,
  constants,
  fchownSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';

import {
  openCheckpoint,
  provesConsistency,
  readCheckpoint,
  type Checkpoint,
} from './checkpoint.js';
import { ClientError } from './errors.js';
import type { CheckpointPage, HistoryBody, HistoryPage } from './generated/schema.js';

const fileBytesMax = 32_768;

interface Memory {
  readonly verifierKey: string;
  /** undefined: nothing yet. */
  readonly note?: string;
  readonly checkpoint?: Checkpoint;
}

type Ask = (body: HistoryBody) => Promise<HistoryPage>;

function errnoOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? '';
}

function cannot(verb: string, file: string, error: unknown): ClientError {
  return new ClientError(
    'input_output',
    `Cannot ${verb} the remembered checkpoint ${file}: ${errnoOf(error)}.`,
    'Name another file for it, or do without remembering.',
    error,
  );
}

/** Empty if there is none. */
function readFile(path: string): string {
  try {
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return readFileSync(descriptor).subarray(0, fileBytesMax).toString();
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return '';
    throw cannot('read', path, error);
  }
}

/** What root writes into another's folder is that one's, who could not read it otherwise. */
function giveToOwnerOfFolder(descriptor: number, path: string): void {
  if (process.geteuid?.() !== 0) return;
  const { uid, gid } = statSync(dirname(resolve(path)));
  fchownSync(descriptor, uid, gid);
}

function writeNew(path: string, text: string): void {
  const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
  const descriptor = openSync(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600);
  try {
    giveToOwnerOfFolder(descriptor, path);
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** All or nothing, and through a crash the old one or the new. */
function writeFile(path: string, text: string): void {
  const fresh = `${path}.new.${process.pid}`;
  try {
    writeNew(fresh, text);
    renameSync(fresh, path);
  } catch (error) {
    try {
      unlinkSync(fresh);
    } catch {
      // It was not made.
    }
    throw cannot('write', path, error);
  }
}

function unproved(what: string): ClientError {
  return new ClientError(
    'protocol',
    `The daemon gives no ${what}.`,
    'Ask again; if that does not help, see its status, and do not rely on this history.',
  );
}

/**
 * A restored journal signs under a new name with the same key: "postern/ID" or "postern/ID/...",
 * then "+hash+key".
 */
function signedAfterRestoration(known: string, given: string): boolean {
  const keyOf = (text: string) => text.split('+').slice(2).join('+');
  const installationOf = (text: string) => /^[^/]*\/[^/+]*/.exec(text)?.[0];
  return (
    known !== given &&
    keyOf(known) !== '' &&
    keyOf(known) === keyOf(given) &&
    installationOf(known) === installationOf(given)
  );
}

const nothing: Checkpoint = { origin: '', size: 0n, root: new Uint8Array(32), timeNs: 0n };

export class HistoryGuard {
  /** Without a file nothing is remembered, and nothing checked. */
  constructor(
    private readonly file: string | undefined,
    private readonly verifierKey: string | undefined,
    private readonly ask: Ask,
  ) {}

  /** A checkpoint came with an answer: it must be signed and agree with what is remembered. */
  async observe(note: string): Promise<Checkpoint> {
    if (!this.file || note === '') return nothing;
    const memory = this.load();
    if (memory.note === note) return memory.checkpoint ?? nothing;
    if (memory.verifierKey === '') return this.check();
    if (memory.checkpoint !== undefined && readsOtherwise(note, memory.checkpoint))
      return this.check();
    const seen = openCheckpoint(note, memory.verifierKey);
    if (memory.checkpoint === undefined || seen.size >= memory.checkpoint.size)
      return this.accept(memory, note, seen);
    // Made before another program remembered a newer one, or the journal went back: the newest
    // tells.
    await this.requireExtends(seen, memory.checkpoint);
    return this.check();
  }

  /** Asks for the newest; one behind what is remembered is a contradiction. */
  async check(): Promise<Checkpoint> {
    // Before the question, so that the answer cannot be older in good faith.
    const memory = this.load();
    const page = await this.ask({ type: 'GetCheckpoint' });
    if (page.code !== 'ok' || page.body?.type !== 'CheckpointPage') throw unproved('checkpoint');
    const given = page.body;
    const key = memory.verifierKey || given.verifierKey;
    const known = { ...memory, verifierKey: key };
    if (known.checkpoint !== undefined && signedAfterRestoration(key, given.verifierKey))
      return this.checkRestored(known.checkpoint, given);
    if (key !== given.verifierKey)
      throw this.contradiction(
        `it is signed with another key, ${given.verifierKey} instead of ${key}`,
      );
    const seen = openCheckpoint(given.checkpoint, key);
    if (known.checkpoint !== undefined && seen.size < known.checkpoint.size)
      throw this.contradiction(
        `it went back, from ${known.checkpoint.size} records to ${seen.size} records`,
      );
    return this.accept(known, given.checkpoint, seen);
  }

  /** The journal was made of a copy: it must hold all that is remembered all the same. */
  private async checkRestored(known: Checkpoint, given: CheckpointPage): Promise<Checkpoint> {
    const seen = openCheckpoint(given.checkpoint, given.verifierKey);
    await this.requireExtends(known, seen);
    writeFile(this.file as string, `${given.verifierKey}\n${given.checkpoint}`);
    return seen;
  }

  private async accept(memory: Memory, note: string, seen: Checkpoint): Promise<Checkpoint> {
    if (!this.file) return seen;
    if (memory.checkpoint !== undefined) {
      await this.requireExtends(memory.checkpoint, seen);
      if (memory.checkpoint.size === seen.size) return seen;
    }
    // Another program may have come further meanwhile.
    const now = this.load();
    if (now.checkpoint === undefined || now.checkpoint.size < seen.size)
      writeFile(this.file, `${memory.verifierKey}\n${note}`);
    return seen;
  }

  private async requireExtends(from: Checkpoint, to: Checkpoint): Promise<void> {
    if (from.size === to.size && from.origin === to.origin) {
      if (Buffer.compare(from.root, to.root) !== 0) throw this.noExtension(from);
      return;
    }
    const name = from.origin === to.origin ? {} : { name: from.origin };
    const page = await this.ask({
      type: 'GetConsistency',
      fromSize: from.size,
      toSize: to.size,
      ...name,
    });
    if (page.code === 'journal_restored') throw this.restored(page);
    if (page.code === 'field_malformed' && from.origin !== to.origin)
      throw this.contradiction(`it is signed as ${to.origin}, which never was ${from.origin}`);
    if (page.code === 'seq_beyond_journal')
      throw this.contradiction(`it holds less than ${to.size} records`);
    if (page.code !== 'ok' || page.body?.type !== 'ProofPage')
      throw unproved('proof that its history is one');
    if (!provesConsistency(page.body.hashes, from, to)) throw this.noExtension(from);
  }

  private load(): Memory {
    const text = this.file ? readFile(this.file) : '';
    if (text === '') return { verifierKey: this.verifierKey ?? '' };
    const end = text.indexOf('\n');
    const key = end < 0 ? text : text.slice(0, end);
    const note = end < 0 ? '' : text.slice(end + 1);
    const checkpoint = this.opened(note, key);
    // One that is given stays right after a restoration, which changes the name beside it alone.
    const given = this.verifierKey;
    if (given && given !== key && !signedAfterRestoration(given, key))
      throw this.contradiction(`it is signed with another key, ${given} instead of ${key}`);
    return { verifierKey: key, note, checkpoint };
  }

  private opened(note: string, key: string): Checkpoint {
    try {
      return openCheckpoint(note, key);
    } catch (error) {
      throw new ClientError(
        'contradiction',
        `The remembered checkpoint ${this.file} is damaged.`,
        'Put it back from a copy; removing it forgets what the history must extend.',
        error,
      );
    }
  }

  private noExtension(from: Checkpoint): ClientError {
    return this.contradiction(
      `its first ${from.size} records are not those that were there before`,
    );
  }

  private restored({ problems }: HistoryPage): ClientError {
    return new ClientError(
      'contradiction',
      problems[0]?.sentence || "The daemon's journal was restored from a copy.",
      'Send the missing commands again, with fresh ids. Then remove the remembered checkpoint ' +
        `${this.file}, so that the restored history is remembered instead.`,
    );
  }

  private contradiction(how: string): ClientError {
    return new ClientError(
      'contradiction',
      `The daemon's history contradicts the checkpoint remembered in ${this.file}: ${how}.`,
      'Do not rely on this daemon: its journal was replaced or changed, or is a restored copy. ' +
        'Keep the file as proof; remove it only once you know why.',
    );
  }
}

/** It reads as a checkpoint, and is of another name. */
function readsOtherwise(note: string, known: Checkpoint): boolean {
  try {
    return readCheckpoint(note).origin !== known.origin;
  } catch {
    return false;
  }
}
