import { CLASSIFICATIONS, type Classification } from '#core/classification.ts'
import { ALL_JURISDICTIONS, type Jurisdiction } from '#core/jurisdiction.ts'
import type { Label } from '#core/label.ts'
import { REALMS, type Realm } from '#core/realm.ts'

/** The names of the logs. Shared by the realms: */
export const ACCESS_TOPIC = 'access'
export const DIRECTORY_TOPIC = 'directory'
export const CHECKPOINTS_TOPIC = 'checkpoints'

/** Where gateways put accepted alerts; `home` is the origin's jurisdiction. */
export const intakeTopic = (realm: Realm, home: Jurisdiction): string => `${realm}.intake.${home}`

export const alertTopic = (
  realm: Realm,
  jurisdiction: Jurisdiction,
  classification: Classification,
): string => `${realm}.alerts.${jurisdiction}.${classification}`

export const deadLetterTopic = (realm: Realm): string => `${realm}.dead-letter`

/** The intake topics of a realm, in table order. */
export const intakeTopics = (realm: Realm): readonly string[] =>
  ALL_JURISDICTIONS.map((home) => intakeTopic(realm, home))

/** The alert topics of a realm in table order: by jurisdiction, then classification. */
export const alertTopics = (realm: Realm): readonly string[] =>
  ALL_JURISDICTIONS.flatMap((jurisdiction) =>
    CLASSIFICATIONS.map((classification) => alertTopic(realm, jurisdiction, classification)),
  )

export const allTopics = (): readonly string[] => [
  ACCESS_TOPIC,
  DIRECTORY_TOPIC,
  CHECKPOINTS_TOPIC,
  ...REALMS.flatMap((realm) => [
    ...intakeTopics(realm),
    ...alertTopics(realm),
    deadLetterTopic(realm),
  ]),
]

/** The topics of one alert, in table order: each jurisdiction of its label and the origin's home. */
export const topicsOf = (realm: Realm, label: Label, home: Jurisdiction): readonly string[] =>
  ALL_JURISDICTIONS.filter(
    (jurisdiction) => jurisdiction === home || label.jurisdictions.includes(jurisdiction),
  ).map((jurisdiction) => alertTopic(realm, jurisdiction, label.classification))
