/**
 * Who gets what: every route × role × agency × realm, written from docs/design.md §2, §6 and §7.
 *
 * A block is a route as Fastify registers it, the outcomes that its cells name by a letter, and the
 * cells. An outcome is a status, the code of a refusal, and the access record that the request
 * leaves: `+ACTION` for one ALLOWED, `-ACTION` for one DENIED, nothing for none.
 *
 * Rows are about the one alert of the test, of ctd-kp in the live realm, to PK-GB, PK-KP and PK-PB:
 *   origin, named, other   callers of ctd-kp, of an agency that the label names, of another;
 *                          columns: publisher subscriber auditor administrator none (no role)
 *   special                a national auditor; a suspended person of the origin with every role; one
 *                          with every role of a suspended agency that the label names
 *   stranger               no token, a garbled one, one that has expired
 */
export const ROUTE_TABLE = `
POST /v1/token
  y = 200 +TOKEN
  s = 401 assertion-invalid -TOKEN
  a = 401 assertion-invalid
  i = 400 request-invalid
  live origin       y y y y y
  live named        y y y y y
  live other        y y y y y
  live special      y s s
  exercise origin   y y y y y
  exercise named    y y y y y
  exercise other    y y y y y
  exercise special  y s s
  stranger          i a a

POST /v1/alerts
  y = 201 +PUBLISH
  n = 403 not-permitted -PUBLISH
  r = 422 realm-mismatch -PUBLISH
  a = 401 not-authenticated
  live origin       y n n n n
  live named        n n n n n
  live other        n n n n n
  live special      n n n
  exercise origin   r r r r r
  exercise named    r r r r r
  exercise other    r r r r r
  exercise special  r r r
  stranger          a a a

GET /v1/alerts/:origin/:id
  y = 200 +READ
  n = 404 not-found -READ
  a = 401 not-authenticated
  live origin       n y n n n
  live named        n y n n n
  live other        n n n n n
  live special      n n n
  exercise origin   n n n n n
  exercise named    n n n n n
  exercise other    n n n n n
  exercise special  n n n
  stranger          a a a

GET /v1/alerts/:origin/:id/status
  y = 200
  n = 404 not-found -READ
  a = 401 not-authenticated
  live origin       y y y y n
  live named        n n n n n
  live other        n n n n n
  live special      n n n
  exercise origin   n n n n n
  exercise named    n n n n n
  exercise other    n n n n n
  exercise special  n n n
  stranger          a a a

POST /v1/alerts/:origin/:id/acknowledgements
  y = 201 +ACKNOWLEDGE
  n = 404 not-found -ACKNOWLEDGE
  a = 401 not-authenticated
  live origin       n y n n n
  live named        n y n n n
  live other        n n n n n
  live special      n n n
  exercise origin   n n n n n
  exercise named    n n n n n
  exercise other    n n n n n
  exercise special  n n n
  stranger          a a a

GET /v1/alerts/:origin/:id/export
  y = 200 +EXPORT
  n = 404 not-found -EXPORT
  a = 401 not-authenticated
  live origin       n y n n n
  live named        n y n n n
  live other        n n n n n
  live special      n n n
  exercise origin   n n n n n
  exercise named    n n n n n
  exercise other    n n n n n
  exercise special  n n n
  stranger          a a a

POST /v1/label/preview
  y = 200 +PREVIEW
  n = 403 not-permitted -PREVIEW
  a = 401 not-authenticated
  live origin       y y n n n
  live named        y y n n n
  live other        y y n n n
  live special      n n n
  exercise origin   y y n n n
  exercise named    y y n n n
  exercise other    y y n n n
  exercise special  n n n
  stranger          a a a

GET /v1/feed
  y = 200 +RELEASE
  e = 200
  a = 401 not-authenticated
  live origin       e y e e e
  live named        e y e e e
  live other        e e e e e
  live special      e e e
  exercise origin   e e e e e
  exercise named    e e e e e
  exercise other    e e e e e
  exercise special  e e e
  stranger          a a a

GET /v1/feed/stream
  y = 200 +RELEASE
  e = 200
  n = 403 role-missing
  s = 403 not-permitted
  a = 401 not-authenticated
  live origin       n y n n n
  live named        n y n n n
  live other        n e n n n
  live special      n s s
  exercise origin   n e n n n
  exercise named    n e n n n
  exercise other    n e n n n
  exercise special  n s s
  stranger          a a a

GET /v1/directory/entries
  y = 200 +DIRECTORY
  n = 404 not-found -DIRECTORY
  a = 401 not-authenticated
  live origin       y y y y y
  live named        y y y y y
  live other        y y y y y
  live special      y n n
  exercise origin   y y y y y
  exercise named    y y y y y
  exercise other    y y y y y
  exercise special  y n n
  stranger          a a a

POST /v1/directory/entries
  y = 201 +DIRECTORY
  n = 403 role-missing -DIRECTORY
  l = 403 not-permitted -DIRECTORY
  s = 404 not-found -DIRECTORY
  a = 401 not-authenticated
  live origin       n n n y n
  live named        n n n n n
  live other        n n n n n
  live special      n s s
  exercise origin   l l l l l
  exercise named    l l l l l
  exercise other    l l l l l
  exercise special  l s s
  stranger          a a a

GET /v1/schemas
  y = 200
  everyone          y

GET /v1/schemas/:fingerprint
  y = 200
  everyone          y

GET /v1/policies/:digest
  y = 200
  everyone          y

GET /v1/openapi.json
  y = 200
  everyone          y

GET /v1/docs
  y = 200
  everyone          y

GET /health/live
  y = 200
  everyone          y

GET /health/ready
  y = 200
  everyone          y

GET /metrics
  y = 200
  everyone          y

GET /v1/access-log/checkpoint
  y = 200
  everyone          y

GET /v1/access-log/tile/*
  y = 200
  everyone          y

GET /v1/access-log/tile/entries/*
  y = 200 +SEARCH
  n = 403 not-permitted -SEARCH
  a = 401 not-authenticated
  live origin       n n n n n
  live named        n n n n n
  live other        n n n n n
  live special      y n n
  exercise origin   n n n n n
  exercise named    n n n n n
  exercise other    n n n n n
  exercise special  n n n
  stranger          a a a

GET /v1/access-log/records
  y = 200 +SEARCH
  n = 403 not-permitted -SEARCH
  a = 401 not-authenticated
  live origin       n n y n n
  live named        n n y n n
  live other        n n y n n
  live special      y n n
  exercise origin   n n y n n
  exercise named    n n y n n
  exercise other    n n y n n
  exercise special  y n n
  stranger          a a a

GET /v1/access-log/records/:index
  y = 200 +SEARCH
  n = 404 not-found -SEARCH
  a = 401 not-authenticated
  live origin       y n y n n
  live named        n n n n n
  live other        n n n n n
  live special      y n n
  exercise origin   n n n n n
  exercise named    n n n n n
  exercise other    n n n n n
  exercise special  n n n
  stranger          a a a

GET /v1/access-log/records/:index/proof
  y = 200 +PROOF
  n = 404 not-found -PROOF
  a = 401 not-authenticated
  live origin       y n y n n
  live named        n n n n n
  live other        n n n n n
  live special      y n n
  exercise origin   n n n n n
  exercise named    n n n n n
  exercise other    n n n n n
  exercise special  n n n
  stranger          a a a

GET /v1/access-log/alerts/:origin/:id
  y = 200 +SEARCH
  n = 404 not-found -SEARCH
  a = 401 not-authenticated
  live origin       n n y n n
  live named        n n n n n
  live other        n n n n n
  live special      y n n
  exercise origin   n n n n n
  exercise named    n n n n n
  exercise other    n n n n n
  exercise special  n n n
  stranger          a a a
`
