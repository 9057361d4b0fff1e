import { UsageError } from '#clients/cli/command.ts'
import { isAgencyId } from '#core/agency.ts'
import type { AlertName } from '#core/alert.ts'
import { isUuid } from '#core/uuid.ts'

/** `ORIGIN/ID`. Throws UsageError. */
export const alertNameFrom = (text: string): AlertName => {
  const [origin = '', id = '', ...rest] = text.split('/')
  if (!isAgencyId(origin) || !isUuid(id) || rest.length > 0) {
    throw new UsageError(`«${text}» is no alert: it must be ORIGIN/ID, e.g. ctd-kp/018f…`)
  }
  return { origin, id }
}
