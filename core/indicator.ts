/** What points at a person or thing, and the one form its value is written in. */
export const INDICATORS = {
  PERSON: { form: 'a name, 1 to 200 characters', matches: (text: string) => isName(text) },
  CNIC: { form: '13 digits', matches: (text: string) => /^\d{13}$/.test(text) },
  PHONE: { form: 'E.164: + and 7 to 15 digits', matches: (text: string) => isPhone(text) },
  VEHICLE: { form: 'capitals, digits, hyphens', matches: (text: string) => isPlate(text) },
  IMEI: { form: '15 digits with a Luhn check digit', matches: (text: string) => isImei(text) },
  ACCOUNT: {
    form: 'capitals and digits, e.g. an IBAN',
    matches: (text: string) => isAccount(text),
  },
  ORGANISATION: { form: 'a name, 1 to 200 characters', matches: (text: string) => isName(text) },
  DOCUMENT: { form: 'capitals, digits, / and -', matches: (text: string) => isDocument(text) },
} as const
export type IndicatorType = keyof typeof INDICATORS

const isName = (text: string): boolean => text.trim() === text && /^.{1,200}$/u.test(text)
const isPhone = (text: string): boolean => /^\+[1-9]\d{6,14}$/.test(text)
const isPlate = (text: string): boolean =>
  /^[A-Z0-9]+(?:-[A-Z0-9]+)*$/.test(text) && text.length <= 20
const isAccount = (text: string): boolean => /^[A-Z0-9]{4,34}$/.test(text)
const isDocument = (text: string): boolean => /^[A-Z0-9](?:[A-Z0-9/-]{0,38}[A-Z0-9])?$/.test(text)
const isImei = (text: string): boolean => /^\d{15}$/.test(text) && luhnSum(text) % 10 === 0

/** ISO/IEC 7812-1 annex B. */
const luhnSum = (digits: string): number =>
  [...digits].reverse().reduce((sum, digit, index) => {
    const value = Number(digit) * (index % 2 === 0 ? 1 : 2)
    return sum + (value > 9 ? value - 9 : value)
  }, 0)
