/** From low to high; a level's rank is its place. */
export const CLASSIFICATIONS = [
  'UNCLASSIFIED',
  'RESTRICTED',
  'CONFIDENTIAL',
  'SECRET',
  'TOP_SECRET',
] as const
export type Classification = (typeof CLASSIFICATIONS)[number]

export const isClassification = (name: string): name is Classification =>
  CLASSIFICATIONS.some((classification) => classification === name)

export const rankOf = (classification: Classification): number =>
  CLASSIFICATIONS.indexOf(classification)
