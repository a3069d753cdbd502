import { existsSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { serviceComponents } from '../../parts/services.ts'
import { openContext } from './context.ts'
import { takeLock } from './lock.ts'
import { boundLogs, LOG_LIMIT_BYTES } from './log.ts'
import { watcherLockOf } from './watch.ts'
import { Watcher } from './watcher.ts'

/**
 * The process that watches an instance's services and the size of all its logs: `watch-main.ts <root> <instance>`. Started
 * by `startWatcher`.
 */
const INTERVAL_MS = 1_000

const [root, instance] = process.argv.slice(2)
if (root === undefined || instance === undefined) throw new Error('which instance?')

const open = () => openContext({ root, instance })
const context = await open()
const release = takeLock(watcherLockOf(context.paths), `the watch over ${instance}`)
const stopping = new AbortController()
for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stopping.abort())

const watcher = new Watcher({
  ...{ components: serviceComponents, openContext: open, context },
  say: (line) => process.stdout.write(`${line}\n`),
})
/** A log that cannot be bounded now is tried again at the next look. */
function bound(): void {
  try {
    boundLogs(context.paths.logs, context.settings.logLimitBytes ?? LOG_LIMIT_BYTES)
  } catch (error) {
    process.stdout.write(`the size of the logs is not bounded: ${error}\n`)
  }
}

while (!stopping.signal.aborted && existsSync(context.paths.run)) {
  await watcher.look(stopping.signal)
  bound()
  await delay(INTERVAL_MS, undefined, { signal: stopping.signal }).catch(() => undefined)
}
release()
