// Questions on their way, and how tokens take the place of passwords and keys. A token that is
// refused because it or its user has been stopped is forgotten, and the question is asked once more
// with its credential, so that a caller is told what its credential is worth and nothing of a token
// it never saw.
import { ClientError } from './errors.js';
import { carriesPassword, credentialOf, packQuery, queryConversation } from './gate.js';
import type { Answer, Code, CommandMessage, Credential, Query } from './generated/schema.js';
import type { GuardedHistory, Ids } from './guarded_history.js';
import { KeptTokens, sameUsername, type Owner } from './kept_tokens.js';
import { Lane } from './lane.js';
import type { Settings } from './options.js';

type Ended = (answer: Answer | ClientError) => void;

/** A question that carries a password or key, or would. */
interface Underway {
  /** The id that the caller knows. */
  readonly shown: bigint;
  readonly name: string;
  readonly owner: Owner;
  byToken: boolean;
  /** With its credential, while a token stands for it. */
  readonly question: Query;
  readonly begun: number;
}

/** One question of a caller. */
interface Flight {
  /** The id on the wire; undefined: its checkpoint is being examined, or it was cancelled. */
  wire: bigint | undefined;
  cancelled: boolean;
  readonly timeoutMs: number | undefined;
  readonly ended: Ended;
}

/**
 * What stops a token before its question. The caller sent a password or key, and is told what a
 * client is told that keeps none.
 */
const stops: ReadonlySet<Code> = new Set<Code>([
  'invalid_credentials',
  'session_expired',
  'credential_expired',
  'tenant_unknown',
  'tenant_disabled',
  'interactive_not_allowed',
  'user_locked',
  'user_not_active',
  'api_access_not_allowed',
  'network_not_allowed',
  'tls_required',
]);

/** What became of the credential; undefined: the answer does not say. */
function verdictOf({ code, body }: Answer): Code | undefined {
  if (code !== 'ok') return undefined;
  if (body?.type === 'Authenticated') return body.reason;
  return body?.type === 'Checked' ? body.decisions[0]?.reason : undefined;
}

/** After a renaming a session is of a user that the caller did not name. */
function isOfAnother({ body }: Answer, username: string): boolean {
  if (body?.type !== 'Authenticated' || !body.allowed || username === '') return false;
  return !sameUsername(body.username, username);
}

function givesToken({ code, body, timeNs }: Answer): boolean {
  if (code !== 'ok' || body?.type !== 'Authenticated') return false;
  return body.allowed && body.token !== '' && body.expiresNs > timeNs;
}

function withCredential(query: Query, credential: Credential): Query {
  const { body } = query;
  if (body?.type !== 'Authenticate' && body?.type !== 'Check') return query;
  return { ...query, body: { ...body, credential } };
}

export class Asking {
  private readonly lane: Lane<Answer>;
  private readonly kept: KeptTokens | undefined;
  private readonly flights = new Map<bigint, Flight>();

  /** `history` judges the checkpoint that a status brings. */
  constructor(
    settings: Settings,
    private readonly history: GuardedHistory,
    private readonly ids: Ids,
  ) {
    this.lane = new Lane(settings, settings.queries ?? '', queryConversation);
    this.kept = settings.keepTokens ? new KeptTokens() : undefined;
  }

  get inFlight(): number {
    return this.flights.size;
  }

  /** Gives the id. Throws a ClientError if it cannot be begun. */
  send(query: Query, timeoutMs: number | undefined, ended: Ended): bigint {
    const flight: Flight = { wire: undefined, cancelled: false, timeoutMs, ended };
    const credential = credentialOf(query);
    const declines = query.body?.type === 'Authenticate' && query.body.declineToken === true;
    const mayKeep =
      credential?.type === 'PasswordCredential' || credential?.type === 'KeyCredential';
    const id = this.ids.next();
    if (this.kept === undefined || !mayKeep || declines)
      this.post(query, flight, id, 0, (answer) => this.end(id, answer));
    else this.sendKept(query, credential, flight, id, this.kept);
    this.flights.set(id, flight);
    return id;
  }

  cancel(id: bigint): boolean {
    const flight = this.flights.get(id);
    if (flight === undefined) return false;
    this.flights.delete(id);
    flight.cancelled = true;
    if (flight.wire !== undefined) this.lane.cancel(flight.wire);
    return true;
  }

  /** A new password was sent: what the older ones had got is not used any more. */
  forgetChanged(message: CommandMessage): void {
    for (const { body, user } of message.commands ?? []) {
      const { type } = body ?? {};
      if (type === 'ChangePassword' || type === 'ResetPassword' || type === 'RotatePassword')
        this.kept?.dropUser(message.tenant ?? '', user ?? '');
    }
  }

  close(error: (acts: boolean) => ClientError): void {
    this.lane.close(error);
  }

