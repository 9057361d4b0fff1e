import { Type } from 'typebox'
import {
  ALERT_NAME,
  acceptHeader,
  Bytes,
  IMMUTABLE,
  PRIVATE,
  PURPOSE,
} from '#adapters/http/doc-schemas.ts'
import type { RouteDoc } from '#adapters/http/route-doc.ts'
import { AlertAccess, Proof, RecordLeaf, RecordPage } from '#services/audit/answers.ts'

/** What the audit service can always say to a caller whom it knows: each query is a record. */
const ASKERS = ['rate-limited', 'policy-not-active', 'record-not-durable', 'not-found'] as const

const TEXT = Type.String()

export const DOCS = {
  checkpoint: {
    id: 'getCheckpoint',
    tag: 'Access log',
    summary: 'The newest signed checkpoint',
    access: 'public',
    answers: {
      200: {
        description: 'A signed note (C2SP tlog-checkpoint).',
        headers: { 'Cache-Control': Type.Literal('public, max-age=1') },
        content: { 'text/plain': TEXT },
      },
    },
    refusals: ['catching-up'],
  },
  tile: {
    id: 'getTile',
    tag: 'Access log',
    summary: 'A tile of hashes',
    description:
      'C2SP tlog-tiles: {path} is L/N or L/N.p/W, its slashes as they are. For everyone.',
    access: 'public',
    params: { path: Type.String({ examples: ['0/000.p/12'] }) },
    answers: {
      200: {
        description: 'Hashes of 32 bytes.',
        headers: IMMUTABLE,
        content: { 'application/octet-stream': Bytes },
      },
    },
    refusals: ['not-found', 'catching-up'],
  },
  bundle: {
    id: 'getEntryBundle',
    tag: 'Access log',
    summary: 'A bundle of entries',
    description:
      'C2SP tlog-tiles: {path} is N or N.p/W, its slashes as they are. For national auditors.',
    access: 'token',
    params: { path: Type.String({ examples: ['000.p/12'] }) },
    headers: PURPOSE,
    answers: {
      200: {
        description: 'Records, each behind its length.',
        headers: PRIVATE,
        content: { 'application/octet-stream': Bytes },
      },
    },
    refusals: [...ASKERS, 'not-permitted'],
  },
  records: {
    id: 'searchRecords',
    tag: 'Access log',
    summary: 'Records, newest first',
    description:
      'For auditors, of their own agency’s principals and about its alerts; for national ' +
      'auditors, all. Each page is itself a record.',
    access: 'token',
    headers: {
      ...PURPOSE,
      ...acceptHeader(['application/json', 'application/x-ndjson', 'text/csv']),
    },
    answers: {
      200: {
        description: 'A page.',
        headers: {
          ...PRIVATE,
          'Rabta-As-Of-Index': Type.String({ pattern: '^\\d+$' }),
          'Rabta-Next': Type.String({ pattern: '^\\d*$', description: 'Empty at the end.' }),
        },
        content: { 'application/json': RecordPage, 'application/x-ndjson': TEXT, 'text/csv': TEXT },
      },
    },
    refusals: [...ASKERS, 'not-acceptable', 'not-permitted'],
  },
  record: {
    id: 'getRecord',
    tag: 'Access log',
    summary: 'One record',
    description: 'One’s own ALLOWED record needs no role.',
    access: 'token',
    headers: PURPOSE,
    answers: {
      200: { description: 'It.', headers: PRIVATE, content: { 'application/json': RecordLeaf } },
    },
    refusals: ASKERS,
  },
  proof: {
    id: 'getProof',
    tag: 'Access log',
    summary: 'What proves, offline, that a record is in the log',
    access: 'token',
    headers: { ...PURPOSE, ...acceptHeader(['text/plain', 'application/json']) },
    answers: {
      200: {
        description: 'A C2SP tlog-proof file, or the same as JSON.',
        headers: PRIVATE,
        content: { 'text/plain': TEXT, 'application/json': Proof },
      },
    },
    refusals: [...ASKERS, 'not-acceptable', 'catching-up'],
  },
  alertAccess: {
    id: 'getAlertAccess',
    tag: 'Access log',
    summary: 'Who was given an alert, and who was refused it',
    description: 'For auditors of its origin and national auditors.',
    access: 'token',
    params: ALERT_NAME,
    headers: PURPOSE,
    answers: {
      200: {
        description: 'Lists, newest first.',
        headers: PRIVATE,
        content: { 'application/json': AlertAccess },
      },
    },
    refusals: ASKERS,
  },
} as const satisfies Readonly<Record<string, RouteDoc>>
