/** What a signed alert is on the wire. */
export const SIGNED_ALERT_TYPE = 'application/vnd.rabta.signed-alert+avro'
