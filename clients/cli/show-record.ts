import type { AccessRecord } from '#core/access-record.ts'

export const RECORD_HEADER = ['leaf', 'time', 'who', 'action', 'outcome', 'alert', 'reasons']

/** One line of a search. `content` is null for a leaf that this version cannot read. */
export const recordRow = (record: {
  readonly index: number
  readonly content: AccessRecord | null
}): readonly string[] => {
  const { index, content } = record
  if (content === null) return [String(index), '', '', 'UNREADABLE', '', '', '']
  return [
    String(index),
    new Date(content.timeMs).toISOString(),
    content.principal ?? content.service.toLowerCase(),
    content.action,
    content.outcome,
    content.alert === null ? '' : `${content.alert.origin}/${content.alert.id}`,
    content.reasons.join(' '),
  ]
}
