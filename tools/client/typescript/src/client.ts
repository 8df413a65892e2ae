// Postern's client: commands, questions and history over ZeroMQ, as many at a time as wanted.
// Nothing is connected before the first message; `close` ends what is unanswered. Every call ends
// with an answer whose code is `ok`, or it throws: RefusedError where the daemon said no,
// ClientError where there is no answer. So no failure can be taken for a denial, nor for a yes.
import { inspect } from 'node:util';

import { Asking } from './asking.js';
import type { Checkpoint } from './checkpoint.js';
import { ClientError, RefusedError } from './errors.js';
import { Follower, type Followed } from './follower.js';
import { commandConversation, packCommands, timeToHash } from './gate.js';
import type {
  Answer,
  AnswerBody,
  Authenticated,
  Check,
  CommandMessage,
  Credential,
  Decision,
  GetRecords,
  HistoryBody,
  HistoryPage,
  HistoryPageBody,
  HistoryRequest,
  Query,
  QueryBody,
  Question,
  Receipt,
  Status,
  Uuid,
} from './generated/schema.js';
import { GuardedHistory, Ids } from './guarded_history.js';
import { Lane } from './lane.js';
import { settingsOf, type Options, type Settings } from './options.js';
import { answerTypes, mustBe, pageTypes, type AnswerTypes, type PageTypes } from './answers.js';
import { makeUuid } from './uuid.js';

/** Of one call. */
export interface CallOptions {
  /** Instead of the client's. */
  readonly timeoutMs?: number | undefined;
  /**
   * Ends the call. A question or request then throws the signal's reason. A command may have been
   * done all the same: it throws a ClientError `busy` that says so, with its id.
   */
  readonly signal?: AbortSignal | undefined;
}

/** A message to send; the client signs it, and makes an id if there is none. */
export type Commands = Omit<CommandMessage, 'version' | 'signature'>;
/** A question; the client chooses its id. */
export type Asked<Body extends QueryBody = QueryBody> = Omit<Query, 'version' | 'id' | 'body'> & {
  readonly body: Body;
};
/** A request; the client chooses its id. */
export type Requested<Body extends HistoryBody = HistoryBody> = Omit<
  HistoryRequest,
  'version' | 'id' | 'body'
> & { readonly body: Body };

export type AnswerTo<Type extends QueryBody['type']> = Answer & {
  body: Extract<AnswerBody, { type: AnswerTypes[Type] }>;
};
export type PageOf<Type extends HistoryBody['type']> = HistoryPage & {
  body: Extract<HistoryPageBody, { type: PageTypes[Type] }>;
};

/** What every question takes beside its own fields; for a receipt there is `ask`. */
export type Around = Omit<Asked, 'body' | 'receipt'>;
export type OneCheck = Around & {
  readonly credential: Credential;
  readonly action: string;
  readonly resource: string;
  /** About this path alone, not all below it. */
  readonly thisLevelOnly?: boolean;
};
export type ManyChecks = Around & {
  readonly credential: Credential;
  /** 1 to 10,000. */
  readonly questions: Question[];
};
export type Authentication = Around & {
  readonly credential: Credential;
  /** No session token is made. */
  readonly declineToken?: boolean;
};

/** A message that was begun. */
export interface Begun<Id, Given> {
  /** Of a command: what to ask again with. */
  readonly id: Id;
  /** It must be awaited, or caught. */
  readonly ended: Promise<Given>;
  /**
   * false: it has ended. What is cancelled ends with an error, of a command that it is not known
   * whether it was done.
   */
  cancel(reason?: unknown): boolean;
}

/** It may have left, or wait where it cannot be taken back. */
function cancelled(id: Uuid, reason: unknown): ClientError {
  const error = new ClientError(
    'busy',
    `It is not known whether the command ${id} was done: it was cancelled after it was sent.`,
    'Send the same again with the same id: the daemon then says what became of it.',
    reason,
  );
  error.commandId = id;
  return error;
}

function closed(acts: boolean): ClientError {
  return acts
    ? new ClientError(
        'busy',
        'It is not known whether the command was done: the client was closed.',
        'Send the same again with the same id: the daemon then says what became of it.',
      )
    : new ClientError(
        'unreachable',
        'The client was closed before an answer came.',
        'Ask another client.',
      );
}

/** A promise with what ends it. */
function ending<Given extends Receipt | Answer | HistoryPage>() {
  let resolve!: (answer: Given) => void;
  let reject!: (error: unknown) => void;
  const ended = new Promise<Given>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  const end = (answer: Given | ClientError) => {
    if (answer instanceof ClientError) reject(answer);
    else if (answer.code === 'ok') resolve(answer);
    else reject(new RefusedError(answer));
  };
  return { ended, end, reject };
}

