// The TypeScript client beside the list of behaviours: what its generated code must get right, what
// a caller may get wrong, what a stranger may send.
//
// POSTERN_PACKAGE=FOLDER POSTERN_DATA=FOLDER node --test typescript_client_tests.mjs
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';

const load = (file) => import(pathToFileURL(join(process.env.POSTERN_PACKAGE, 'dist', file)).href);
const postern = await load('index.js');
const { Client, ClientError, RefusedError } = postern;
const { Reader } = await load('reader.js');
const { Writer } = await load('writer.js');
const { tableNamed } = await load('layout.js');
const { packCommands, packQuery, queryConversation, unpack } = await load('gate.js');
const { waitOf } = await load('guarded_history.js');
const { KeptTokens } = await load('kept_tokens.js');
const schema = await load('generated/schema.js');

let client;
let seq = 0n;

before(async () => {
  client = new Client(await postern.readOptions(process.env.POSTERN_DATA));
  await execute({ commands: [{ body: { type: 'CreateTenant', alias: 'traps' } }] });
});

after(() => client.close());

async function execute(message) {
  const receipt = await client.execute({ tenant: 'traps', ...message });
  ({ seq } = receipt);
  return receipt;
}

function user(username) {
  const body = { type: 'GetUser', tenant: 'traps', username };
  return client.history({ body, atLeastSeq: seq, waitMs: 5_000 }).then((page) => page.body);
}

const usage = (text) => (error) =>
  error instanceof ClientError && error.kind === 'usage' && error.message.includes(text);

// ---- what is in an object arrives

test('false is off, where absent is as the policy says', async () => {
  await execute({
    commands: [
      { body: { type: 'CreateUser', username: 'off', apiAccess: false } },
      { body: { type: 'CreateUser', username: 'as_the_policy_says' } },
    ],
  });
  assert.equal((await user('off')).security.apiAccess, false);
  assert.equal((await user('as_the_policy_says')).security.apiAccess, true);
});

test('false and 0 change settings', async () => {
  const set = (settings) =>
    execute({ commands: [{ user: 'settings', body: { type: 'SetUserSettings', ...settings } }] });
  await execute({ commands: [{ body: { type: 'CreateUser', username: 'settings' } }] });
  await set({ secureTransportRequired: true, sessionTimeoutSeconds: 600, apiLogging: true });
  await set({ secureTransportRequired: false, sessionTimeoutSeconds: 0 });
  const { settings } = (await user('settings')).details;
  assert.equal(settings.secureTransportRequired, false);
  assert.equal(settings.sessionTimeoutSeconds, 0);
  assert.equal(settings.apiLogging, true);
});

test('a grant until the beginning of time allows nothing', async () => {
  await execute({
    commands: [
      { body: { type: 'CreateUser', username: 'late' } },
      {
        user: 'late',
        body: {
          type: 'AddGrant',
          effect: 'allow',
          action: 'read',
          resource: 'table/customer',
          conditions: { notAfterNs: 0n },
        },
      },
    ],
  });
  const credential = { type: 'NamedUser', username: 'late' };
  const around = { tenant: 'traps', credential, atLeastSeq: seq, waitMs: 5_000 };
  assert.equal(
    await client.check({ ...around, action: 'read', resource: 'table/customer' }),
    false,
  );
});

test('empty text clears, absent text stays', async () => {
  const profile = { firstName: 'Till', email: 'till@example.org' };
  await execute({ commands: [{ body: { type: 'CreateUser', username: 'named', profile } }] });
  await execute({
    commands: [{ user: 'named', body: { type: 'SetProfile', profile: { email: '' } } }],
  });
  const found = (await user('named')).details.profile;
  assert.equal(found.firstName, 'Till');
  assert.equal(found.email || '', '');
});

