import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Alert } from '#core/alert.ts'
import { enter } from '#tests/directory-entries.ts'
import { recallOf, referenceTo, smuggle } from '#tests/recalls.ts'
import { agencyId, sampleAlert } from '#tests/sample-alert.ts'
import { type Answer, openTestHub, signed, type TestHub } from '#tests/test-hub.ts'

const KP = 'ctd-kp/feed-system'
const KP_READER = 'ctd-kp/analyst'
const COORDINATOR = 'nacta/coordinator'
const OUTSIDER = 'ctd-sindh/analyst'
let hub: TestHub
let alert: Alert
let bytes: Uint8Array

beforeAll(async () => {
  hub = await openTestHub()
})
afterAll(async () => {
  await hub.close()
  hub.home.remove()
})
beforeEach(async () => {
  alert = sampleAlert({ precedence: 'FLASH' })
  bytes = await signed(alert, hub.home.alertSigner('ctd-kp'))
  expect((await hub.publish(bytes, KP)).status).toBe(201)
})

const publish = async (one: Alert): Promise<Answer> =>
  hub.publish(await signed(one, hub.home.alertSigner('ctd-kp')), KP)

const codeOf = ({ status, json }: Answer) => [status, json['code']]
const read = (principal: string, { id } = alert): Promise<Answer> =>
  hub.get(`/v1/alerts/ctd-kp/${id}`, principal)
const feedIds = async (principal: string): Promise<readonly unknown[]> => {
  const { json } = await hub.get('/v1/feed?limit=500', principal)
  return (json['items'] as readonly { readonly id: string }[]).map(({ id }) => id)
}
const status = ({ id } = alert): Promise<Answer> =>
  hub.get(`/v1/alerts/ctd-kp/${id}/status`, 'ctd-kp/duty-officer')

describe('a recall', () => {
  test('takes the alert from all readers but those of its origin, and stands in the feed', async () => {
    const recall = recallOf(alert, bytes)
    expect((await publish(recall)).status).toBe(201)
    await hub.settled()
    const before = await hub.recordCount()
    expect(await feedIds(COORDINATOR)).not.toContain(alert.id)
    const records = await hub.records(before)
    expect(records.some(({ alert: of }) => of?.id === alert.id)).toBe(false)
    expect(codeOf(await read(COORDINATOR))).toEqual([410, 'recalled'])
    const [denial] = (await hub.records(before)).filter(({ action }) => action === 'READ')
    expect(denial).toMatchObject({ outcome: 'DENIED', reasons: ['recalled'] })
    expect(await feedIds(COORDINATOR)).toContain(recall.id)
    expect(await feedIds(KP_READER)).toEqual(expect.arrayContaining([alert.id, recall.id]))
    expect((await read(KP_READER)).bytes).toEqual(bytes)
  })

  test('tells those whom the label does not allow nothing', async () => {
    const never = await read(OUTSIDER, sampleAlert())
    await publish(recallOf(alert, bytes))
    await hub.settled()
    expect([codeOf(await read(OUTSIDER)), codeOf(never)]).toEqual([
      [404, 'not-found'],
      [404, 'not-found'],
    ])
  })

  test('is shown by the status of the alert, as a correction is', async () => {
    const references = [referenceTo('SUPERSEDES', alert, bytes)]
    const correction = sampleAlert({ references })
    const recall = recallOf(alert, bytes)
    expect((await status()).json).toMatchObject({ recalledBy: null, supersededBy: null })
    for (const one of [correction, recall]) expect((await publish(one)).status).toBe(201)
    await hub.settled()
    const { json } = await status()
    expect(json).toMatchObject({ recalledBy: recall.id, supersededBy: correction.id })
  })

  test('must name an alert of its origin by its digest', async () => {
    const nothing = recallOf(sampleAlert(), bytes)
    const others = await signed(sampleAlert(), hub.home.alertSigner('ctd-kp'))
    for (const one of [nothing, recallOf(alert, others)]) {
      expect(codeOf(await publish(one))).toEqual([422, 'recall-unknown'])
    }
    const sindhs = recallOf(alert, bytes)
    const [reference] = sindhs.references
    if (reference === undefined) throw new Error('no reference')
    const foreign = { ...reference, origin: agencyId('ctd-sindh') }
    expect((await publish({ ...sindhs, references: [foreign] })).status).toBe(422)
  })

  test('bears exactly the label of what it recalls', async () => {
    for (const label of [
      { ...alert.label, jurisdictions: ['PK-KP'] as const },
      { ...alert.label, jurisdictions: ['PK', 'PK-KP', 'PK-PB'] as const },
      { ...alert.label, classification: 'UNCLASSIFIED' as const },
      { ...alert.label, releasableTo: [agencyId('nacta')] },
      { ...alert.label, caveats: ['ORCON'] as const },
    ]) {
      const answer = await publish(recallOf(alert, bytes, { label }))
      expect(codeOf(answer)).toEqual([422, 'recall-label-differs'])
    }
  })

  test('cannot be recalled', async () => {
    const recall = recallOf(alert, bytes)
    const recallBytes = await signed(recall, hub.home.alertSigner('ctd-kp'))
    await hub.publish(recallBytes, KP)
    expect(codeOf(await publish(recallOf(recall, recallBytes)))).toEqual([422, 'recall-unknown'])
  })

  test('a correction must name an alert of its origin by its digest', async () => {
    const other = await signed(sampleAlert(), hub.home.alertSigner('ctd-kp'))
    for (const references of [
      [referenceTo('SUPERSEDES', sampleAlert(), bytes)],
      [referenceTo('SUPERSEDES', alert, other)],
    ]) {
      const answer = await publish(sampleAlert({ references }))
      expect(codeOf(answer)).toEqual([422, 'superseded-unknown'])
    }
  })

  test('is refused on record, and its refusal tells no other agency what there is', async () => {
    const before = await hub.recordCount()
    const foreign = recallOf(alert, bytes, { origin: agencyId('ctd-sindh') })
    const answer = await hub.publish(
      await signed(foreign, hub.home.alertSigner('ctd-sindh')),
      'ctd-sindh/feed-system',
    )
    expect(codeOf(answer)).toEqual([422, 'alert-meaningless'])
    await publish(recallOf(sampleAlert(), bytes))
    const made = (await hub.records(before)).filter(({ action }) => action === 'PUBLISH')
    const reasons = made.map((one) => [one.outcome, one.reasons])
    expect(reasons).toEqual([
      ['DENIED', ['alert-meaningless']],
      ['DENIED', ['recall-unknown']],
    ])
  })
})

