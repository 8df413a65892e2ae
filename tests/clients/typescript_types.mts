// What the compiler is to refuse. Each line marked so must be an error, and no other may be one.
import { Client, ClientError, RefusedError, type Decision, type Receipt } from 'postern-client';

export async function traps(client: Client): Promise<void> {
  const credential = { type: 'NamedUser', username: 'shop' } as const;
  const question = { action: 'read', resource: 'table/customer' };

  // Numbers of 64 bits.
  // @ts-expect-error: a number keeps 53 bits alone
  await client.check({ tenant: 'acme', credential, ...question, atLeastSeq: 7 });
  await client.check({ tenant: 'acme', credential, ...question, atLeastSeq: 7n });
  const { seq }: Receipt = await client.execute({ commands: [] });
  // @ts-expect-error: it is a bigint
  const asNumber: number = seq;

  // A decision is an object, which is true; `check` is true or false.
  const allowed: boolean = await client.check({ tenant: 'acme', credential, ...question });
  const [decision] = await client.decisions({ credential, questions: [question] });
  // @ts-expect-error: there may be none
  const certain: Decision = decision;
  // @ts-expect-error: a promise is always true
  if (client.check({ tenant: 'acme', credential, ...question })) throw new Error('let in');

  // Unions say what they are.
  // @ts-expect-error: no kind of credential
  await client.check({ credential: { username: 'shop' }, ...question });
  // @ts-expect-error: a token is no password
  await client.check({ credential: { type: 'TokenCredential', password: 'x' }, ...question });

  // Fields and values that are none.
  const user = { type: 'CreateUser', username: 'till' } as const;
  // @ts-expect-error: apiAccess
  await client.execute({ commands: [{ body: { ...user, api_access: false } }] });
  // @ts-expect-error: null is neither absent nor false
  await client.execute({ commands: [{ body: { ...user, apiAccess: null } }] });
  // @ts-expect-error: text is no boolean
  await client.execute({ commands: [{ body: { ...user, apiAccess: 'false' } }] });
  // @ts-expect-error: there is no such status
  await client.execute({ commands: [{ body: { ...user, status: 'activ' } }] });
  // @ts-expect-error: the client signs
  await client.execute({ commands: [], signature: new Uint8Array(64) });

  // What answers a request is known.
  const page = await client.history({
    body: { type: 'GetUser', tenant: 'acme', username: 'till' },
  });
  const access: boolean | undefined = page.body.security?.apiAccess;
  // @ts-expect-error: another answer has users
  page.body.users;
  try {
    await client.status();
  } catch (error) {
    if (error instanceof RefusedError && error.code === 'not_yet') return;
    // @ts-expect-error: there is no such kind
    if (error instanceof ClientError && error.kind === 'denied') return;
  }
  void [asNumber, allowed, certain, access];
}
