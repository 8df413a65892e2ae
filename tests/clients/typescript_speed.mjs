// The same as client_speed.cpp, by the TypeScript client.
//
// node typescript_speed.mjs PACKAGE QUERIES
import { createInterface } from 'node:readline';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, queries] = process.argv.slice(2);
const { Client } = await import(pathToFileURL(join(resolve(folder), 'dist', 'index.js')).href);
const batchSize = 100;

/** So many questions; one alone is asked as programs ask one. */
async function areAllowed(client, count) {
  const around = {
    tenant: 'acme',
    call: { address: '192.0.2.7', tls: true },
    credential: { type: 'NamedUser', username: 'shop' },
  };
  const question = (number) => ({ action: 'read', resource: `table/customer/${number}` });
  if (count === 1) return client.check({ ...around, ...question(0) });
  const questions = Array.from({ length: count }, (_, number) => question(number));
  const decisions = await client.decisions({ ...around, questions });
  return decisions.every(({ allowed }) => allowed);
}

/** How long each of so many took, microseconds. */
async function measure(client, questions, count) {
  const took = [];
  for (let done = 0; done < count; ++done) {
    const begun = performance.now();
    if (!(await areAllowed(client, questions))) throw new Error('not allowed');
    took.push((performance.now() - begun) * 1_000);
  }
  return took;
}

const client = new Client({ queries });
for await (const line of createInterface({ input: process.stdin })) {
  const [checks, batches] = line.split(' ').map(Number);
  const single = (await measure(client, 1, checks)).sort((left, right) => left - right);
  const batched = await measure(client, batchSize, batches);
  const total = batched.reduce((sum, took) => sum + took, 0);
  console.log(
    JSON.stringify({
      p50_us: single[single.length >> 1],
      batch_questions_per_s: Math.round(((batches * batchSize) / total) * 1e6),
    }),
  );
}
client.close();
