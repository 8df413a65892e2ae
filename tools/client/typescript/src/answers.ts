// Which kind of answer each question and request has, as the protocol's manual says. An answer of
// another kind is none.
import { notAnAnswer } from './errors.js';
import type {
  Answer,
  AnswerBody,
  HistoryBody,
  HistoryPage,
  HistoryPageBody,
  QueryBody,
} from './generated/schema.js';

export const answerTypes = {
  Authenticate: 'Authenticated',
  Check: 'Checked',
  GetStatus: 'Status',
  RenewSession: 'Authenticated',
} as const satisfies { [type in QueryBody['type']]: AnswerBody['type'] };

export const pageTypes = {
  GetRecords: 'RecordPage',
  GetTenant: 'TenantPage',
  ListTenants: 'TenantPage',
  GetUser: 'UserView',
  ListUsers: 'UserPage',
  ListOperators: 'OperatorPage',
  Explain: 'Explanation',
  GetDigest: 'Digest',
  ListCatalogue: 'CataloguePage',
  ListRoles: 'RolePage',
  GetRole: 'RoleView',
  ListPermissions: 'PermissionPage',
  WhoCan: 'HolderPage',
  ListRanges: 'RangesPage',
  TestAddress: 'AddressTested',
  ListCalls: 'CallPage',
  GetCheckpoint: 'CheckpointPage',
  GetConsistency: 'ProofPage',
  GetInclusion: 'ProofPage',
  GetKeys: 'KeysPage',
  CheckUser: 'Checked',
  GetDifference: 'DifferencePage',
  PreviewCommands: 'FlipPage',
  GetReport: 'Report',
  PlanUndo: 'UndoPlan',
  GetWhatIf: 'FlipPage',
  ListSessions: 'SessionPage',
  ListExpiring: 'ExpiringPage',
  GetAccess: 'AccessPage',
} as const satisfies { [type in HistoryBody['type']]: HistoryPageBody['type'] };

export type AnswerTypes = typeof answerTypes;
export type PageTypes = typeof pageTypes;

/** Throws a ClientError `protocol` if it is of another kind. */
export function mustBe<Given extends Answer | HistoryPage>(answer: Given, wanted: string): Given {
  const { type } = answer.body ?? {};
  if (type === wanted) return answer;
  throw notAnAnswer(`it is ${type ?? 'empty'}, not ${wanted}`);
}
