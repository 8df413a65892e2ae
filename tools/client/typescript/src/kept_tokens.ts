// Session tokens kept in the place of credentials that were verified, in memory alone. An entry is
// named by a hash of its credential under a key of this object's own, so a credential is not kept,
// and only who has it finds its token. Limits: half of `countMax` at least; when full, those not
// met for longest go.
import { createHmac, randomBytes } from 'node:crypto';

import type { Answer, Credential, Query } from './generated/schema.js';

/** A prolonged session ends at least so much later than before. */
const prolongedLeastMs = 1_000;

/** Whose credential: what is known of it without asking. A key tells no username. */
export interface Owner {
  readonly tenant: string;
  readonly username: string;
}

export interface KeptToken {
  readonly owner: Owner;
  token: string;
  ends: number;
  /** When half of its time is over, if a renewal still prolongs it. */
  renewAt: number;
  renewing: boolean;
}

/** Without regard to the case of A to Z, as usernames are. */
export function sameUsername(left: string, right: string): boolean {
  const folded = (text: string) => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  return folded(left) === folded(right);
}

function authenticatedIn(answer: Answer) {
  if (answer.body?.type !== 'Authenticated') throw new TypeError('there is no token in it');
  return answer.body;
}

function lifetimeMs(answer: Answer): number {
  return Number(authenticatedIn(answer).expiresNs - answer.timeNs) / 1e6;
}

export class KeptTokens {
  private readonly key = randomBytes(32);
  private newer = new Map<string, KeptToken>();
  private older = new Map<string, KeptToken>();
  private readonly halfMax: number;

  constructor(countMax = 65_536) {
    this.halfMax = Math.max(1, Math.floor(countMax / 2));
  }

  get size(): number {
    return this.newer.size + this.older.size;
  }

  /**
   * Of a password or a key, for calls that come as this one does: from elsewhere the daemon is to
   * look at the credential again.
   */
  nameOf({ tenant, call }: Query, credential: Credential): string {
    const hash = createHmac('sha256', this.key);
    // With its length before it, so that no two lists of parts are the same bytes.
    const add = (part: string) => hash.update(`${Buffer.byteLength(part)}:${part}`);
    add(credential.type);
    add(tenant ?? '');
    if (call !== undefined) {
      add(call.channel ?? 'program');
      add(call.address ?? '');
      add(call.tls === true ? 'tls' : '');
    }
    if (credential.type === 'PasswordCredential') {
      add(credential.username ?? '');
      add(credential.password ?? '');
    }
    if (credential.type === 'KeyCredential') add(credential.key ?? '');
    return hash.digest('base64');
  }

  /** undefined: none, or its time is over. */
  find(name: string, now: number): KeptToken | undefined {
    let kept = this.newer.get(name);
    if (kept === undefined) {
      kept = this.older.get(name);
      if (kept === undefined) return undefined;
      this.older.delete(name);
      this.age();
      this.newer.set(name, kept);
    }
    if (kept.ends > now) return kept;
    this.newer.delete(name);
    return undefined;
  }

  /** Takes the answer's token, valid as long as the answer says from its own time on. */
  keep(name: string, owner: Owner, answer: Answer, now: number): void {
    this.drop(name);
    this.age();
    const lifetime = lifetimeMs(answer);
    this.newer.set(name, {
      owner,
      token: authenticatedIn(answer).token,
      ends: now + lifetime,
      renewAt: now + lifetime / 2,
      renewing: false,
    });
  }

  renew(kept: KeptToken, answer: Answer, now: number): void {
    const lifetime = lifetimeMs(answer);
    const ends = now + lifetime;
    // At the session's own end nothing prolongs it any more.
    kept.renewAt = ends > kept.ends + prolongedLeastMs ? now + lifetime / 2 : Infinity;
    kept.ends = ends;
    kept.token = authenticatedIn(answer).token;
  }

  drop(name: string): void {
    this.newer.delete(name);
    this.older.delete(name);
  }

  /** Whatever password or spelling of the name it was got with. */
  dropUser(tenant: string, username: string): void {
    for (const half of [this.newer, this.older])
      for (const [name, { owner }] of half)
        if (owner.tenant === tenant && sameUsername(owner.username, username)) half.delete(name);
  }

  /** Makes room in the newer half. */
  private age(): void {
    if (this.newer.size < this.halfMax) return;
    this.older = this.newer;
    this.newer = new Map();
  }
}
