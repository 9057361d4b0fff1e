// A live subscriber is told as alerts come, and says that they came: node docs/examples/follow.ts
import { Acknowledgements } from '#clients/sdk/acknowledge.ts'
import { feedStream } from '#clients/sdk/feed-stream.ts'
import { print, session } from '#examples/open-session.ts'

const stopping = new AbortController()
process.once('SIGINT', () => stopping.abort()).once('SIGTERM', () => stopping.abort())
const acknowledgements = new Acknowledgements(session)
// A lost connection, an expired token and a hub that restarts are taken up again by themselves.
for await (const { release } of feedStream(session, { signal: stopping.signal })) {
  if (release === null) continue // a sign of life; its cursor may be kept
  if (!release.ok) {
    print(`NOT VERIFIED ${release.fault}`)
    continue
  }
  const { origin, id, precedence } = release.alert
  const { record } = await acknowledgements.once({ origin, id, digest: release.stamp.digest })
  print(`${precedence} ${origin}/${id} acknowledged by leaf ${record.index}`)
}
