// What programs use.
export {
  Client,
  type AnswerTo,
  type Around,
  type Asked,
  type Authentication,
  type Begun,
  type CallOptions,
  type Commands,
  type ManyChecks,
  type OneCheck,
  type PageOf,
  type Requested,
} from './client.js';
export { ClientError, RefusedError, exitCodes, textOf, type ErrorKind } from './errors.js';
export type { KeyPair, Options } from './options.js';
export { keyText, makeKeyPair, parseKey } from './keys.js';
export { makeSigningKeyPair, type SigningKeyPair } from './signing.js';
export { makeUuid } from './uuid.js';
export {
  openCheckpoint,
  provesConsistency,
  readCheckpoint,
  type Checkpoint,
} from './checkpoint.js';
export { Follower, type Followed } from './follower.js';
export { readRecords } from './gate.js';
export { readKeyPair, readOptions } from './files.js';
// The schema's own: types of all messages, and what each code means.
export type * from './generated/schema.js';
export { codeTexts, protocolVersion } from './generated/schema.js';
