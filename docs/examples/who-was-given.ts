// An originator's auditor asks who was given an alert: node docs/examples/who-was-given.ts ORIGIN/ID
import { givenTo } from '#clients/sdk/given-to.ts'
import { LogClient } from '#clients/sdk/log.ts'
import { isAgencyId } from '#core/agency.ts'
import { isUuid } from '#core/uuid.ts'
import { memory, print, session } from '#examples/open-session.ts'

const [origin = '', id = ''] = (process.argv[2] ?? '').split('/')
if (!isAgencyId(origin) || !isUuid(id)) throw new Error('give ORIGIN/ID')
const access = await givenTo(session, { origin, id })
const records = [...access.givenTo, ...access.refusedTo, ...access.acknowledgedBy]
const proven = await new LogClient(session, memory).verifyRecords(records)
for (const [at, { index, content }] of records.entries()) {
  const { principal, action, outcome, reasons } = content
  print(`${index} ${principal} ${action} ${outcome} ${reasons.join(' ')} ${proven[at]?.state}`)
}
if (!access.isComplete) print('there are more; these are the newest')
