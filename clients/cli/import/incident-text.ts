import {
  CLARITIES,
  DATE_PRECISIONS,
  PLACE_PRECISIONS,
  VIOLENCE_TYPES,
} from '#clients/cli/import/incident-codes.ts'
import type { IncidentRow } from '#clients/cli/import/incident-row.ts'
import { cutAtWord } from '#clients/cli/import/plain-text.ts'
import type { Text } from '#core/alert.ts'
import { JURISDICTIONS } from '#core/jurisdiction.ts'
import { LIMITS } from '#core/limits.ts'

/** What the row says, in English sentences: facts of the file and nothing that is not in it. */
export const incidentText = (row: IncidentRow): Text => ({
  language: 'en',
  headline: cutAtWord(row.headlines[0] ?? composedHeadline(row), LIMITS.headlineCharactersMax),
  narrative: narrativeOf(row),
})

/** «State-based violence in Swat district, 2009-05-08». */
const composedHeadline = (row: IncidentRow): string =>
  `${VIOLENCE_TYPES[row.violenceType]} in ${whereabouts(row)}, ${daysOf(row)}`

const whereabouts = ({ province, district, placePrecision }: IncidentRow): string => {
  const isNamed = PLACE_PRECISIONS[placePrecision].isDistrictKnown && district !== null
  return isNamed ? `${named(district)} district` : JURISDICTIONS[province]
}

const daysOf = ({ firstDay, lastDay }: IncidentRow): string =>
  firstDay === lastDay ? firstDay : `${firstDay} to ${lastDay}`

const narrativeOf = (row: IncidentRow): string => {
  const { province, deaths, sources } = row
  const paragraphs = [
    `${VIOLENCE_TYPES[row.violenceType]} in ${whereabouts(row)} (${JURISDICTIONS[province]}).`,
    `Place: ${placeOf(row)}; ${PLACE_PRECISIONS[row.placePrecision].words}.`,
    `Date: ${daysOf(row)}; ${DATE_PRECISIONS[row.datePrecision].words}.`,
    `Sides: ${named(row.sideA) || 'not named'}; ${named(row.sideB) || 'not named'}.`,
    `Deaths: best estimate ${deaths.best}, low ${deaths.low}, high ${deaths.high}; ` +
      `civilians among them ${deaths.civilians}.`,
    `Reports: ${sources ?? 'number not recorded'}; ${CLARITIES[row.clarity].words}.`,
    ...row.headlines.slice(0, LIMITS.importHeadlinesMax).map((one) => `Reported as: ${told(one)}`),
    `Source: UCDP Georeferenced Event Dataset, Uppsala Conflict Data Program, event ${row.id} ` +
      '(CC BY-IGO). Open data about a past event; it is not intelligence.',
  ]
  return paragraphs.join('\n')
}

const placeOf = ({ place, placeDescription }: IncidentRow): string => {
  const said = [named(place), told(placeDescription)]
    .map((text) => text.replace(/[\s.,;]+$/, ''))
    .filter((text) => text !== '')
  return said.length === 0 ? 'not described' : [...new Set(said)].join(', ')
}

const named = (text: string): string => cutAtWord(text, LIMITS.importNameCharactersMax)
const told = (text: string): string => cutAtWord(text, LIMITS.importSentenceCharactersMax)
