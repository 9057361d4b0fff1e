export const KINDS = [
  'THREAT_ALERT',
  'INFORMATION_REPORT',
  'SITUATION_REPORT',
  'LOOKOUT',
  'PROSCRIPTION',
  'FINANCING_INDICATOR',
  'REQUEST',
  'RESPONSE',
  'RECALL',
  'SYSTEM_NOTICE',
] as const
export type Kind = (typeof KINDS)[number]
export const isKind = (name: string): name is Kind => KINDS.some((kind) => kind === name)