test('numbers of 64 bits keep all their bits', () => {
  const query = { id: 2n ** 64n - 1n, atLeastSeq: 2n ** 53n + 1n };
  const read = new Reader(packQuery(query), 100).root(tableNamed('Query'));
  assert.equal(read.id, 2n ** 64n - 1n);
  assert.equal(read.atLeastSeq, 2n ** 53n + 1n);
});

test('every table with every field comes back as it went', () => {
  for (const name of Object.keys(schema.tables)) {
    const value = filled(tableNamed(name), 3);
    assert.ok(!comparableText(value).includes(secret));
    const { bytes } = new Writer().pack(tableNamed(name), value, 'TEST');
    const read = new Reader(bytes, 100_000).root(tableNamed(name));
    assert.deepEqual(comparable(read), comparable(withAbsent(value, read)), name);
    assert.deepEqual(secretsIn(read), secretsIn(value), name);
  }
});

/** What was written, with what reading fills in where nothing was. */
function withAbsent(value, read) {
  if (Array.isArray(value)) return value.map((part, place) => withAbsent(part, read?.[place]));
  if (value === null || value?.constructor !== Object) return value;
  const whole = { ...read, ...value };
  for (const [name, part] of Object.entries(value)) whole[name] = withAbsent(part, read?.[name]);
  return whole;
}

function comparableText(value) {
  return JSON.stringify(value, (_, part) =>
    typeof part === 'bigint' ? `${part}n` : part instanceof Uint8Array ? [...part] : part,
  );
}

function comparable(value) {
  return JSON.parse(comparableText(value));
}

const secret = 'correct horse 1';

function filled(table, depth) {
  const value = {};
  for (const { name, kind, secret: isSecret } of table.fields) {
    const part = isSecret ? (kind.is === 'list' ? [secret] : secret) : sample(kind, depth);
    if (part === undefined) continue;
    // As the reader does it.
    Object.defineProperty(value, name, { value: part, enumerable: !isSecret, writable: true });
  }
  return value;
}

function secretsIn(value) {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return [];
  return Object.getOwnPropertyNames(value).flatMap((name) =>
    value[name] === secret ? [name] : secretsIn(value[name]),
  );
}

function sample(kind, depth) {
  switch (kind.is) {
    case 'scalar':
      return {
        bool: true,
        u8: 200,
        u16: 60_000,
        u32: 4_000_000_000,
        i64: -(2n ** 62n),
        u64: 2n ** 63n + 5n,
      }[kind.scalar];
    case 'enum':
      return [...kind.values.numbers.keys()].at(-1);
    case 'text':
      return 'Zoë — 日本 🔑';
    case 'bytes':
      return Uint8Array.of(0, 255, 7);
    case 'uuid':
      return '0190d6c8-8a51-7b3e-9c2f-00000000000f';
    case 'table':
      return depth > 0 ? filled(kind.table, depth - 1) : undefined;
    case 'union': {
      const member = kind.union.members.at(-1);
      return depth > 0 ? { type: member.name, ...filled(member, depth - 1) } : undefined;
    }
    case 'list': {
      const one = sample(kind.of, depth);
      return one === undefined ? undefined : [one, one];
    }
  }
  return undefined;
}

// ---- what a caller gets wrong is told at once, and nothing is sent

test('a name that is no field is refused, with the one that is meant', async () => {
  const body = { type: 'CreateUser', username: 'x', api_access: false };
  await assert.rejects(
    execute({ commands: [{ body }] }),
    (error) => usage("has no field 'api_access'")(error) && error.remedy.includes('apiAccess'),
  );
  const grant = {
    type: 'AddGrant',
    effect: 'allow',
    action: 'read',
    resource: 'table/customer',
    conditons: { notAfterNs: 1n },
  };
  await assert.rejects(execute({ commands: [{ user: 'x', body: grant }] }), usage('conditons'));
  const credential = { type: 'NamedUser', username: 'x' };
  await assert.rejects(
    client.check({ tennant: 'traps', credential, action: 'read', resource: 'table' }),
    usage('tennant'),
  );
  assert.throws(() => new Client({ querys: 'ipc:///nowhere' }), usage('querys'));
});

