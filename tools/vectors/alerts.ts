import { sha256 } from '#adapters/crypto/sha256.ts'
import { hex } from '#core/bytes.ts'
import { ALERT_PAYLOAD_TYPE, preAuthenticationEncoding } from '#core/envelope.ts'
import { MALFORMED_ALERTS } from '#tools/vectors/alerts-malformed.ts'
import { MEANINGLESS_ALERTS } from '#tools/vectors/alerts-meaningless.ts'
import { VALID_ALERTS } from '#tools/vectors/alerts-valid.ts'
import { ALERT_FINGERPRINT } from '#tools/vectors/raw-alert.ts'
import { vectorText } from '#tools/vectors/vector-file.ts'
import { payloadOf } from '#tools/vectors/written-alert.ts'

export const alertVectors = (): string =>
  vectorText('Alerts as JSON and as the payload that is signed; and payloads that are refused.', {
    fingerprint: ALERT_FINGERPRINT,
    payloadType: ALERT_PAYLOAD_TYPE,
    valid: VALID_ALERTS.map(({ why, alert, means }) => {
      const payload = payloadOf(alert)
      const digest = hex(sha256(preAuthenticationEncoding(ALERT_PAYLOAD_TYPE, payload)))
      return { why, alert, means, payload: hex(payload), digest }
    }),
    invalid: [...MALFORMED_ALERTS, ...MEANINGLESS_ALERTS].map(({ payload, ...rest }) => ({
      ...rest,
      payload: hex(payload),
    })),
  })
