import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { randomBytes } from '#adapters/crypto/random.ts'
import { sha256 } from '#adapters/crypto/sha256.ts'
import { openSigner } from '#adapters/crypto/signer.ts'
import { verifySignature } from '#adapters/crypto/verify.ts'
import { homePaths } from '#adapters/files/home.ts'
import { readKeyFile } from '#adapters/files/key-file.ts'
import { heading, type Io } from '#clients/cli/command.ts'
import { DEMO_ALERTS, type DemoAlert } from '#clients/cli/demo-alerts.ts'
import { alertFromDraft } from '#clients/cli/draft.ts'
import { type Identity, openIdentity } from '#clients/cli/identity.ts'
import { seededDirectory } from '#clients/cli/seeded-directory.ts'
import { FEED_HEADER, releaseRow } from '#clients/cli/show-alert.ts'
import { RECORD_HEADER, recordRow } from '#clients/cli/show-record.ts'
import { table } from '#clients/cli/table.ts'
import { HubRefusal } from '#clients/sdk/errors.ts'
import { feedPage } from '#clients/sdk/feed.ts'
import type { RecordBytes } from '#clients/sdk/given-record.ts'
import { type AlertAccess, givenTo } from '#clients/sdk/given-to.ts'
import { type Published, publish } from '#clients/sdk/publish.ts'
import { readAlert } from '#clients/sdk/read.ts'
import { verifyReceipt } from '#clients/sdk/receipt.ts'
import { readRecord } from '#clients/sdk/search.ts'
import { signAlert } from '#clients/sdk/sign-alert.ts'
import { alertStatus } from '#clients/sdk/status.ts'
import type { Release } from '#clients/sdk/verify-release.ts'
import { isPrincipalId } from '#core/principal.ts'
import { uuidFromRandom } from '#core/uuid.ts'

export interface Stage {
  readonly home: string
  readonly gatewayUrl: string
  readonly auditUrl: string
  readonly io: Io
}

/** What the story leaves behind for those who verify it afterwards. */
export interface Told {
  /** The record of the coordinator's receiving the first alert. */
  readonly record: RecordBytes
  readonly receiptFile: string
  readonly isAsExpected: boolean
}

/** Plays the story against a running hub. Everything printed came in HTTP answers. */
export const playDemo = async (stage: Stage): Promise<Told> => {
  const { io } = stage
  const published = await publishAll(stage)
  const [secret] = published
  if (secret === undefined) throw new Error('nothing was published')
  const releases = await receiveAll(stage)
  const isRefused = await beRefused(stage, secret)
  const release = releases.find((one) => one.ok && one.alert.id === secret.id)
  if (!release?.ok) throw new Error('the coordinator was not given the first alert')
  const receiptFile = await prove(stage, secret, release.record.index)
  const isAsExpected =
    isRefused && releases.length === published.length && releases.every(({ ok }) => ok)
  io.out('\n')
  return { record: release.record, receiptFile, isAsExpected }
}

const as = (stage: Stage, principal: string): Promise<Identity> => {
  if (!isPrincipalId(principal)) throw new TypeError(principal)
  return openIdentity({ ...stage, principal, realm: 'live' })
}

const publishAll = async (stage: Stage): Promise<readonly Published[]> => {
  stage.io.out(`${heading('1. Counter-terrorism departments publish, each with its own key')}\n`)
  const published: Published[] = []
  for (const demo of DEMO_ALERTS) published.push(await publishOne(stage, demo))
  await allRouted(stage, published)
  return published
}

const publishOne = async (stage: Stage, { agency, draft }: DemoAlert): Promise<Published> => {
  const { session } = await as(stage, `${agency}/duty-officer`)
  // Who may sign SECRET in the demonstration is the department's system, not its duty officer.
  const isSecret = draft.label.classification === 'SECRET'
  const publisher = isSecret ? (await as(stage, `${agency}/feed-system`)).session : session
  const alert = alertFromDraft(JSON.stringify(draft), {
    origin: agency,
    realm: 'live',
    id: uuidFromRandom(randomBytes(16)),
    sentAtMs: Date.now(),
  })
  const key = openSigner(await readKeyFile(homePaths(stage.home).agency(agency).alertKey))
  const answer = await publish(publisher, await signAlert(alert, [key]))
  const { classification, jurisdictions } = alert.label
  const what = `${classification} to ${jurisdictions.join(', ')}`
  stage.io.out(`  ${answer.origin}/${answer.id}  ${what}  → leaf ${answer.record.index}\n`)
  return answer
}

