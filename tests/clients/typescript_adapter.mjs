// The TypeScript client behind lines of JSON: README.md says which.
//
// node typescript_adapter.mjs PACKAGE, the folder of the installed package.
import { createInterface } from 'node:readline';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const folder = resolve(process.argv[2]);
const load = (file) => import(pathToFileURL(join(folder, 'dist', file)).href);
const postern = await load('index.js');
const { tableNamed } = await load('layout.js');

// ---- messages as flatc --json writes them, and as the client takes them

function valueIn(kind, json) {
  switch (kind.is) {
    case 'table':
      return tableIn(kind.table, json);
    case 'list':
      return json.map((one) => valueIn(kind.of, one));
    case 'bytes':
      return Uint8Array.from(json);
    case 'enum':
      return typeof json === 'number' ? kind.values.nameOf(json) : json;
    case 'scalar':
      return kind.scalar === 'i64' || kind.scalar === 'u64' ? BigInt(json) : json;
    default:
      return json;
  }
}

function tableIn(table, json) {
  const value = {};
  for (const [name, part] of Object.entries(json)) {
    if (name.endsWith('_type') && name.slice(0, -5) in json) continue;
    const field = table.fields.find(({ schemaName }) => schemaName === name);
    if (field === undefined) throw new TypeError(`${table.name} has no field ${name}`);
    if (field.kind.is === 'union') {
      const type = json[`${name}_type`];
      value[field.name] = { type, ...tableIn(tableNamed(type), part) };
    } else {
      value[field.name] = valueIn(field.kind, part);
    }
  }
  return value;
}

function valueOut(kind, value) {
  switch (kind.is) {
    case 'table':
      return tableOut(kind.table, value);
    case 'list':
      return value.map((one) => valueOut(kind.of, one));
    case 'bytes':
      return [...value];
    case 'enum':
      return value.startsWith('unknown_') ? Number(value.slice(8)) : value;
    case 'scalar':
      return typeof value === 'bigint' ? value.toString() : value;
    default:
      return value;
  }
}

function tableOut(table, value) {
  const json = {};
  for (const field of table.fields) {
    const part = value[field.name];
    if (part === undefined) continue;
    if (field.kind.is === 'union') {
      json[`${field.schemaName}_type`] = part.type;
      json[field.schemaName] = tableOut(tableNamed(part.type), part);
    } else {
      json[field.schemaName] = valueOut(field.kind, part);
    }
  }
  return json;
}

// ---- what is told

function tell(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function errorOut(error) {
  if (!(error instanceof postern.ClientError)) throw error;
  return {
    kind: error.kind,
    number: error.exitCode,
    sentence: error.message,
    remedy: error.remedy,
  };
}

const kinds = { receipt: 'Receipt', answer: 'Answer', page: 'HistoryPage' };

class Session {
  constructor(options) {
    this.client = new postern.Client(options);
    this.cancels = new Map();
  }

  /** What is ended by `close` or by a cancelling is not told. */
  async report(name, part, ended) {
    let line;
    try {
      line = { ended: name, [part]: tableOut(tableNamed(kinds[part]), await ended) };
    } catch (error) {
      if (error instanceof postern.RefusedError)
        line = { ended: name, [part]: tableOut(tableNamed(kinds[part]), error.answer) };
      else if (error.name === 'AbortError') return;
      else line = { ended: name, error: errorOut(error) };
    }
    this.end(name, line);
  }

  end(name, line) {
    this.cancels.delete(name);
    if (!this.closed) tell(line);
  }

  begin(name, line) {
    const { client } = this;
    let begun;
    let part;
    if (line.command !== undefined) {
      begun = client.beginCommands(tableIn(tableNamed('CommandMessage'), line.command));
      part = 'receipt';
    } else if (line.question !== undefined) {
      begun = client.beginQuestion(tableIn(tableNamed('Query'), line.question));
      part = 'answer';
    } else if (line.request !== undefined) {
      begun = client.beginRequest(tableIn(tableNamed('HistoryRequest'), line.request));
      part = 'page';
    } else {
      return this.beginLong(name, line);
    }
    this.cancels.set(name, () => begun.cancel());
    void this.report(name, part, begun.ended);
    return { id: begun.id.toString() };
  }

  beginLong(name, line) {
    const stop = new AbortController();
    this.cancels.set(name, () => {
      stop.abort();
      return true;
    });
    const { signal } = stop;
    if (line.follow !== undefined) {
      void this.follow(name, tableIn(tableNamed('GetRecords'), line.follow), signal);
    } else {
      const checked = this.client.checkHistory({ signal }).then(
        ({ origin, size }) => ({ ended: name, checkpoint: { origin, size: size.toString() } }),
        (error) =>
          error.name === 'AbortError' ? undefined : { ended: name, error: errorOut(error) },
      );
      void checked.then((told) => told && this.end(name, told));
    }
    return {};
  }

  async follow(name, wanted, signal) {
    const pages = async () => {
      for await (const { page, records } of this.client.follow(wanted, { signal }))
        tell({
          page_of: name,
          seqs: records.map(({ seq }) => seq.toString()),
          next_seq: page.nextSeq.toString(),
        });
    };
    await this.report(name, 'page', pages());
  }

  cancel(name) {
    const cancel = this.cancels.get(name);
    this.cancels.delete(name);
    return cancel?.() ?? false;
  }

  close() {
    this.closed = true;
    this.client.close();
  }
}

function optionsIn(json) {
  const keys = json.public_key && json.secret_key;
  return {
    commands: json.commands,
    queries: json.queries,
    history: json.history,
    serverKey: json.server_key,
    keys: keys ? { publicKey: json.public_key, secretKey: json.secret_key } : undefined,
    signingSeed: json.signing_seed && postern.parseKey(json.signing_seed),
    timeoutMs: json.timeout_ms,
    retries: json.retries,
    waitForDaemon: json.wait_for_daemon,
    inFlightMax: json.in_flight_max,
    keepTokens: json.keep_tokens,
    checkpointFile: json.checkpoint_file,
    verifierKey: json.verifier_key,
  };
}

let session;

const verbs = {
  open({ options }) {
    session?.close();
    session = undefined;
    session = new Session(optionsIn(options));
    return {};
  },
  send: (line) => session.begin(line.name, line),
  cancel: ({ name }) => ({ gives: session.cancel(name) }),
  code({ of }) {
    return postern.codeTexts[of];
  },
};

for await (const text of createInterface({ input: process.stdin })) {
  const line = JSON.parse(text);
  let told;
  try {
    told = verbs[line.do](line);
  } catch (error) {
    told = { error: errorOut(error) };
  }
  tell({ did: line.do, ...told });
}
session?.close();
