import type { Classification } from '#core/classification.ts'
import type { Jurisdiction } from '#core/jurisdiction.ts'

/** Invented alerts for the demonstration. Nothing in them happened; nobody in them exists. */
export interface DemoAlert {
  readonly agency: string
  /** As `rabta publish` takes it. */
  readonly draft: {
    readonly kind: string
    readonly precedence: string
    readonly label: {
      readonly classification: Classification
      readonly jurisdictions: readonly Jurisdiction[]
      readonly releasableTo?: readonly string[]
      readonly caveats?: readonly string[]
    }
    readonly evaluation: { readonly reliability: string; readonly credibility: number }
    readonly texts: readonly {
      readonly language: string
      readonly headline: string
      readonly narrative: string
    }[]
    readonly areas: readonly { readonly jurisdiction: Jurisdiction; readonly district: string }[]
  }
}

const alert = (
  agency: string,
  home: Jurisdiction,
  what: {
    readonly classification: Classification
    readonly to: readonly Jurisdiction[]
    readonly kind: string
    readonly precedence: string
    readonly district: string
    readonly headline: string
    readonly urdu?: string
  },
): DemoAlert => ({
  agency,
  draft: {
    kind: what.kind,
    precedence: what.precedence,
    label: { classification: what.classification, jurisdictions: what.to },
    evaluation: { reliability: 'B', credibility: 2 },
    texts: [
      { language: 'en', headline: what.headline, narrative: 'Invented for a demonstration.' },
      ...(what.urdu === undefined
        ? []
        : [{ language: 'ur', headline: what.urdu, narrative: 'یہ ایک فرضی مثال ہے۔' }]),
    ],
    areas: [{ jurisdiction: home, district: what.district }],
  },
})

export const DEMO_ALERTS: readonly DemoAlert[] = [
  alert('ctd-kp', 'PK-KP', {
    classification: 'SECRET',
    to: ['PK', 'PK-KP', 'PK-PB'],
    kind: 'THREAT_ALERT',
    precedence: 'IMMEDIATE',
    district: 'Peshawar',
    headline: 'Invented: a lorry with a false tanker is expected on the motorway',
    urdu: 'فرضی: موٹروے پر جعلی ٹینکر والی گاڑی متوقع ہے',
  }),
  alert('ctd-punjab', 'PK-PB', {
    classification: 'RESTRICTED',
    to: ['PK', 'PK-IS', 'PK-PB'],
    kind: 'LOOKOUT',
    precedence: 'PRIORITY',
    district: 'Rawalpindi',
    headline: 'Invented: look out for a grey van with a broken rear lamp',
  }),
  alert('ctd-sindh', 'PK-SD', {
    classification: 'CONFIDENTIAL',
    to: ['PK', 'PK-SD'],
    kind: 'FINANCING_INDICATOR',
    precedence: 'ROUTINE',
    district: 'Karachi South',
    headline: 'Invented: many small transfers to one account within an hour',
  }),
  alert('ctd-balochistan', 'PK-BA', {
    classification: 'RESTRICTED',
    to: ['PK', 'PK-BA', 'PK-SD'],
    kind: 'INFORMATION_REPORT',
    precedence: 'ROUTINE',
    district: 'Khuzdar',
    headline: 'Invented: a culvert was repaired at night by people nobody knows',
  }),
  alert('ctd-ict', 'PK-IS', {
    classification: 'UNCLASSIFIED',
    to: ['PK', 'PK-IS', 'PK-KP', 'PK-PB'],
    kind: 'SITUATION_REPORT',
    precedence: 'ROUTINE',
    district: 'Islamabad',
    headline: 'Invented: roads around the exhibition are closed on Saturday',
  }),
]
