// Pages of records, one after the other, each checked for gaps.
import { ClientError } from './errors.js';
import { readRecords } from './gate.js';
import type { GetRecords, HistoryPage, JournalRecord, RecordPage } from './generated/schema.js';

/** A page of a followed history, and the records in it. */
export interface Followed {
  readonly page: RecordPage;
  readonly records: readonly JournalRecord[];
}

/** With a filter, seqs only rise; without one, none is missing. */
function withoutGap(wanted: GetRecords, page: RecordPage, records: JournalRecord[]): boolean {
  const { tenant, user, userId, operatorName, kind, fromTimeNs } = wanted;
  const filtered = Boolean(tenant || user || userId || operatorName || kind || fromTimeNs);
  let next = wanted.fromSeq || 1n;
  for (const { seq } of records) {
    if (filtered ? seq < next : seq !== next) return false;
    next = seq + 1n;
  }
  return filtered ? page.nextSeq >= next : page.nextSeq === next;
}

export class Follower {
  private wanted: GetRecords;

  constructor(wanted: GetRecords) {
    this.wanted = { ...wanted };
  }

  next(): GetRecords {
    return { ...this.wanted };
  }

  /** Of a page whose code is `ok`; after an error `next` asks for the same again. */
  take({ body }: HistoryPage): Followed {
    if (body?.type !== 'RecordPage')
      throw new ClientError(
        'protocol',
        'The daemon answered a request for records with something else.',
        'Check that its version fits this client.',
      );
    const records = readRecords(body);
    if (!withoutGap(this.wanted, body, records))
      throw new ClientError(
        'protocol',
        `Records are missing after seq ${this.wanted.fromSeq ?? 0n} in what the daemon sent.`,
        'Have the journal verified; do not rely on this history.',
      );
    this.wanted = { ...this.wanted, fromSeq: body.nextSeq };
    return { page: body, records };
  }
}
