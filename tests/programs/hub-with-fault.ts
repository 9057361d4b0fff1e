import { runService } from '#adapters/process/run-service.ts'
import { decodeAccessRecord } from '#core/access-record.ts'
import { LogUnavailable, OutcomeUnknown } from '#core/ports/message-log.ts'
import type { WrapStore } from '#core/service-parts.ts'
import { configFrom, readEnv } from '#services/hub/config.ts'
import { openHub } from '#services/hub/main.ts'
import { buggy } from '#tests/faults/bugs.ts'
import { FAULT_LINE, type Fault, type FaultPlan, WRITES, type Write } from '#tests/faults/gaps.ts'

/**
 * The hub as its main.ts builds it, with one write that kills the process or fails, as
 * `RABTA_TEST_FAULT` says.
 */
type Call = (...args: readonly unknown[]) => unknown

const plan: FaultPlan = JSON.parse(process.env['RABTA_TEST_FAULT'] ?? '{}')
let calls = 0

const isPlanned = (store: string, call: string, args: readonly unknown[]): boolean => {
  if (plan.write === null) return false
  const write: Write = WRITES[plan.write]
  if (write.store !== store || write.call !== call) return false
  const [topic, entries] = args
  if (write.topic !== undefined && !write.topic.test(String(topic))) return false
  if (write.action !== undefined && actionOf(entries) !== write.action) return false
  calls += 1
  return calls === plan.call
}

/** All records of one append are of one act. */
const actionOf = (entries: unknown): string | undefined => {
  const [first] = Array.isArray(entries) ? entries : []
  return first instanceof Uint8Array ? decodeAccessRecord(first)?.action : undefined
}

const die = (): never => {
  process.kill(process.pid, 'SIGKILL')
  // The signal is on its way; nothing may be done meanwhile.
  for (;;);
}

/** Only an append can fail without its caller knowing what became of it. */
const failure = (fault: Fault, store: string): Error => {
  process.stderr.write(`${FAULT_LINE}: ${plan.write} ${fault}\n`)
  if (store !== 'log') return new Error('planned')
  return fault === 'happened' ? new OutcomeUnknown('planned') : new LogUnavailable('planned')
}

const faulty = (store: string, call: string, act: Call, isAsync: boolean): Call => {
  const behind = (result: unknown): unknown => {
    if (plan.fault === 'kill-behind') die()
    if (plan.fault === 'happened') throw failure(plan.fault, store)
    return result
  }
  return (...args) => {
    if (!isPlanned(store, call, args)) return act(...args)
    if (plan.fault === 'kill-before') die()
    if (plan.fault === 'did-not-happen') {
      const error = failure(plan.fault, store)
      if (isAsync) return Promise.reject(error)
      throw error
    }
    const result = act(...args)
    return result instanceof Promise ? result.then(behind) : behind(result)
  }
}

const WRITING = new Set<string>(Object.values(WRITES).map(({ call }) => call))
const ASYNC_STORES = new Set(['log', 'tiles'])

const wrap: WrapStore = (name, store) => {
  const inner = buggy(plan.bug, name, store)
  return new Proxy(inner, {
    get: (target, property) => {
      const member: unknown = Reflect.get(target, property, target)
      if (typeof member !== 'function') return member
      const act: Call = (...args) => Reflect.apply(member, target, args)
      const call = String(property)
      return WRITING.has(call) ? faulty(name, call, act, ASYNC_STORES.has(name)) : act
    },
  })
}

await runService({
  name: 'hub',
  check: async () => undefined,
  open: () => {
    const onAlarm = (alarm: object): void => {
      process.stderr.write(`${JSON.stringify(alarm)}\n`)
    }
    return openHub(configFrom(readEnv()), { logTo: null, onAlarm, wrap })
  },
})
