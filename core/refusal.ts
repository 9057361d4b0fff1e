/**
 * Every «no» that a caller can get: its HTTP status, its meaning, and what the caller can do.
 * Codes are for ever; texts may change.
 */
export const REFUSALS = {
  // The request itself
  'not-authenticated': [
    401,
    'The request has no valid access token.',
    'Get a token at POST /v1/token.',
  ],
  'assertion-invalid': [
    401,
    'The client assertion was refused.',
    'Check key, audience, times (≤ 60 s) and that each assertion is used once.',
  ],
  'not-found': [
    404,
    'There is nothing here that you may see.',
    'Check the address and the label you are cleared for.',
  ],
  'route-unknown': [404, 'No such route.', 'See docs/api.md.'],
  'not-acceptable': [
    406,
    'None of the media types in Accept can be given.',
    'Ask for one of those listed in detail.',
  ],
  'media-type-unsupported': [
    415,
    'The body has another media type than this route takes.',
    'Set Content-Type as detail says.',
  ],
  'request-invalid': [400, 'The request is not well formed.', 'See detail.'],
  'case-missing': [
    400,
    'An alert is exported for a case, and the request names none.',
    'Send Rabta-Purpose with a code and a case reference: PROSECUTION FIR:12/2026.',
  ],
  'request-slow': [
    408,
    'The request did not come whole in time; the connection is closed.',
    'Send it again, over a connection that is fast enough.',
  ],
  'body-too-large': [413, 'The body is longer than this route takes.', 'See docs/api.md.'],
  'url-too-long': [414, 'The address is longer than 4,096 characters.', 'Ask for less at once.'],
  'encoding-unsupported': [
    415,
    'The body is compressed or otherwise encoded; nothing is decoded here.',
    'Send it as it is, without Content-Encoding.',
  ],
  'headers-too-large': [
    431,
    'There are more than 64 headers, or more than 16 KiB of them.',
    'Send fewer headers.',
  ],
  'cursor-invalid': [
    400,
    'The cursor was not made by this hub for you, this realm and this filter.',
    'Start again with from=earliest or from=now.',
  ],
  'range-invalid': [
    416,
    'The index is beyond the log, or the range is empty.',
    'Ask within the checkpoint’s size.',
  ],
  // The bytes of an alert
  'alert-too-large': [
    413,
    'The signed alert is longer than the limit.',
    'Split it, or refer to a document by its digest.',
  ],
  'envelope-malformed': [
    400,
    'The bytes are not a signed alert in its one canonical form.',
    'Encode with the published schema; see detail for the byte.',
  ],
  'payload-type-unknown': [
    400,
    'The envelope’s payload type is not that of an alert.',
    'Use application/vnd.rabta.alert+avro.',
  ],
  'signatures-malformed': [
    400,
    'Signatures must be 1 to 4, sorted by key id, each once, of 64 bytes.',
    'Sort and count them; ECDSA needs P1363 form with low S.',
  ],
  'alert-malformed': [
    400,
    'The payload is not an alert in its one canonical form.',
    'Encode with the published schema; see detail for the byte.',
  ],
  'schema-unknown': [
    400,
    'The payload’s schema fingerprint is not known here.',
    'See GET /v1/schemas for those that are.',
  ],
  'codecs-disagree': [
    400,
    'Two independent decoders do not agree on these bytes.',
    'Encode canonically, with one block an array and minimal varints.',
  ],
  'alert-meaningless': [422, 'A field’s value has no meaning.', 'See detail for the field.'],
  'text-controls': [
    422,
    'A text holds control or bidirectional control characters.',
    'Remove them: they can make a text look like another.',
  ],
  'label-invalid': [
    422,
    'The label is not one: an unknown or unsorted value, an empty list, or a double.',
    'See detail for the part.',
  ],
  'agency-unknown': [
    422,
    'releasableTo names an agency that the directory does not know.',
    'Check its name: rabta directory lists the agencies.',
  ],
  'realm-mismatch': [
    422,
    'The alert’s realm is not that of the access token.',
    'Get a token for the alert’s realm.',
  ],
  'sent-at-absurd': [
    422,
    'sentAt is more than ten minutes from the hub’s clock.',
    'Set the sender’s clock; sign again.',
  ],
  'already-expired': [
    422,
    'The alert has expired before it was sent.',
    'Sign it again with a later expiry.',
  ],
  'id-taken': [
    409,
    'Another alert of this origin has this id already.',
    'Use a new id; correct an alert with SUPERSEDES.',
  ],
  'recall-unknown': [
    422,
    'RECALLS names no alert of this origin with that digest, or one that cannot be recalled.',
    'Take id and digest from the alert’s status; a recall cannot itself be recalled.',
  ],
  'recall-label-differs': [
    422,
    'The recall’s label is not exactly that of the alert that it recalls.',
    'Sign the recall under the very same label, so that it reaches the same readers.',
  ],
  'superseded-unknown': [
    422,
    'SUPERSEDES names no alert of this origin with that digest.',
    'Take id and digest from the alert’s status.',
  ],
  // An entry of the directory
  'directory-entry-too-large': [
    413,
    'The signed directory entry is longer than the limit.',
    'Split the change.',
  ],
  'directory-entry-invalid': [
    422,
    'The directory would ignore this entry, so it was not entered.',
    'See detail for the fault: form, signer, authority, ceiling, time or value.',
  ],
  'directory-moved': [
    409,
    'Another entry has taken this one’s place in the chain.',
    'Read GET /v1/directory/entries on, and sign the change again behind the new head.',
  ],
  // Keys and signatures
  'key-unknown': [
    403,
    'No key of this id is in the directory.',
    'Have the agency’s administrator add it.',
  ],
  'key-of-another-agency': [
    403,
    'The key belongs to another agency than the origin.',
    'Sign with a key of the origin.',
  ],
  'key-wrong-usage': [
    403,
    'The key is not for signing alerts of this realm.',
    'Use an alert_signing key (live) or exercise_signing key (exercise).',
  ],
  'key-not-valid-now': [
    403,
    'The key is not valid yet, or no longer.',
    'Sign with a key whose validity covers now.',
  ],
  'key-revoked': [403, 'The key was revoked.', 'Sign with another key.'],
  'agency-suspended': [403, 'The agency is suspended.', 'Ask the federation’s root.'],
  'signature-invalid': [
    403,
    'A signature does not verify over these bytes.',
    'Sign DSSE’s pre-authentication encoding of the payload.',
  ],
  // What the policy says
  'not-permitted': [
    403,
    'The policy does not permit it.',
    'The reasons say what is lacking; your agency’s administrator can tell what you hold.',
  ],
  'token-unbound': [
    403,
    'SECRET and above needs an access token that is bound to your certificate.',
    'Get the token, and send this, over mutual TLS with one certificate.',
  ],
  'role-missing': [
    403,
    'You do not have the role that this needs in this realm.',
    'Ask your agency’s administrator.',
  ],
  // The state of the hub
  'rate-limited': [429, 'Too many requests.', 'Wait as Retry-After says.'],
  'streams-too-many': [
    429,
    'This principal has as many live streams open as it may.',
    'Close one; one stream with a wider filter does the work of several.',
  ],
  overloaded: [503, 'The hub has as much waiting as it allows itself.', 'Retry after a while.'],
  'disk-low': [
    503,
    'The hub’s disk is nearly full, so no alert is taken; what is left is for access records.',
    'Send the very same bytes again later; the operator makes room.',
  ],
  'directory-stale': [
    503,
    'The directory’s head was not confirmed within two seconds, so nothing is released.',
    'Retry after a while.',
  ],
  'policy-not-active': [
    503,
    'This node has another policy than the directory has activated, so it decides nothing.',
    'The operator installs the active policy: see GET /v1/policies.',
  ],
  'record-not-durable': [
    503,
    'The access record could not be made durable in time, so nothing was released.',
    'Retry.',
  ],
  'log-unavailable': [503, 'The log cannot be written now; certainly nothing was.', 'Retry.'],
  'outcome-unknown': [
    503,
    'It is not known whether this was written.',
    'Send the very same bytes again: that is safe.',
  ],
  'catching-up': [503, 'This node has not yet read as far as you ask.', 'Retry after a while.'],
  'index-damaged': [
    503,
    'An alert in this node’s index is damaged; nothing is passed over, so it goes no further here.',
    'Ask another gateway of the hub, or later: the operator has to delete the view.',
  ],
  'no-seal-key': [
    503,
    'There is no seal key for this classification and month on this node.',
    'The operator adds keys for the months to come.',
  ],
  erased: [410, 'The alert’s content was erased with its seal key.', 'Ask the originator.'],
  expired: [410, 'The alert has expired.', 'Ask the originator.'],
  recalled: [
    410,
    'Its originator has recalled the alert.',
    'Withdraw every copy; the recall is in the feed.',
  ],
  compromised: [
    410,
    'A key that signed the alert was reported compromised before the alert was accepted.',
    'Ask the originator.',
  ],
  internal: [500, 'A fault of the hub.', 'Tell the operator the request id.'],
} as const satisfies Record<string, readonly [status: number, meaning: string, remedy: string]>

export type RefusalCode = keyof typeof REFUSALS

export interface Refusal {
  readonly code: RefusalCode
  /** Which field, byte or value; never content of an alert. */
  readonly detail?: string
  /** The policy's reasons, when the caller may know them. */
  readonly reasons?: readonly string[]
  /** When the same request may be answered otherwise, where that is known. */
  readonly retryAfterMs?: number
}

/** An expected «no» is a value. */
export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: Refusal }

export const accept = <T>(value: T): Result<T> => ({ ok: true, value })

export const refuse = (code: RefusalCode, detail?: string): { ok: false; refusal: Refusal } => ({
  ok: false,
  refusal: detail === undefined ? { code } : { code, detail },
})