const allRouted = async (stage: Stage, published: readonly Published[]): Promise<void> => {
  for (const name of published) {
    const { session } = await as(stage, `${name.origin}/duty-officer`)
    for (let tries = 0; (await alertStatus(session, name)).state !== 'routed'; tries += 1) {
      if (tries > 200) throw new Error(`${name.origin}/${name.id} was not routed in time`)
      await session.clock.sleep(50)
    }
  }
}

const receiveAll = async (stage: Stage): Promise<readonly Release[]> => {
  const { session, log } = await as(stage, 'nacta/coordinator')
  stage.io.out(
    `\n${heading('2. The federal coordinator receives; every signature is verified here')}\n`,
  )
  const { items } = await feedPage(session, { from: 'earliest' })
  stage.io.out(`${indented(table(FEED_HEADER, items.map(releaseRow)))}\n`)
  const records = items.flatMap((item) => (item.ok ? [item.record] : []))
  const inclusions = await log.verifyRecords(records)
  const included = inclusions.filter(({ state }) => state === 'included').length
  stage.io.out(`  ${included} of ${items.length} releases are proven to be in the access log\n`)
  return items
}

const beRefused = async (stage: Stage, secret: Published): Promise<boolean> => {
  stage.io.out(`\n${heading('3. Two readers ask for the SECRET alert of CTD KP')}\n`)
  const outcomes = new Map<string, string>()
  for (const principal of ['ctd-punjab/analyst', 'ctd-sindh/analyst']) {
    const { session } = await as(stage, principal)
    try {
      const release = await readAlert(session, secret)
      outcomes.set(principal, release.ok ? 'given' : release.fault)
    } catch (error) {
      if (!(error instanceof HubRefusal)) throw error
      outcomes.set(principal, `${error.status} ${error.code}: ${error.title}`)
    }
    stage.io.out(`  ${principal.padEnd(20)}  ${outcomes.get(principal)}\n`)
  }
  return (
    outcomes.get('ctd-punjab/analyst') === 'given' &&
    (outcomes.get('ctd-sindh/analyst') ?? '').startsWith('404')
  )
}

const prove = async (stage: Stage, secret: Published, leaf: number): Promise<string> => {
  const { io } = stage
  io.out(
    `\n${heading('4. KP’s own security officer asks the log: who was given it, who was not?')}\n`,
  )
  const officer = await as(stage, 'ctd-kp/security-officer')
  const access = await onceRefused(officer, secret)
  const records = [...access.published, ...access.givenTo, ...access.refusedTo]
  io.out(`${indented(table(RECORD_HEADER, records.map(recordRow)))}\n`)
  const inclusions = await officer.log.verifyRecords(records)
  const { checkpoint, isFirst } = await officer.log.refresh()
  const included = inclusions.filter(({ state }) => state === 'included').length
  io.out(`  ${included} of ${records.length} proven in the checkpoint of ${checkpoint.size} leaves`)
  io.out(`${isFirst ? '' : ', an extension of the one remembered'}\n`)
  const receipt = await officer.log.receipt(await readRecord(officer.session, leaf))
  if (receipt === null) throw new Error('there is no receipt')
  const file = join(stage.home, `leaf-${leaf}.tlog-proof`)
  writeFileSync(file, receipt)
  io.out(`  receipt of leaf ${leaf}: ${file}\n`)
  return file
}

/** The audit service reads the record of a refusal a moment after the refused one has the answer. */
const onceRefused = async ({ session }: Identity, alert: Published): Promise<AlertAccess> => {
  for (let tries = 0; ; tries += 1) {
    const access = await givenTo(session, alert)
    if (access.refusedTo.length > 0) return access
    if (tries > 200) throw new Error('the refusal is not in the access log')
    await session.clock.sleep(50)
  }
}

/** With the hub stopped: the receipt verifies with the log's key alone. */
export const verifyAfterwards = async (
  told: Told,
  { home, io }: Pick<Stage, 'home' | 'io'>,
): Promise<void> => {
  io.out(`${heading('5. The hub is stopped. The receipt still verifies')}\n`)
  const text = readFileSync(told.receiptFile, 'utf8')
  const { logVerifierKey } = await seededDirectory(home)
  const verified = await verifyReceipt(
    { text, verifierKey: logVerifierKey ?? '' },
    { sha256, verify: verifySignature },
  )
  if (!verified.ok) throw new Error(`the receipt does not verify: ${verified.why}`)
  const { index, checkpoint, record } = verified
  io.out(`  leaf ${index} of ${checkpoint.size} in ${checkpoint.origin}: `)
  io.out(`${record?.content.action} by ${record?.content.principal}\n`)
}

const indented = (text: string): string =>
  text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n')
