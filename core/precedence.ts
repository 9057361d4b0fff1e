/** From slow to fast. */
export const PRECEDENCES = ['ROUTINE', 'PRIORITY', 'IMMEDIATE', 'FLASH'] as const
export type Precedence = (typeof PRECEDENCES)[number]
export const isPrecedence = (name: string): name is Precedence =>
  PRECEDENCES.some((precedence) => precedence === name)
