// What a client is made with.
import { ClientError, usage } from './errors.js';
import { parseKey } from './keys.js';

/** Z85, 40 characters each. */
export interface KeyPair {
  readonly publicKey: string;
  readonly secretKey: string;
}

export interface Options {
  /** ZeroMQ addresses, tcp://127.0.0.1:7601 or ipc:///path; those not used may be left out. */
  readonly commands?: string | undefined;
  readonly queries?: string | undefined;
  readonly history?: string | undefined;
  /** For tcp, which always speaks CURVE: the server's public key and one's own pair, in Z85. */
  readonly serverKey?: string | undefined;
  readonly keys?: KeyPair | undefined;
  /** 32 bytes: the seed every command is signed with. */
  readonly signingSeed?: Uint8Array | undefined;
  /**
   * For a whole call, with all its retries; a `waitMs` in the message comes on top, and 100 ms for
   * each password that a batch sets. Milliseconds; 10,000.
   */
  readonly timeoutMs?: number | undefined;
  /**
   * How often an unanswered message is sent again within that time; 3. Questions that carry a
   * password never are, since each could count as an attempt; `busy` and `stopping` are waited out
   * apart from this.
   */
  readonly retries?: number | undefined;
  /** false: where nobody listens, fail at once instead of when the time is over; true. */
  readonly waitForDaemon?: boolean | undefined;
  /** Unanswered messages on each of the three sockets; 1,000. */
  readonly inFlightMax?: number | undefined;
  /**
   * Once a password or key has authenticated, its session token is sent in its place, and renewed,
   * until it ends; then the credential again. In memory alone; true.
   */
  readonly keepTokens?: boolean | undefined;
  /**
   * Where the newest checkpoint that was seen is remembered; without it the history is not
   * checked. Programs may share it; each daemon needs its own. Proofs come by `history`.
   */
  readonly checkpointFile?: string | undefined;
  /**
   * What checkpoints are verified with, as posternd prints it; without it the key of the first one
   * seen is trusted from then on.
   */
  readonly verifierKey?: string | undefined;
}

/** Options with what is left out filled in. */
export interface Settings extends Options {
  readonly timeoutMs: number;
  readonly retries: number;
  readonly waitForDaemon: boolean;
  readonly inFlightMax: number;
  readonly keepTokens: boolean;
}

const names: ReadonlySet<string> = new Set([
  'commands',
  'queries',
  'history',
  'serverKey',
  'keys',
  'signingSeed',
  'timeoutMs',
  'retries',
  'waitForDaemon',
  'inFlightMax',
  'keepTokens',
  'checkpointFile',
  'verifierKey',
]);

function mustBeKey(text: string | undefined, what: string): void {
  if (text === undefined || parseKey(text) !== undefined) return;
  throw usage(`The ${what} is no key.`, 'A key is 40 characters of Z85.');
}

function mustBeCount(number: number, least: number, name: string): void {
  if (Number.isInteger(number) && number >= least) return;
  throw usage(`${name} takes a whole number from ${least}.`, 'Leave it out for the usual one.');
}

/** Throws a ClientError `usage`. */
export function settingsOf(options: Options): Settings {
  for (const name in options)
    if (!names.has(name))
      throw usage(`There is no option '${name}'.`, `They are: ${[...names].join(', ')}.`);
  const { commands, queries, history, serverKey, keys } = options;
  const tcp = [commands, queries, history].some((address) => address?.startsWith('tcp://'));
  if (tcp && (serverKey === undefined || keys === undefined))
    throw new ClientError(
      'usage',
      "A tcp address needs the server's public key and a key pair of one's own.",
      'Give both, or use the ipc address.',
    );
  mustBeKey(serverKey, "server's key");
  mustBeKey(keys?.publicKey, 'public key');
  mustBeKey(keys?.secretKey, 'secret key');
  if (options.signingSeed !== undefined && options.signingSeed.length !== 32)
    throw usage('A signing seed has 32 bytes.', 'Give the seed alone.');
  const settings = {
    ...options,
    timeoutMs: options.timeoutMs ?? 10_000,
    retries: options.retries ?? 3,
    waitForDaemon: options.waitForDaemon ?? true,
    inFlightMax: options.inFlightMax ?? 1_000,
    keepTokens: options.keepTokens ?? true,
  };
  mustBeCount(settings.timeoutMs, 0, 'timeoutMs');
  mustBeCount(settings.retries, 0, 'retries');
  mustBeCount(settings.inFlightMax, 1, 'inFlightMax');
  return settings;
}
