/** SHA-256, synchronous: 32 bytes. Handed in, because Node and browsers have different ones. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array