/** Listens to the signal until the message has ended. */
function bound<Id, Given>(begun: Begun<Id, Given>, signal: AbortSignal | undefined) {
  if (signal === undefined) return begun;
  const abort = () => begun.cancel(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  const forget = () => signal.removeEventListener('abort', abort);
  begun.ended.then(forget, forget);
  return begun;
}

export class Client {
  private readonly settings: Settings;
  private readonly ids = new Ids();
  private readonly commands: Lane<Receipt>;
  private readonly historian: GuardedHistory;
  private readonly asking: Asking;
  private isClosed = false;

  /** Throws a ClientError `usage` if the options cannot be used. */
  constructor(options: Options) {
    this.settings = settingsOf(options);
    this.commands = new Lane(this.settings, this.settings.commands ?? '', commandConversation);
    this.historian = new GuardedHistory(this.settings, this.ids);
    this.asking = new Asking(this.settings, this.historian, this.ids);
  }

  // ---- begun without waiting; they throw at once what cannot be begun

  beginCommands(message: Commands, options: CallOptions = {}): Begun<Uuid, Receipt> {
    this.mayBegin(options);
    // As the daemon writes it, whose answer is found by it.
    const given: unknown = message.id ?? makeUuid();
    const id = (typeof given === 'string' ? given.toLowerCase() : given) as Uuid;
    const { ended, end, reject } = ending<Receipt>();
    const whole: CommandMessage = { ...message, id };
    const bytes = packCommands(whole, this.settings.signingSeed);
    this.asking.forgetChanged(whole);
    this.commands.send({
      ticket: id,
      bytes,
      repeatable: true,
      timeoutMs: options.timeoutMs,
      extraMs: timeToHash(whole),
      ended: (answer) => {
        if (answer instanceof ClientError) answer = withId(answer, id);
        end(answer);
      },
    });
    const cancel = (reason?: unknown) => {
      const wasThere = this.commands.cancel(id);
      if (wasThere) reject(cancelled(id, reason));
      return wasThere;
    };
    return bound({ id, ended, cancel }, options.signal);
  }

  beginQuestion(query: Asked, options: CallOptions = {}): Begun<bigint, Answer> {
    this.mayBegin(options);
    const { ended, end, reject } = ending<Answer>();
    const id = this.asking.send(query, options.timeoutMs, end);
    const cancel = (reason: unknown = abortion()) => {
      const wasThere = this.asking.cancel(id);
      if (wasThere) reject(reason);
      return wasThere;
    };
    return bound({ id, ended, cancel }, options.signal);
  }

  beginRequest(request: Requested, options: CallOptions = {}): Begun<bigint, HistoryPage> {
    this.mayBegin(options);
    const { ended, end, reject } = ending<HistoryPage>();
    const id = this.historian.send(request, options.timeoutMs, end);
    const cancel = (reason: unknown = abortion()) => {
      const wasThere = this.historian.cancel(id);
      if (wasThere) reject(reason);
      return wasThere;
    };
    return bound({ id, ended, cancel }, options.signal);
  }

  // ---- one at a time, or as many as are awaited together

  /** One command or a batch, all or nothing; when it returns, it is on disk. */
  async execute(message: Commands, options?: CallOptions): Promise<Receipt> {
    return this.beginCommands(message, options).ended;
  }

  async ask<Body extends QueryBody>(
    query: Asked<Body>,
    options?: CallOptions,
  ): Promise<AnswerTo<Body['type']>> {
    const answer = await this.beginQuestion(query, options).ended;
    return mustBe(answer, answerTypes[query.body.type]) as AnswerTo<Body['type']>;
  }

  async history<Body extends HistoryBody>(
    request: Requested<Body>,
    options?: CallOptions,
  ): Promise<PageOf<Body['type']>> {
    const page = await this.beginRequest(request, options).ended;
    return mustBe(page, pageTypes[request.body.type]) as PageOf<Body['type']>;
  }

  /**
   * May this user do this now? true or false, and nothing that is true by being there. Why not tell
   * `decisions`.
   */
  async check(check: OneCheck, options?: CallOptions): Promise<boolean> {
    const { action, resource, thisLevelOnly, credential } = check;
    const question =
      thisLevelOnly === undefined ? { action, resource } : { action, resource, thisLevelOnly };
    const body = { type: 'Check' as const, credential, questions: [question] };
    const [decision] = await this.decided(around(check, checkNames, body), 1, options);
    return decision?.allowed === true;
  }

  /** A decision for each question, in the same order; each says by `allowed` whether it allows. */
  async decisions(check: ManyChecks, options?: CallOptions): Promise<Decision[]> {
    const { credential, questions } = check;
    const body = { type: 'Check' as const, credential, questions };
    return this.decided(around(check, manyNames, body), questions.length, options);
  }

  private async decided(
    query: Asked<{ type: 'Check' } & Check>,
    count: number,
    options?: CallOptions,
  ): Promise<Decision[]> {
    const { decisions } = (await this.ask(query, options)).body;
    if (decisions.length === count) return decisions;
    throw new ClientError(
      'protocol',
      `The daemon answered ${count} questions with ${decisions.length} decisions.`,
      'Check that its version fits this client.',
    );
  }

  /** Is this the user's password, key or token? `allowed` says. */
  async authenticate(given: Authentication, options?: CallOptions): Promise<Authenticated> {
    const { credential, declineToken } = given;
    const decline = declineToken === undefined ? {} : { declineToken };
    const body = { type: 'Authenticate' as const, credential, ...decline };
    return (await this.ask(around(given, authenticateNames, body), options)).body;
  }

  /** A new token for the same session. */
  async renewSession(token: string, options?: CallOptions): Promise<Authenticated> {
    return (await this.ask({ body: { type: 'RenewSession', token } }, options)).body;
  }

  async status(options?: CallOptions): Promise<Status> {
    return (await this.ask({ body: { type: 'GetStatus' } }, options)).body;
  }

  /**
   * Records from `wanted.fromSeq` on, page after page, until the caller breaks off, the signal ends
   * it or the daemon refuses. Each is checked: none is missing between. Without `waitMs` it asks
   * again at once, else each page (also an empty one) comes after that time at the latest. After an
   * error, follow again from the last page's `nextSeq`.
   */
  async *follow(wanted: GetRecords, options?: CallOptions): AsyncGenerator<Followed, void, void> {
    const follower = new Follower(wanted);
    for (;;) {
      const body = { type: 'GetRecords' as const, ...follower.next() };
      yield follower.take(await this.history({ body }, options));
    }
  }

  /**
   * Asks for the newest checkpoint, and checks its signature and, by a proof, that it extends what
   * is remembered; then remembers it. With a `checkpointFile`, `history`, `follow` and the status
   * do so by themselves whenever an answer brings a new one; the status, where `history` cannot be
   * reached, goes without.
   */
  async checkHistory({ signal }: { signal?: AbortSignal } = {}): Promise<Checkpoint> {
    this.mayBegin({ signal });
    const checked = this.historian.check();
    if (signal === undefined) return checked;
    return new Promise((resolve, reject) => {
      const abort = () => reject(signal.reason);
      signal.addEventListener('abort', abort, { once: true });
      const forget = () => signal.removeEventListener('abort', abort);
      checked.then(resolve, reject).finally(forget);
    });
  }

  /** Messages that are unanswered. */
  get inFlight(): number {
    return this.commands.inFlight + this.asking.inFlight + this.historian.inFlight;
  }

  /** Ends what is unanswered. A program does not end by itself while a client is open. */
  close(): void {
    this.isClosed = true;
    this.commands.close(closed);
    this.asking.close(closed);
    this.historian.close(closed);
  }

  /** What it shows in a log: nothing of its keys. */
  [inspect.custom](): string {
    return `Client { ${this.inFlight} unanswered }`;
  }

  toJSON(): object {
    return { inFlight: this.inFlight };
  }

  private mayBegin({ signal, timeoutMs }: CallOptions): void {
    signal?.throwIfAborted();
    if (this.isClosed) throw new ClientError('usage', 'The client is closed.', 'Make a new one.');
    if (timeoutMs !== undefined && !(Number.isFinite(timeoutMs) && timeoutMs >= 0))
      throw new ClientError('usage', 'timeoutMs takes milliseconds, from 0.', 'Leave it out.');
  }
}

const checkNames: ReadonlySet<string> = new Set([
  'credential',
  'action',
  'resource',
  'thisLevelOnly',
]);
const manyNames: ReadonlySet<string> = new Set(['credential', 'questions']);
const authenticateNames: ReadonlySet<string> = new Set(['credential', 'declineToken']);

/** A question with this body and what else was given beside the body's own fields. */
function around<Body extends QueryBody>(
  given: Around,
  own: ReadonlySet<string>,
  body: Body,
): Asked<Body> {
  const query: { [name: string]: unknown } = { body };
  for (const name in given) if (!own.has(name)) query[name] = given[name as keyof Around];
  return query as unknown as Asked<Body>;
}

function withId(error: ClientError, id: Uuid): ClientError {
  const own = new ClientError(error.kind, error.message, error.remedy, error.cause);
  own.commandId = id;
  return own;
}

function abortion(): DOMException {
  return new DOMException('This operation was aborted', 'AbortError');
}