test('values that would be cut are refused', () => {
  const settings = (sessionTimeoutSeconds) =>
    packCommands({ commands: [{ body: { type: 'SetUserSettings', sessionTimeoutSeconds } }] });
  for (const wrong of [2 ** 32 + 60, -1, 1.5, NaN, '60', 60n, null])
    assert.throws(() => settings(wrong), usage('sessionTimeoutSeconds'), String(wrong));
  for (const wrong of [7, 2n ** 64n, -1n, '7'])
    assert.throws(() => packQuery({ atLeastSeq: wrong }), usage('atLeastSeq'), String(wrong));
  for (const wrong of [0, 'false', null])
    assert.throws(() => packCommands({ dryRun: wrong }), usage('dryRun'), String(wrong));
  assert.throws(() => packCommands({ id: '7' }), usage('id'));
  assert.throws(() => client.beginCommands({ id: 7n }), usage('id'));
  assert.throws(() => packCommands({ reason: 'half \ud83d' }), usage('half a character'));
  assert.throws(() => packQuery({ body: { type: 'Chek' } }), usage("'type'"));
  assert.throws(
    () => packCommands({ commands: [{ body: { type: 'AddGrant', effect: 'permit' } }] }),
    usage('Effect'),
  );
});

test('after a mistake the next message is whole', () => {
  const right = { tenant: 'traps', body: { type: 'GetStatus' } };
  const once = packQuery(right);
  assert.throws(() => packQuery({ call: { address: 7 } }), usage('address'));
  assert.throws(() => packQuery({ waitMs: 'long' }), usage('waitMs'));
  assert.deepEqual(packQuery(right), once);
});

test('what is wrong is told without a secret', () => {
  const secret = 'correct horse 1\ud83d';
  assert.throws(
    () => packCommands({ commands: [{ body: { type: 'ResetPassword', password: secret } }] }),
    (error) => !JSON.stringify([error.message, error.remedy]).includes('horse'),
  );
});

test('bytes of a secret are never shared with what is none', () => {
  const name = 'correct horse 1';
  const { secret, bytes } = new Writer().pack(
    tableNamed('CommandMessage'),
    {
      reason: name,
      commands: [
        { user: name, body: { type: 'ResetPassword', password: name, passwordConfirmation: name } },
      ],
    },
    'PSCM',
  );
  assert.equal(secret.length, 2);
  for (const [from, to] of secret) bytes.fill(0, from, to);
  const read = new Reader(bytes, 100).root(tableNamed('CommandMessage'));
  assert.equal(read.reason, name);
  assert.equal(read.commands[0].user, name);
  assert.equal(read.commands[0].body.password, '\0'.repeat(name.length));
});

test('every field that the schema marks as secret is one here', async () => {
  const marked = Object.entries(schema.tables).flatMap(([table, rows]) =>
    rows.filter((row) => row[4]?.includes('s')).map((row) => `${table}.${row[0]}`),
  );
  for (const name of [
    'PasswordCredential.password',
    'KeyCredential.key',
    'TokenCredential.token',
    'CreateUser.password',
    'ChangePassword.current_password',
    'RenewSession.token',
  ])
    assert.ok(marked.includes(name), name);
});

// ---- no answer is no denial

test('what was not answered throws, and a denial does not', async () => {
  const credential = { type: 'NamedUser', username: 'off' };
  const question = { tenant: 'traps', credential, action: 'read', resource: 'table/customer' };
  assert.equal(await client.check(question), false);
  await assert.rejects(
    client.check({ ...question, atLeastSeq: 2n ** 40n }),
    (error) => error instanceof RefusedError && error.code === 'not_yet' && error.remedy !== '',
  );
  const nowhere = { queries: 'ipc:///nowhere/queries', commands: 'ipc:///nowhere/commands' };
  const nobody = new Client({ ...nowhere, waitForDaemon: false });
  await assert.rejects(nobody.check(question), (error) => error.exitCode === 69);
  const { id, ended } = nobody.beginCommands({ commands: [] });
  await assert.rejects(ended, (error) => error.exitCode === 69 && error.commandId === id);
  nobody.close();
});

