/** Two worlds that share no key, topic, index row, cursor or role. */
export const REALMS = ['live', 'exercise'] as const
export type Realm = (typeof REALMS)[number]
export const isRealm = (name: string): name is Realm => REALMS.some((realm) => realm === name)
