import { Type } from 'typebox'
import { LIMITS } from '#core/limits.ts'
import { REALMS } from '#core/realm.ts'

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** What POST /v1/token takes (RFC 6749 §4.4, RFC 7523 §2.2). */
export const TokenBody = Type.Object(
  {
    grant_type: Type.Literal('client_credentials'),
    client_assertion_type: Type.Literal(ASSERTION_TYPE),
    client_assertion: Type.String({ maxLength: LIMITS.assertionCharactersMax }),
    scope: Type.Enum([...REALMS], { description: 'The one realm that the token is for.' }),
  },
  { additionalProperties: false },
)
