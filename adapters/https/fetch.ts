import { readFile } from 'node:fs/promises'
import { Agent, type RequestOptions, request } from 'node:https'
import { Readable } from 'node:stream'
import { readKeyFile } from '#adapters/files/key-file.ts'

/** PEM files with which a client knows its hub, and its hub a client. */
export interface ClientTls {
  /** Of the authority of the hub's certificate; null: one that the platform trusts. */
  readonly authorityFile: string | null
  /** The client's own certificate and its key. */
  readonly identity: { readonly certificateFile: string; readonly keyFile: string } | null
}

/**
 * A `fetch` over TLS 1.3 with these files: the platform's own has no place for a certificate. It
 * follows no redirect, and sends a body whole. Rejects with `LoosePermissions` when others can read the key.
 */
export const openHttpsFetch = async ({
  authorityFile,
  identity,
}: ClientTls): Promise<typeof fetch> => {
  const agent = new Agent({
    keepAlive: true,
    minVersion: 'TLSv1.3',
    ...(authorityFile === null ? {} : { ca: await readFile(authorityFile, 'utf8') }),
    ...(identity === null
      ? {}
      : {
          cert: await readFile(identity.certificateFile, 'utf8'),
          key: await readKeyFile(identity.keyFile),
        }),
  })
  return async (input, init) => {
    const asked = new Request(input, init)
    const { method, url, signal } = asked
    const body = Buffer.from(await asked.arrayBuffer())
    const headers = Object.fromEntries(asked.headers)
    return send(url, { agent, method, headers, signal }, body)
  }
}

const send = (url: string, options: RequestOptions, body: Uint8Array): Promise<Response> =>
  new Promise((resolve, reject) => {
    const sending = request(url, options, (answer) => {
      const { statusCode: status = 0, rawHeaders } = answer
      if (status >= 300 && status < 400 && status !== 304) {
        answer.destroy()
        reject(new TypeError('the answer leads elsewhere'))
        return
      }
      const headers = new Headers()
      for (let at = 0; at < rawHeaders.length; at += 2) {
        headers.append(rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '')
      }
      const hasBody = options.method !== 'HEAD' && status !== 204 && status !== 304
      if (!hasBody) answer.resume()
      const stream = hasBody ? (Readable.toWeb(answer) as ReadableStream<Uint8Array>) : null
      resolve(new Response(stream, { status, headers }))
    })
    sending.on('error', reject)
    sending.end(body.length > 0 ? body : undefined)
  })
