import type { Release } from '#clients/sdk/verify-release.ts'
import { alertToJson } from '#core/alert-json.ts'
import { base64, hex } from '#core/bytes.ts'

/** A release as JSON for programs. */
export const releaseToJson = (release: Release) =>
  release.ok
    ? {
        verified: true,
        alert: alertToJson(release.alert),
        digest: hex(release.stamp.digest),
        acceptedAtMs: release.stamp.acceptedAtMs,
        recordIndex: release.record.index,
        signedAlert: base64(release.signedAlert),
      }
    : { verified: false, fault: release.fault, detail: release.detail, name: release.name }

/** One line of a feed. */
export const releaseRow = (release: Release): readonly string[] => {
  if (!release.ok) {
    const name = release.name === null ? '?' : `${release.name.origin}/${release.name.id}`
    return ['NOT VERIFIED', release.fault, name, '', '']
  }
  const { alert, record } = release
  return [
    `${new Date(alert.sentAtMs).toISOString().slice(0, 16)}Z`,
    `${alert.label.classification} ${alert.label.jurisdictions.join('+')}`,
    `${alert.origin}/${alert.id}`,
    String(record.index),
    alert.texts[0]?.headline ?? '',
  ]
}

export const FEED_HEADER = ['sent', 'label', 'alert', 'record', 'headline']