describe('what a gateway that cannot be trusted writes into the topics', () => {
  test('recalls nothing under another label, nor with another digest, nor a recall', async () => {
    await hub.settled()
    const label = { ...alert.label, jurisdictions: ['PK', 'PK-KP', 'PK-PB'] as const }
    const other = await signed(sampleAlert(), hub.home.alertSigner('ctd-kp'))
    await smuggle(hub, recallOf(alert, bytes, { label }))
    await smuggle(hub, recallOf(alert, other))
    expect((await read(COORDINATOR)).status).toBe(200)
    expect(await feedIds(COORDINATOR)).toContain(alert.id)
    expect((await status()).json).toMatchObject({ recalledBy: null })
    const recall = recallOf(alert, bytes)
    const recallBytes = await signed(recall, hub.home.alertSigner('ctd-kp'))
    await hub.publish(recallBytes, KP)
    await hub.settled()
    await smuggle(hub, recallOf(recall, recallBytes))
    expect((await read(COORDINATOR, recall)).status).toBe(200)
    expect(codeOf(await read(COORDINATOR))).toEqual([410, 'recalled'])
  })

  test('recalls an alert also when the recall is there before it', async () => {
    const late = sampleAlert()
    const lateBytes = await signed(late, hub.home.alertSigner('ctd-kp'))
    await smuggle(hub, recallOf(late, lateBytes))
    await hub.publish(lateBytes, KP)
    await hub.settled()
    expect(codeOf(await read(COORDINATOR, late))).toEqual([410, 'recalled'])
  })
})

test('a recall that a stolen key signed is void once that is known', async () => {
  // Of another agency than in the other tests, whose key has to stay good.
  const origin = agencyId('ctd-gb')
  const label = { ...sampleAlert().label, jurisdictions: ['PK', 'PK-GB'] as const }
  const one = sampleAlert({ origin, label, areas: [] })
  const signer = hub.home.alertSigner('ctd-gb')
  const oneBytes = await signed(one, signer)
  const { json } = await hub.publish(oneBytes, 'ctd-gb/feed-system')
  const stolenSinceMs = Number(json['acceptedAtMs']) + 1
  await expect.poll(() => Date.now()).toBeGreaterThan(stolenSinceMs)
  const recall = await signed(recallOf(one, oneBytes), signer)
  expect((await hub.publish(recall, 'ctd-gb/feed-system')).status).toBe(201)
  await hub.settled()
  const path = `/v1/alerts/ctd-gb/${one.id}`
  expect(codeOf(await hub.get(path, COORDINATOR))).toEqual([410, 'recalled'])
  await enter(hub, hub.home.administratorSigner('ctd-gb'), {
    type: 'KeyRevoked',
    keyId: signer.keyId,
    compromisedSinceMs: stolenSinceMs,
  })
  expect((await hub.get(path, COORDINATOR)).status).toBe(200)
})
