import { spawn } from 'node:child_process'
import { projectRoot } from '@tenseams/cli/instance'
import { pathsOf } from '@tenseams/local/launcher/host/paths'
import { identify } from '@tenseams/local/launcher/host/procfs'
import { writeRecord } from '@tenseams/local/launcher/supervise/run-record'
import { guard } from '../guardian.ts'
import { instanceOf } from '../instance.ts'

/**
 * For `guardian.test.ts` only: guards an instance whose one component is a process that sleeps, has a child that belongs to no
 * instance, and never ends.
 */
const instance = instanceOf(process.pid)
guard({ instance, portOffset: 10_000 })
const { PATH } = process.env
const component = spawn('sleep', ['600'], { detached: true, stdio: 'ignore', env: { PATH } })
const identity = identify(component.pid ?? 0)
if (identity === undefined) throw new Error('the component has ended')
writeRecord(pathsOf(projectRoot, instance), 'orders', { identity, phase: 'ready', startedAt: 0 })
const child = spawn('sleep', ['600'], { stdio: 'ignore' })
console.log(JSON.stringify({ instance, pids: [process.pid, component.pid, child.pid] }))
setInterval(() => undefined, 1_000)
