// History requests on their way. A checkpoint that an answer brings is held against what is
// remembered before the caller is told of the answer; what that takes is asked here too. Each
// request that is not cancelled ends exactly once.
import type { Checkpoint } from './checkpoint.js';
import { ClientError } from './errors.js';
import { historyConversation, packRequest } from './gate.js';
import type { HistoryBody, HistoryPage, HistoryRequest } from './generated/schema.js';
import { HistoryGuard } from './history_guard.js';
import { Lane } from './lane.js';
import type { Settings } from './options.js';

/** Ids of questions and requests of one client, so that an id names one or the other. */
export class Ids {
  private last = 0n;

  next(): bigint {
    return ++this.last;
  }
}

type Ended = (page: HistoryPage | ClientError) => void;

/** What a request grants the daemon beside the timeout. */
export function waitOf({ waitMs, body }: HistoryRequest): number {
  const follows =
    body?.type === 'GetRecords' || body?.type === 'ListCalls' || body?.type === 'GetAccess';
  return (waitMs ?? 0) + (follows ? (body.waitMs ?? 0) : 0);
}

export class GuardedHistory {
  private readonly lane: Lane<HistoryPage>;
  private readonly guard: HistoryGuard;
  private readonly flights = new Map<bigint, Ended>();

  constructor(
    settings: Settings,
    private readonly ids: Ids,
  ) {
    this.lane = new Lane(settings, settings.history ?? '', historyConversation);
    this.guard = new HistoryGuard(settings.checkpointFile, settings.verifierKey, (body) =>
      this.ask(body),
    );
  }

  get inFlight(): number {
    return this.flights.size;
  }

  /** Gives the id. Throws a ClientError if it cannot be begun. */
  send(request: HistoryRequest, timeoutMs: number | undefined, ended: Ended): bigint {
    const id = this.ids.next();
    this.post(request, id, timeoutMs, (page) => this.settle(id, page));
    this.flights.set(id, ended);
    return id;
  }

  cancel(id: bigint): boolean {
    this.lane.cancel(id);
    return this.flights.delete(id);
  }

  /** Gives what is wrong with a checkpoint that came along. */
  async examine(note: string): Promise<ClientError | undefined> {
    try {
      await this.guard.observe(note);
      return undefined;
    } catch (error) {
      if (error instanceof ClientError) return error;
      throw error;
    }
  }

  check(): Promise<Checkpoint> {
    return this.guard.check();
  }

  close(error: (acts: boolean) => ClientError): void {
    this.lane.close(error);
  }

  private post(request: HistoryRequest, id: bigint, timeoutMs: number | undefined, ended: Ended) {
    this.lane.send({
      ticket: id,
      bytes: packRequest({ ...request, id }),
      repeatable: true,
      timeoutMs,
      extraMs: waitOf(request),
      ended,
    });
  }

  /** What the guard itself asks. */
  private ask(body: HistoryBody): Promise<HistoryPage> {
    return new Promise((resolve, reject) => {
      this.post({ body }, this.ids.next(), undefined, (page) =>
        page instanceof ClientError ? reject(page) : resolve(page),
      );
    });
  }

  private settle(id: bigint, page: HistoryPage | ClientError): void {
    const ended = this.flights.get(id);
    if (ended === undefined) return;
    const finish = (result: HistoryPage | ClientError) => {
      if (this.flights.delete(id)) ended(result);
    };
    if (page instanceof ClientError) return finish(page);
    const { body } = page;
    if (body?.type !== 'RecordPage' && body?.type !== 'AccessPage') return finish(page);
    void this.examine(body.checkpoint).then((wrong) => finish(wrong ?? page));
  }
}
