import type { Cells } from '#clients/cli/import/incident-row.ts'

/** The cells of an invented event; `changes` replace some. */
export const sampleCells = (changes: Partial<Cells> = {}): Cells => ({
  id: '900101',
  date_start: '2001-02-03',
  date_end: '2001-02-03',
  date_prec: '1',
  event_clarity: '1',
  type_of_violence: '1',
  side_a: 'Invented Group A',
  side_b: 'Invented Group B',
  number_of_sources: '2',
  source_headline: '',
  where_prec: '1',
  where_coordinates: 'Example bazaar',
  where_description: 'near nowhere',
  adm_1: 'Sindh province',
  adm_2: 'Samplepur district',
  latitude: '28.1',
  longitude: '66.1',
  deaths_civilians: '1',
  best: '2',
  high: '3',
  low: '1',
  ...changes,
})
