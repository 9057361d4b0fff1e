/** From slow to fast. */
export const PRECEDENCES = ['ROUTINE', 'PRIORITY', 'IMMEDIATE', 'FLASH'] as const
export type Precedence = (typeof PRECEDENCES)[number]
export const isPrecedence = (name: string): name is Precedence =>
  PRECEDENCES.some((precedence) => precedence === name)

/** Those that are to be acknowledged in time, the most urgent first. */
export const URGENT = ['FLASH', 'IMMEDIATE'] as const satisfies readonly Precedence[]
export type Urgent = (typeof URGENT)[number]
export const isUrgent = (precedence: Precedence): precedence is Urgent =>
  URGENT.some((urgent) => urgent === precedence)
