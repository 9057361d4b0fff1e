/** Opens connections to a server and says nothing on them: COUNT to PORT of 127.0.0.1, from FROM. */
import { connect } from 'node:net'

const [count, port, from = '127.0.0.2'] = process.argv.slice(2)
const OPENING_AT_ONCE = 200

let open = 0
let refused = 0

const hold = (): Promise<void> =>
  new Promise((settled) => {
    const socket = connect({ host: '127.0.0.1', port: Number(port), localAddress: from })
    socket.on('error', () => undefined)
    socket.once('connect', () => {
      open += 1
      settled()
    })
    socket.once('close', () => {
      if (socket.bytesRead === 0) refused += 1
      open -= 1
      settled()
    })
    // What is said is not listened to.
    socket.resume()
  })

const left = Array.from({ length: Number(count) }).values()
const worker = async (): Promise<void> => {
  for (const _ of left) await hold()
}
await Promise.all(Array.from({ length: OPENING_AT_ONCE }, worker))
process.stdout.write('{"tried":true}\n')
// Told at each line of input, until there is none.
process.stdin.on('data', () => process.stdout.write(`${JSON.stringify({ open, refused })}\n`))
process.stdin.on('end', () => process.exit(0))
