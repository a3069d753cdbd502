import { existsSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { guardedFile } from './guardian.ts'
import { endAtOnce } from './instance.ts'
import { isAlive, kill, killBelow, parseOwners } from './owners.ts'

/** Waits in the background until an instance is gone, or one of those who answer for it; then it ends what is left. */
const INTERVAL_MS = 500

const [instance, ownersText, root] = process.argv.slice(2)
if (instance === undefined) throw new Error('which instance?')
const owners = parseOwners(ownersText)

// Ctrl-C is for those who are watched.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined)

while (existsSync(guardedFile(instance, root))) {
  const dead = owners.findIndex((owner) => !isAlive(owner))
  if (dead >= 0) {
    // Those after the dead one have no more use, and the last one could start further parts.
    kill(
      owners
        .slice(dead + 1)
        .filter(isAlive)
        .map(({ pid }) => pid),
    )
    for (const owner of owners.slice(dead)) killBelow(owner)
    endAtOnce(instance, { root })
  }
  await delay(INTERVAL_MS)
}
