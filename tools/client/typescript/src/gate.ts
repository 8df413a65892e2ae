// The gate between objects and what goes over the wire. Out: what is larger than the daemon takes
// is refused here. Back: size, identifier, structure, version, known kinds, in this order, before
// anybody reads a field.
import { ClientError, notAnAnswer, usage } from './errors.js';
import type {
  Answer,
  Code,
  Command,
  CommandMessage,
  Credential,
  HistoryPage,
  HistoryRequest,
  JournalRecord,
  Query,
  Receipt,
  RecordPage,
  Resending,
} from './generated/schema.js';
import { identifiers, protocolVersion, resendings } from './generated/schema.js';
import { tableNamed, type Table } from './layout.js';
import { Reader } from './reader.js';
import { signed } from './signing.js';
import { Writer, type Packed } from './writer.js';

const messageBytesMax = 1_048_576;
/** One import of a provider's ranges. */
const importBytesMax = 4 * 1_048_576 + 65_536;
export const answerBytesMax = 8 * 1_048_576;
const messageBytesMin = 16;
/** As the daemon's own gate for stored records. */
const recordTablesMax = 65_536;

export interface AnyAnswer {
  readonly version: number;
  readonly code: Code;
  readonly retryAfterMs: number;
}

/** One kind of conversation with the daemon. */
export interface Conversation<Given extends AnyAnswer> {
  readonly table: Table;
  /** Its four letters as they lie in a message. */
  readonly identifier: number;
  readonly tablesMax: number;
  /** A sending does something. */
  readonly acts: boolean;
  /** The client waits such an answer out by itself. */
  isSentAgain(code: Code): boolean;
  /** What an answer is found by. */
  ticketOf(answer: Given): Ticket;
}

/** A command's id, or the number of a question or request. */
export type Ticket = string | bigint;

/** Of an answer to what the daemon could not read. */
export const noTicket: ReadonlySet<Ticket> = new Set<Ticket>([
  0n,
  '',
  '00000000-0000-0000-0000-000000000000',
]);

export function resendingOf(code: Code): Resending {
  return resendings[code] ?? 'final';
}

function lettersOf(identifier: string): number {
  return Buffer.from(identifier, 'latin1').readUInt32LE();
}

const recordIdentifier = lettersOf(identifiers.record);

const triesAgain = (code: Code) => resendingOf(code) === 'try_again';
/** A wait that was given and is over is an answer. */
const asksAgain = (code: Code) => code !== 'not_yet' && triesAgain(code);

export const commandConversation: Conversation<Receipt> = {
  table: tableNamed('Receipt'),
  identifier: lettersOf(identifiers.receipt),
  tablesMax: 65_536,
  acts: true,
  isSentAgain: triesAgain,
  ticketOf: (receipt) => receipt.id ?? '',
};

export const queryConversation: Conversation<Answer> = {
  table: tableNamed('Answer'),
  identifier: lettersOf(identifiers.answer),
  // 10,000 decisions of three tables each.
  tablesMax: 32_768,
  acts: false,
  isSentAgain: asksAgain,
  ticketOf: (answer) => answer.id,
};

export const historyConversation: Conversation<HistoryPage> = {
  table: tableNamed('HistoryPage'),
  identifier: lettersOf(identifiers.historyPage),
  // A user with 10,000 grants of four tables each.
  tablesMax: 65_536,
  acts: false,
  isSentAgain: asksAgain,
  ticketOf: (page) => page.id,
};

const writer = new Writer();
const tables = {
  message: tableNamed('CommandMessage'),
  query: tableNamed('Query'),
  request: tableNamed('HistoryRequest'),
};

function packAs(table: Table, value: unknown, identifier: string, max = messageBytesMax): Packed {
  const packed = writer.pack(table, value, identifier);
  if (packed.bytes.length <= max) return packed;
  throw usage(
    `The message has ${packed.bytes.length} bytes; the daemon takes at most ${max}.`,
    'Send less at once.',
  );
}

/** With a seed it is signed. */
export function packCommands(message: CommandMessage, signingSeed?: Uint8Array): Buffer {
  const [only, second] = message.commands ?? [];
  const imports = second === undefined && only?.body?.type === 'ImportRanges';
  const max = imports ? importBytesMax : messageBytesMax;
  const identifier = identifiers.commandMessage;
  if (signingSeed === undefined) return packAs(tables.message, message, identifier, max).bytes;
  const placed = { ...message, signature: new Uint8Array(64) };
  return signed(packAs(tables.message, placed, identifier, max), signingSeed);
}

export function packQuery(query: Query): Buffer {
  return packAs(tables.query, query, identifiers.query).bytes;
}

export function packRequest(request: HistoryRequest): Buffer {
  return packAs(tables.request, request, identifiers.historyRequest).bytes;
}

function verified(received: Uint8Array, identifier: number): Buffer {
  const bytes = Buffer.from(received.buffer, received.byteOffset, received.byteLength);
  if (bytes.length < messageBytesMin || bytes.length > answerBytesMax)
    throw notAnAnswer(`its size is ${bytes.length} bytes`);
  if (bytes.readUInt32LE(4) !== identifier) throw notAnAnswer('it has another identifier');
  return bytes;
}

export function unpack<Given extends AnyAnswer>(
  conversation: Conversation<Given>,
  received: Uint8Array,
): Given {
  const bytes = verified(received, conversation.identifier);
  const reader = new Reader(bytes, conversation.tablesMax);
  const answer = reader.root(conversation.table) as unknown as Given;
  const { version } = answer;
  if (version !== protocolVersion && answer.code !== 'version_unsupported')
    throw new ClientError(
      'protocol',
      `The daemon answers in protocol version ${version}; this client speaks ${protocolVersion}.`,
      "Use a client of the daemon's version.",
    );
  return answer;
}

export function unpackRecord(stored: Uint8Array): JournalRecord {
  const bytes = verified(stored, recordIdentifier);
  return new Reader(bytes, recordTablesMax).root(tableNamed('Record')) as unknown as JournalRecord;
}

/** The records of a page, each checked like a message. */
export function readRecords(page: RecordPage): JournalRecord[] {
  return page.records.map((stored) => unpackRecord(stored.bytes));
}

export function credentialOf(query: Query): Credential | undefined {
  const { body } = query;
  return body?.type === 'Authenticate' || body?.type === 'Check' ? body.credential : undefined;
}

/** The question verifies a password: each time it is sent may count as an attempt. */
export function carriesPassword(query: Query): boolean {
  return credentialOf(query)?.type === 'PasswordCredential';
}

function setsPassword({ body }: Command): boolean {
  switch (body?.type) {
    case 'CreateUser':
      return Boolean(body.password);
    case 'ResetPassword':
    case 'RotatePassword':
    case 'ChangePassword':
      return true;
    default:
      return false;
  }
}

/** What is granted a batch for its passwords, which are hashed one after the other; ms. */
export function timeToHash(message: CommandMessage): number {
  const count = (message.commands ?? []).filter(setsPassword).length;
  return count > 1 ? 100 * count : 0;
}
