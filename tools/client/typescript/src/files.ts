// What posternd and `postern` write for clients: addresses, keys.
import { readFile } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';

import { usage } from './errors.js';
import type { KeyPair, Options } from './options.js';

/** Lines of TOML with a name and a text, as Postern writes them. */
function textsIn(toml: string): Map<string, string> {
  const texts = new Map<string, string>();
  for (const line of toml.split('\n')) {
    const found = /^(\w+) = "((?:[^"\\]|\\["\\])*)"$/.exec(line);
    if (found !== null) texts.set(found[1] as string, (found[2] as string).replace(/\\(.)/g, '$1'));
  }
  return texts;
}

async function readTexts(file: string): Promise<(name: string) => string> {
  const texts = textsIn(await readFile(file, 'utf8'));
  return (name) => {
    const text = texts.get(name);
    if (text === undefined)
      throw usage(`The file ${file} says no '${name}'.`, 'Name one that Postern wrote.');
    return text;
  };
}

/** A key file, as `owner.key` of the data folder: public_key and secret_key. */
export async function readKeyPair(file: string): Promise<KeyPair> {
  const text = await readTexts(file);
  return { publicKey: text('public_key'), secretKey: text('secret_key') };
}

/**
 * How to reach the daemon of a data folder on this machine: with a key file by tcp, as the operator
 * whose key it is; without one by ipc, as the operator that names this program's system user.
 */
export async function readOptions(dataFolder: string, keyFile?: string): Promise<Options> {
  const text = await readTexts(join(dataFolder, 'addresses'));
  if (keyFile !== undefined)
    return {
      commands: text('commands'),
      queries: text('queries'),
      history: text('history'),
      serverKey: text('server_key'),
      keys: await readKeyPair(keyFile),
    };
  const ipc = (name: string) => {
    const path = text(name).slice('ipc://'.length);
    // One that is no UTF-8 is told from the folder on.
    return `ipc://${isAbsolute(path) ? path : join(resolve(dataFolder), path)}`;
  };
  return {
    commands: ipc('commands_ipc'),
    queries: ipc('queries_ipc'),
    history: ipc('history_ipc'),
  };
}
