// One conversation with one socket of the daemon: what was sent, what is unanswered, when to send
// it again. Each message that is not cancelled ends exactly once, with its answer or an error.
import { Connection, type Trouble } from './connection.js';
import { ClientError, notAnAnswer, usage } from './errors.js';
import {
  noTicket,
  resendingOf,
  unpack,
  type AnyAnswer,
  type Conversation,
  type Ticket,
} from './gate.js';
import type { Code } from './generated/schema.js';
import type { Settings } from './options.js';
import { Wakefulness } from './wakefulness.js';

const pauseMinMs = 10;
const pauseMaxMs = 1_000;

/** A message to send. */
export interface Posting<Given> {
  readonly ticket: Ticket;
  readonly bytes: Buffer;
  /** It may be sent again though nobody knows whether it arrived. */
  readonly repeatable: boolean;
  /** Of the whole call; left out: the client's. */
  readonly timeoutMs?: number | undefined;
  /** Beside the timeout. */
  readonly extraMs?: number;
  /** What the call has taken of its time already. */
  readonly spentMs?: number;
  readonly ended: (answer: Given | ClientError) => void;
}

interface Pending<Given> {
  readonly posting: Posting<Given>;
  /** Something that is not final was answered: at `attemptEnds` it is sent again in any case. */
  putOff: boolean;
  sendings: number;
  answers: number;
  /** The newest that was not final. */
  newestCode: Code;
  pause: number;
  readonly attemptMs: number;
  sent: number;
  attemptEnds: number;
  readonly deadline: number;
}

/** For a message that stays unanswered. */
export function unanswered(trouble: Trouble, address: string): ClientError {
  const at = `at ${address}`;
  switch (trouble) {
    case 'refused':
      return new ClientError(
        'unreachable',
        `Nobody listens ${at}.`,
        'Start posternd, or correct the address.',
      );
    case 'denied':
      return new ClientError(
        'not_permitted',
        `The daemon ${at} does not let this key or user in.`,
        "Use the key of an operator; an owner sees them with 'operator list'.",
      );
    case 'handshake':
      return new ClientError(
        'protocol',
        `The handshake broke off ${at}.`,
        "Check that the server key is this daemon's and that the port is right.",
      );
    case 'lost':
      return new ClientError(
        'unreachable',
        `The connection was lost ${at} before an answer came.`,
        'Ask again when the daemon is back; a command with the same id.',
      );
    case 'none':
      return new ClientError(
        'unreachable',
        `No answer came in time ${at}.`,
        "Ask again, a command with the same id; check the daemon's diagnostics.",
      );
  }
}

/** Of a command of which one sending was answered so, and another not at all. */
function notKnown(code: Code, address: string): ClientError {
  return new ClientError(
    'busy',
    'It is not known whether the command was done: it was sent more than once, and the daemon at ' +
      `${address} answered one sending with '${code}', another not at all.`,
    'Send the same again with the same id: the daemon then says what became of it.',
  );
}

