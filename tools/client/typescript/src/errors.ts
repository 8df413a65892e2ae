// What can go wrong, each with a sentence and a remedy for people, and never a secret.
import type { Answer, Code, HistoryPage, Problem, Receipt, Uuid } from './generated/schema.js';
import { codeTexts } from './generated/schema.js';

/** What kind of trouble; the number is the exit code a program should end with (sysexits.h). */
export const exitCodes = {
  /** The message or the options cannot be used as they are. */
  usage: 64,
  /**
   * The history is not the one that was seen before, or a checkpoint is not signed by the daemon's
   * key. Loud: somebody replaced or changed the journal.
   */
  contradiction: 65,
  /** Nobody answered in time. */
  unreachable: 69,
  /** The file of the remembered checkpoint cannot be read or written. */
  input_output: 74,
  /**
   * As many messages are unanswered as may be; or it is not known whether a command was done. The
   * same again under the same id tells.
   */
  busy: 75,
  /** What came back is no answer of this protocol, or the server is not the one its key says. */
  protocol: 76,
  /** The daemon knows no operator with this key or uid. */
  not_permitted: 77,
} as const;

export type ErrorKind = keyof typeof exitCodes;

/** There is no answer. Never read it as a denial. */
export class ClientError extends Error {
  readonly kind: ErrorKind;
  /** What to do about it. */
  readonly remedy: string;
  /** Of a command: the id to ask again with. */
  commandId: Uuid | undefined;

  constructor(kind: ErrorKind, sentence: string, remedy: string, cause?: unknown) {
    super(sentence, cause === undefined ? undefined : { cause });
    this.name = 'ClientError';
    this.kind = kind;
    this.remedy = remedy;
  }

  get exitCode(): number {
    return exitCodes[this.kind];
  }
}

/** The daemon answered, and says why it did not do or decide what it was asked. */
export class RefusedError extends Error {
  readonly code: Code;
  /** Every problem of the message. */
  readonly problems: readonly Problem[];
  readonly remedy: string;
  /** All that the daemon said. */
  readonly answer: Receipt | Answer | HistoryPage;

  constructor(answer: Receipt | Answer | HistoryPage) {
    const first = answer.problems[0];
    const text = textOf(answer.code);
    super(`${answer.code}: ${first?.sentence || text.sentence}`);
    this.name = 'RefusedError';
    this.code = answer.code;
    this.problems = answer.problems;
    this.remedy = first?.remedy || text.remedy;
    this.answer = answer;
  }
}

/** What a code means; one that this client does not know means no. */
export function textOf(code: Code): { sentence: string; remedy: string } {
  if (Object.hasOwn(codeTexts, code)) return codeTexts[code as keyof typeof codeTexts];
  return {
    sentence: 'The daemon says no, for a reason this client does not know.',
    remedy: "read the problem's sentence; a newer client knows the code.",
  };
}

export function usage(sentence: string, remedy: string): ClientError {
  return new ClientError('usage', sentence, remedy);
}

export function notAnAnswer(what: string): ClientError {
  return new ClientError(
    'protocol',
    `The answer is not one of this protocol: ${what}.`,
    "Check that the address is a Postern daemon's and that its version fits this client.",
  );
}
