// A subscriber reads its feed to the end, and goes on there next time: node docs/examples/subscribe.ts
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { feedPages } from '#clients/sdk/feed.ts'
import { home, print, session } from '#examples/open-session.ts'

const file = join(home, `${session.principal.replace('/', '.')}.cursor`)
const from = await readFile(file, 'utf8').catch(() => 'earliest')
for await (const { widened, items, cursor } of feedPages(session, { from })) {
  for (const item of items) {
    if (item.ok) print(`${item.alert.origin}/${item.alert.id} ${item.alert.texts[0]?.headline}`)
    else print(`NOT VERIFIED ${item.fault}`) // evidence, never an alert
  }
  if (widened) print('RIGHTS WIDENED: remove the cursor to get what was passed over')
  await writeFile(file, cursor) // once the page is dealt with: after a crash nothing is missed
}