export class Lane<Given extends AnyAnswer> {
  private connection: Connection | undefined;
  /** What it says now it says of what is unanswered now. */
  private madeForPending = false;
  /** By their tickets, in the order they were sent. */
  private readonly pending = new Map<Ticket, Pending<Given>>();
  private readonly wakefulness = new Wakefulness();
  private lastArrival = -Infinity;
  private checkAt = Infinity;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly settings: Settings,
    private readonly address: string,
    private readonly conversation: Conversation<Given>,
  ) {}

  get inFlight(): number {
    return this.pending.size;
  }

  /** Throws a ClientError if it cannot be begun. */
  send(posting: Posting<Given>): void {
    this.maySend(posting);
    if (this.connection === undefined) this.connect();
    else if (this.pending.size === 0) this.madeForPending = false;
    const { retries } = this.settings;
    const timeout = posting.timeoutMs ?? this.settings.timeoutMs;
    const extra = posting.extraMs ?? 0;
    const now = performance.now();
    const pending: Pending<Given> = {
      posting,
      putOff: false,
      sendings: 0,
      answers: 0,
      newestCode: 'ok',
      pause: pauseMinMs,
      attemptMs: timeout / (retries + 1) + extra,
      sent: now,
      attemptEnds: now,
      deadline: now + timeout + extra - (posting.spentMs ?? 0),
    };
    this.pending.set(posting.ticket, pending);
    this.sendNow(pending, now);
    if (this.pending.size === 1) this.wakefulness.wait(now);
    this.checkBy(pending.attemptEnds);
    // What is known of an older connection is judged anew, when the caller has its message's id.
    const { connection } = this;
    if (connection?.trouble !== 'none')
      setImmediate(() => connection === this.connection && this.judge(false));
  }

  /** Forgets a message; its answer, if it comes, is dropped. false: it is not under way. */
  cancel(ticket: Ticket): boolean {
    return this.pending.delete(ticket);
  }

  /** Ends all that is unanswered. */
  close(error: (acts: boolean) => ClientError): void {
    this.endAll(error(this.conversation.acts));
    clearTimeout(this.timer);
  }

  private maySend({ ticket }: Posting<Given>): void {
    if (this.address === '')
      throw usage('No address is given for this.', "Set it in the client's options.");
    if (this.pending.size >= this.settings.inFlightMax)
      throw new ClientError(
        'busy',
        `${this.pending.size} messages are unanswered, as many as may be.`,
        'Await answers before sending more.',
      );
    if (this.pending.has(ticket))
      throw usage('A message with this id is unanswered.', 'Use a fresh id for each message.');
  }

  private connect(): void {
    this.connection?.close();
    const connection: Connection = new Connection(this.settings, this.address, {
      arrived: (bytes) => this.arrived(bytes),
      changed: (renewed) => this.changed(connection, renewed),
      failed: (error) =>
        this.endAll(
          new ClientError(
            'input_output',
            `The socket to ${this.address} cannot be read.`,
            'See the cause.',
            error,
          ),
        ),
    });
    this.connection = connection;
    this.madeForPending = true;
  }

  private disconnect(): void {
    this.connection?.close();
    this.connection = undefined;
  }

  private arrived(bytes: Uint8Array): void {
    this.lastArrival = performance.now();
    this.wakefulness.answered(this.lastArrival);
    let answer: Given;
    try {
      answer = unpack(this.conversation, bytes);
    } catch (error) {
      const known = error instanceof ClientError;
      return this.endAll(known ? error : notAnAnswer(`it cannot be read (${error})`));
    }
    this.take(answer);
  }

  /** An answer that came before the connection's end counts, so what has come is taken first. */
  private changed(connection: Connection, renewed: boolean): void {
    if (connection.trouble === 'none' || connection.trouble === 'lost') return this.judge(renewed);
    setImmediate(() => connection === this.connection && this.judge(renewed));
  }

  /** Looks at how the connection stands. */
  private judge(renewed: boolean): void {
    const { connection } = this;
    if (connection === undefined || this.pending.size === 0) return;
    const { trouble } = connection;
    if (trouble === 'denied' && !this.madeForPending) return this.askAgainToGetIn();
    const isHopeless =
      trouble === 'denied' ||
      (!this.settings.waitForDaemon && (trouble === 'refused' || trouble === 'handshake'));
    if (isHopeless) return this.endAll(unanswered(trouble, this.address));
    if (renewed) this.sendAllAgain(connection.lostAt);
  }

  private end(pending: Pending<Given>, answer: Given | ClientError): void {
    const { posting } = pending;
    this.pending.delete(posting.ticket);
    // Nobody reads the bytes any more if each sending of them was answered.
    if (pending.answers >= pending.sendings) posting.bytes.fill(0);
    posting.ended(answer);
  }

  /** Whatever is answered to one sending, another may have been done. */
  private inDoubt(pending: Pending<Given>): boolean {
    return this.conversation.acts && pending.answers < pending.sendings;
  }

  private endWithout(pending: Pending<Given>, error: ClientError): void {
    const refusedOnce = pending.newestCode !== 'ok' && this.inDoubt(pending);
    this.end(pending, refusedOnce ? notKnown(pending.newestCode, this.address) : error);
  }

  private take(answer: Given): void {
    const ticket = this.conversation.ticketOf(answer);
    let pending = this.pending.get(ticket);
    // A message the daemon could not read is answered with id zero.
    if (pending === undefined && noTicket.has(ticket) && this.pending.size === 1)
      [pending] = this.pending.values();
    // An answer nobody waits for: the second one to a message that was sent twice.
    if (pending === undefined) return;
    ++pending.answers;
    const { code } = answer;
    const doubtful = resendingOf(code) !== 'final' && this.inDoubt(pending);
    if (doubtful || this.conversation.isSentAgain(code)) {
      pending.newestCode = code;
      const again = this.lastArrival + Math.max(pending.pause, answer.retryAfterMs);
      pending.pause = Math.min(2 * pending.pause, pauseMaxMs);
      if (again < pending.deadline) {
        pending.putOff = true;
        pending.attemptEnds = again;
        return this.checkBy(again);
      }
    }
    this.end(pending, doubtful ? notKnown(code, this.address) : answer);
  }

  private endAll(error: ClientError): void {
    this.disconnect();
    for (const pending of [...this.pending.values()]) this.endWithout(pending, error);
  }

  /**
   * The no may be old, and whom it was said to an operator since. A socket that was refused stays
   * so; a new one asks anew.
   */
  private askAgainToGetIn(): void {
    this.connect();
    for (const pending of [...this.pending.values()])
      if (!pending.posting.repeatable) this.end(pending, unanswered('lost', this.address));
    this.sendAllAgain();
  }

  /** Ends what is out of time; sends again what has waited long enough. */
  private checkTimes(): void {
    const now = performance.now();
    const all = [...this.pending.values()];
    const mayReconnect = all.every(({ posting }) => posting.repeatable);
    const again: Pending<Given>[] = [];
    const over: Pending<Given>[] = [];
    let silent = false;
    for (const pending of all) {
      if (now >= pending.deadline) {
        over.push(pending);
      } else if (now >= pending.attemptEnds) {
        if (!pending.posting.repeatable && !pending.putOff) {
          pending.attemptEnds = pending.deadline;
          continue;
        }
        silent ||= !pending.putOff && this.lastArrival < pending.sent;
        again.push(pending);
      }
    }
    const unheard = over.some(({ sent }) => this.lastArrival < sent);
    const error = unanswered(this.connection?.trouble ?? 'none', this.address);
    for (const { posting } of over) this.pending.delete(posting.ticket);
    if (silent && mayReconnect) {
      // Nothing came back since: a fresh socket, and everything that was lost with the old one.
      this.connect();
      this.sendAllAgain();
    } else {
      for (const pending of again) this.sendNow(pending, now);
      this.findNextCheck();
    }
    // Whatever is wrong with it, the next message gets a fresh one.
    if (unheard && this.pending.size === 0) this.disconnect();
    for (const pending of over) this.endWithout(pending, error);
  }

  /** What was under way when the connection ended is lost. What is put off keeps its time. */
  private sendAllAgain(lostAt = Infinity): void {
    const now = performance.now();
    for (const pending of this.pending.values())
      if (pending.posting.repeatable && !pending.putOff && pending.sent <= lostAt)
        this.sendNow(pending, now);
    this.findNextCheck();
  }

  private sendNow(pending: Pending<Given>, now: number): void {
    pending.sent = now;
    pending.putOff = false;
    ++pending.sendings;
    pending.attemptEnds = Math.min(now + pending.attemptMs, pending.deadline);
    const { posting } = pending;
    this.connection?.send(posting.bytes, () => {
      // A full queue: cancelled messages wait in it too. This one was not sent, whatever it is.
      --pending.sendings;
      if (this.pending.get(posting.ticket) !== pending) return;
      pending.putOff = true;
      pending.attemptEnds = Math.min(performance.now() + pauseMaxMs, pending.deadline);
      this.checkBy(pending.attemptEnds);
    });
  }

  private findNextCheck(): void {
    let next = Infinity;
    for (const { attemptEnds } of this.pending.values()) next = Math.min(next, attemptEnds);
    this.checkAt = Infinity;
    this.checkBy(next);
  }

  /** One timer, for the next time that is to come. */
  private checkBy(time: number): void {
    if (time >= this.checkAt) return;
    this.checkAt = time;
    clearTimeout(this.timer);
    // A longer time than timers take is looked at in between.
    const wait = Math.min(Math.max(0, Math.ceil(time - performance.now())), 2 ** 31 - 1);
    this.timer = setTimeout(() => {
      this.checkAt = Infinity;
      if (this.pending.size > 0) this.checkTimes();
    }, wait);
    this.timer.unref();
  }
}
