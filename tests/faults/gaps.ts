/**
 * The writes of a hub by name. Before and behind each lies a gap in which a process may die, and
 * each may fail in two ways: it did not happen, or it happened and its caller hears that it failed.
 */
export const WRITES = {
  'publish-record': { store: 'log', call: 'append', topic: /^access$/, action: 'PUBLISH' },
  'publish-frame': { store: 'log', call: 'append', topic: /\.intake\./ },
  'intake-rows': { store: 'gateway-intake', call: 'apply' },
  'route-frame': { store: 'log', call: 'append', topic: /\.alerts\./ },
  'route-rows': { store: 'router-intake', call: 'apply' },
  'index-rows': { store: 'alert-index', call: 'apply' },
  'release-record': { store: 'log', call: 'append', topic: /^access$/, action: 'RELEASE' },
  'read-record': { store: 'log', call: 'append', topic: /^access$/, action: 'READ' },
  'acknowledge-record': { store: 'log', call: 'append', topic: /^access$/, action: 'ACKNOWLEDGE' },
  'search-record': { store: 'log', call: 'append', topic: /^access$/, action: 'SEARCH' },
  'directory-record': { store: 'log', call: 'append', topic: /^access$/, action: 'DIRECTORY' },
  'directory-entry': { store: 'log', call: 'append', topic: /^directory$/ },
  tiles: { store: 'tiles', call: 'write' },
  checkpoint: { store: 'log', call: 'append', topic: /^checkpoints$/ },
  'checkpoint-file': { store: 'tiles', call: 'writeCheckpoint' },
  'record-rows': { store: 'record-index', call: 'apply' },
  'comparison-rows': { store: 'audit-intake', call: 'apply' },
} as const satisfies Record<string, Write>

export interface Write {
  readonly store: string
  readonly call: string
  /** Of an append: to which topics. */
  readonly topic?: RegExp
  /** Of an append to the access log: which records. */
  readonly action?: string
}

export type WriteName = keyof typeof WRITES

/** At which calls of a write faults are tried, where the first is not enough: some are made at the
 * start already, and the frame of an alert goes into several topics. */
export const CALLS: Readonly<Partial<Record<WriteName, readonly number[]>>> = {
  'route-frame': [1, 2],
  tiles: [1, 4],
  checkpoint: [1, 3],
  'checkpoint-file': [1, 3],
}

export const FAULTS = ['kill-before', 'kill-behind', 'did-not-happen', 'happened'] as const
export type Fault = (typeof FAULTS)[number]

/** Faults of our own making, which the suite must find. */
export const BUGS = ['record-after-release', 'rows-before-frames', 'ids-forgotten'] as const
export type Bug = (typeof BUGS)[number]

/** What the process of the tests is told, in `RABTA_TEST_FAULT` as JSON. */
export interface FaultPlan {
  readonly write: WriteName | null
  readonly fault: Fault
  /** At the how-manieth call of that write; the first is 1. */
  readonly call: number
  readonly bug: Bug | null
}

/** The line on standard error by which the process says that a fault has come that it outlives. */
export const FAULT_LINE = 'planned fault'