test('an aborted question throws the reason, an aborted command that it is not known', async () => {
  const reason = new Error('the caller went away');
  const stop = new AbortController();
  const asked = client.ask(
    { body: { type: 'GetStatus' }, atLeastSeq: 2n ** 40n, waitMs: 10_000 },
    { signal: stop.signal },
  );
  const sent = client.execute(
    { tenant: 'traps', commands: [{ body: { type: 'CreateUser', username: 'perhaps' } }] },
    { signal: stop.signal },
  );
  stop.abort(reason);
  await assert.rejects(asked, (error) => error === reason);
  let id;
  await assert.rejects(sent, (error) => {
    id = error.commandId;
    return error.kind === 'busy' && error.cause === reason;
  });
  const again = await execute({
    id,
    commands: [{ body: { type: 'CreateUser', username: 'perhaps' } }],
  });
  assert.equal(again.code, 'ok');
  await assert.rejects(
    client.status({ signal: AbortSignal.abort(reason) }),
    (error) => error === reason,
  );
});

test('a closed client ends what is under way, and begins nothing', async () => {
  const short = new Client(await postern.readOptions(process.env.POSTERN_DATA));
  const asked = short.ask({ body: { type: 'GetStatus' }, atLeastSeq: 2n ** 40n, waitMs: 10_000 });
  short.close();
  await assert.rejects(asked, (error) => error.kind === 'unreachable');
  await assert.rejects(short.status(), usage('closed'));
});

test('by tcp with the key of a file', async () => {
  const { POSTERN_DATA: data } = process.env;
  const owner = new Client(await postern.readOptions(data, join(data, 'owner.key')));
  assert.ok((await owner.status()).seq > 0n);
  owner.close();
});

test('neither a client nor an answer shows a secret in a log', async () => {
  const { POSTERN_DATA: data } = process.env;
  const options = await postern.readOptions(data, join(data, 'owner.key'));
  const owner = new Client(options);
  const shown = inspect(owner, { depth: 9, showHidden: true }) + JSON.stringify(owner);
  assert.ok(!shown.includes(options.keys.secretKey));
  owner.close();
  const receipt = await execute({
    commands: [
      { body: { type: 'CreateUser', username: 'keyed' } },
      { user: 'keyed', body: { type: 'CreateKey', name: 'first' } },
    ],
  });
  assert.match(receipt.secrets[0], /^pstk_[0-9A-Za-z]{94}$/);
  assert.ok(!(inspect(receipt, { depth: 9 }) + comparableText(receipt)).includes('pstk_'));
});

test('keys and their texts', () => {
  const { publicKey } = postern.makeKeyPair();
  assert.equal(postern.keyText(postern.parseKey(publicKey)), publicKey);
  assert.equal(postern.parseKey('short'), undefined);
  assert.equal(postern.parseKey('#'.repeat(40)), undefined);
  const { seed, publicKey: own } = postern.makeSigningKeyPair();
  assert.deepEqual([seed.length, own.length], [32, 32]);
  const der = generateKeyPairSync('ed25519').publicKey.export({ format: 'der', type: 'spki' });
  assert.equal(der.length - own.length, 12);
});

test('kept tokens are bounded, and found by their credential alone', () => {
  const kept = new KeptTokens(10);
  const answer = { timeNs: 0n, body: { type: 'Authenticated', token: 't', expiresNs: 10n ** 12n } };
  const name = (number, call) =>
    kept.nameOf(
      { tenant: 'acme', call },
      { type: 'PasswordCredential', username: 'anna', password: `${number}` },
    );
  for (let number = 0; number < 100; ++number)
    kept.keep(name(number), { tenant: 'acme', username: 'anna' }, answer, 0);
  assert.ok(kept.size <= 10);
  assert.equal(kept.find(name(99), 0).token, 't');
  assert.equal(kept.find(name(99, { address: '192.0.2.7' }), 0), undefined);
  assert.equal(kept.find(name(99), 1_000_001), undefined);
  kept.dropUser('acme', 'ANNA');
  assert.equal(kept.size, 0);
});