  private post(query: Query, flight: Flight | undefined, id: bigint, spent: number, ended: Ended) {
    const asked = { ...query, id };
    this.lane.send({
      ticket: id,
      bytes: packQuery(asked),
      repeatable: !carriesPassword(asked),
      timeoutMs: flight?.timeoutMs,
      extraMs: query.waitMs ?? 0,
      spentMs: spent,
      ended,
    });
    if (flight !== undefined) flight.wire = id;
  }

  private sendKept(
    query: Query,
    credential: Credential & { type: 'PasswordCredential' | 'KeyCredential' },
    flight: Flight,
    id: bigint,
    kept: KeptTokens,
  ): void {
    const begun = performance.now();
    const name = kept.nameOf(query, credential);
    const found = kept.find(name, begun);
    const isPassword = credential.type === 'PasswordCredential';
    const one: Underway = {
      shown: id,
      name,
      owner: {
        tenant: query.tenant ?? '',
        username: isPassword ? (credential.username ?? '') : '',
      },
      byToken: found !== undefined,
      question: query,
      begun,
    };
    let asked = query;
    if (found !== undefined) {
      // Whose the key must be, its session must be.
      const named = !isPassword && credential.username !== undefined;
      const owner = named ? { username: credential.username as string } : {};
      asked = withCredential(query, { type: 'TokenCredential', token: found.token, ...owner });
    }
    this.post(asked, flight, id, 0, (answer) => this.settle(one, flight, kept, answer));
    if (found !== undefined && found.renewAt <= begun && !found.renewing) this.renew(name, kept);
  }

  /** Behind the question, so that it costs the question nothing. */
  private renew(name: string, kept: KeptTokens): void {
    const found = kept.find(name, performance.now());
    if (found === undefined) return;
    const query: Query = { body: { type: 'RenewSession', token: found.token } };
    try {
      this.post(query, undefined, this.ids.next(), 0, (answer) =>
        this.learnRenewal(name, kept, answer),
      );
      found.renewing = true;
    } catch (error) {
      // As many as may be are unanswered: the next question tries again.
      if (!(error instanceof ClientError)) throw error;
    }
  }

  private learnRenewal(name: string, kept: KeptTokens, answer: Answer | ClientError): void {
    const now = performance.now();
    const found = kept.find(name, now);
    if (found === undefined) return;
    found.renewing = false;
    if (answer instanceof ClientError || answer.code !== 'ok') return;
    if (!givesToken(answer) || isOfAnother(answer, found.owner.username)) kept.drop(name);
    else kept.renew(found, answer, now);
  }

  private settle(one: Underway, flight: Flight, kept: KeptTokens, answer: Answer | ClientError) {
    if (answer instanceof ClientError) return this.end(one.shown, answer);
    const verdict = verdictOf(answer);
    const refused =
      verdict !== undefined && (stops.has(verdict) || isOfAnother(answer, one.owner.username));
    if (one.byToken && refused) return this.askWithCredential(one, flight, kept);
    this.learn(one, kept, answer);
    this.end(one.shown, { ...answer, id: one.shown });
  }

  private askWithCredential(one: Underway, flight: Flight, kept: KeptTokens): void {
    kept.drop(one.name);
    if (flight.cancelled) return;
    one.byToken = false;
    try {
      this.post(one.question, flight, this.ids.next(), performance.now() - one.begun, (answer) =>
        this.settle(one, flight, kept, answer),
      );
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      this.end(one.shown, error);
    }
  }

  private learn(one: Underway, kept: KeptTokens, answer: Answer): void {
    const { body } = answer;
    const now = performance.now();
    if (one.byToken) {
      // Who authenticates is given the token, whether it is a new one or not.
      const found = kept.find(one.name, now);
      if (body?.type === 'Authenticated' && body.allowed && found !== undefined)
        body.token = found.token;
      return;
    }
    // The next right password is to clear the count of the wrong ones.
    if (verdictOf(answer) === 'invalid_credentials' && one.owner.username !== '')
      kept.dropUser(one.owner.tenant, one.owner.username);
    if (givesToken(answer)) kept.keep(one.name, one.owner, answer, now);
  }

  /**
   * A status brings a checkpoint, which must agree with what is remembered. Whoever reaches the
   * queries alone is told the status, and remembers nothing new.
   */
  private end(id: bigint, answer: Answer | ClientError): void {
    const flight = this.flights.get(id);
    if (flight === undefined) return;
    flight.wire = undefined;
    const finish = (result: Answer | ClientError) => {
      if (this.flights.delete(id)) flight.ended(result);
    };
    if (answer instanceof ClientError || answer.body?.type !== 'Status') return finish(answer);
    void this.history
      .examine(answer.body.checkpoint)
      .then((wrong) =>
        finish(wrong === undefined || wrong.kind === 'unreachable' ? answer : wrong),
      );
  }
}
