import { randomFillSync } from 'node:crypto'
import type { RandomBytes } from '#core/ports/clock.ts'

export const randomBytes: RandomBytes = (length) => randomFillSync(new Uint8Array(length))
