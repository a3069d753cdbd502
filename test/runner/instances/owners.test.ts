import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { projectRoot } from '@tenseams/cli/instance'
import { readStat } from '@tenseams/local/launcher/host/procfs'
import { eventually } from '@tenseams/local/launcher/host/wait'
import { afterEach, expect, test } from 'vitest'
import {
  answerForChildren,
  killBelow,
  killOrphans,
  ownersText,
  parseOwners,
  pidsBelow,
} from './owners.ts'

const self = answerForChildren()
afterEach(() => killBelow(self))

const parent = `
import { spawn } from 'node:child_process'
import { answerForChildren } from ${JSON.stringify(join(projectRoot, 'test/runner/instances/owners.ts'))}
answerForChildren()
console.log(spawn('sleep', ['600'], { detached: true, stdio: 'ignore' }).pid)
setInterval(() => undefined, 1_000)
`

test('owners are read as they are written', () => {
  const owners = [self, { pid: 7, startTicks: '8' }]
  expect(parseOwners(ownersText(owners))).toEqual(owners)
  expect(parseOwners()).toEqual([])
})

test('a child is found and ended after its parent has died', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', parent], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(child.stdout, 'data')
  const grandchild = Number(line)
  expect(pidsBelow(self)).toEqual(expect.arrayContaining([child.pid, grandchild]))

  killOrphans()
  expect(readStat(grandchild), 'its owners are alive').toBeDefined()

  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(readStat(grandchild), 'it was not ended yet').toBeDefined()
  killOrphans()
  await eventually(() => readStat(grandchild) === undefined, {
    timeoutMs: 10_000,
    what: 'the grandchild to be gone',
  })
}, 30_000)