// ---- what a stranger sends

test('damaged bytes are no answer, and nothing worse', () => {
  const decision = {
    allowed: true,
    reason: 'ok',
    grant: {
      reference: { seq: 5n, index: 3 },
      effect: 'allow',
      action: 'read',
      resource: 'table/customer',
    },
  };
  const { bytes } = new Writer().pack(
    tableNamed('Answer'),
    {
      id: 7n,
      code: 'ok',
      body: {
        type: 'Checked',
        decisions: [decision, decision],
      },
    },
    'PSAN',
  );
  let random = 1;
  const next = (below) => {
    random = (random * 48_271) % 2_147_483_647;
    return random % below;
  };
  let refused = 0;
  for (let round = 0; round < 20_000; ++round) {
    const damaged = Buffer.from(bytes.subarray(0, bytes.length - next(8) * next(30)));
    for (let count = 1 + next(4); count > 0; --count) damaged[next(damaged.length)] = next(256);
    try {
      unpack(queryConversation, damaged);
    } catch (error) {
      assert.ok(error instanceof ClientError && error.kind === 'protocol', `${round}: ${error}`);
      ++refused;
    }
  }
  assert.ok(refused > 1_000);
});

test('text that is longer than its message is damaged', () => {
  for (const address of ['192.0.2.7', 'x'.repeat(100)]) {
    const bytes = packQuery({ call: { address } });
    const place = bytes.indexOf(address) - 4;
    assert.equal(bytes.readUInt32LE(place), address.length);
    bytes.writeUInt32LE(bytes.length - place - 4, place);
    new Reader(bytes, 100).root(tableNamed('Query'));
    bytes.writeUInt32LE(bytes.length - place - 3, place);
    assert.throws(() => new Reader(bytes, 100).root(tableNamed('Query')), /damaged/);
  }
});

test('a list of one table many times is as long as it says', () => {
  const table = tableNamed('UndoPlan');
  const commands = Array.from({ length: 100 }, (_, at) => ({ user: `u${at}` }));
  const { bytes } = new Writer().pack(table, { commands }, 'TEST');
  let list = 8;
  while (bytes.readUInt32LE(list) !== commands.length) list += 4;
  const first = list + 4 + bytes.readUInt32LE(list + 4);
  for (let at = list + 4; at <= list + 400; at += 4) bytes.writeUInt32LE(first - at, at);
  const read = new Reader(bytes, 101).root(table);
  assert.deepEqual(new Set(read.commands.map((command) => command.user)), new Set(['u0']));
  assert.throws(() => new Reader(bytes, 100).root(table), /damaged/);
});

test('values of a newer daemon have a name, and say no', () => {
  const { bytes } = new Writer().pack(
    tableNamed('Answer'),
    { id: 1n, code: 'unknown_999' },
    'PSAN',
  );
  const answer = unpack(queryConversation, bytes);
  assert.equal(answer.code, 'unknown_999');
  const error = new RefusedError(answer);
  assert.ok(error.message.includes('does not know') && error.remedy.includes('newer client'));
});

test('every request that waits is granted its time', () => {
  let waiting = 0;
  for (const type of schema.unions.HistoryBody) {
    const waits = tableNamed(type).names.has('waitMs');
    waiting += waits;
    const body = waits ? { type, waitMs: 7_000 } : { type };
    assert.equal(waitOf({ waitMs: 500, body }), waits ? 7_500 : 500, type);
  }
  assert.ok(waiting >= 3);
});
