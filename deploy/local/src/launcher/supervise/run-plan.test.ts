import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { isSameProcess } from '../host/procfs.ts'
import type { Component, Context, Part, Step } from '../plan/part.ts'
import { planStart, planStop } from '../plan/plan.ts'
import { everyProfile } from '../plan/profiles.ts'
import { openContext } from './context.ts'
import { type OnProgress, type Progress, startAll, stopAll, stopOne } from './run-plan.ts'
import { readRecord } from './run-record.ts'
import { killComponent, lookAt, pauseComponent, resumeComponent } from './supervisor.ts'

const root = mkdtempSync(join(tmpdir(), 'tenseams-run-'))
const context: Context = await openContext({ root, instance: 'one' })
const { signal } = new AbortController()
const nobody: OnProgress = () => undefined

afterAll(() => rmSync(root, { recursive: true, force: true }))

const component = (name: string, script: string, more: Partial<Component> = {}): Component => ({
  kind: 'component',
  name,
  title: name,
  profiles: everyProfile,
  needs: [],
  ports: [],
  command: async () => ({ file: '/bin/sh', arguments: ['-c', script] }),
  isReady: async () => true,
  readyTimeoutMs: 2_000,
  stopSignal: 'SIGTERM',
  stopTimeoutMs: 500,
  ...more,
})

const step = (name: string, run: () => Promise<void>, more: Partial<Step> = {}): Step => ({
  kind: 'step',
  name,
  title: name,
  profiles: everyProfile,
  needs: [],
  run,
  timeoutMs: 1_000,
  ...more,
})

async function start(parts: readonly Part[], onProgress: OnProgress = nobody): Promise<void> {
  await startAll(planStart(parts, 'full'), context, onProgress, signal)
}

const stop = (parts: readonly Part[]) =>
  stopAll(planStop(planStart(parts, 'full')), context, nobody)

test('a component starts, pauses, resumes and stops', async () => {
  // Without exec, the shell may be stopped between vfork and its child's exec: it waits there and is not seen as stopped.
  const sleeper = component('sleeper', 'exec sleep 60')
  await start([sleeper])
  const { identity } = readRecord(context.paths, 'sleeper') ?? {}
  expect(lookAt(context.paths, 'sleeper')).toBe('ready')
  pauseComponent(sleeper, context.paths)
  await expect.poll(() => lookAt(context.paths, 'sleeper'), { timeout: 10_000 }).toBe('paused')
  resumeComponent(sleeper, context.paths)
  await expect.poll(() => lookAt(context.paths, 'sleeper'), { timeout: 10_000 }).toBe('ready')
  await stop([sleeper])
  expect(lookAt(context.paths, 'sleeper')).toBe('stopped')
  expect(identity && isSameProcess(identity)).toBe(false)
})

test('a killed component is stopped, and one that exits by itself has failed', async () => {
  const [victim, mortal] = [component('victim', 'sleep 60'), component('mortal', 'sleep 0.3')]
  await start([victim, mortal])
  await killComponent(victim, context.paths)
  expect(lookAt(context.paths, 'victim')).toBe('stopped')
  await expect.poll(() => lookAt(context.paths, 'mortal'), { timeout: 10_000 }).toBe('failed')
  await stop([victim, mortal])
  expect(lookAt(context.paths, 'mortal')).toBe('stopped')
})

test('one component is stopped alone, after the steps whose effect is lost with it are undone', async () => {
  const [cluster, other] = [component('cluster', 'sleep 60'), component('other', 'sleep 60')]
  const forgetful = { ...cluster, forgets: ['jobs'] }
  const order: string[] = []
  const jobs = step('jobs', async () => undefined, {
    needs: ['cluster'],
    undo: {
      isNeeded: () => true,
      run: async () => void order.push(`jobs saved while the cluster is ${stateOfCluster()}`),
      timeoutMs: 1_000,
    },
  })
  const stateOfCluster = () => lookAt(context.paths, 'cluster')
  const table = [forgetful, other, jobs]
  await start(table)
  await stopOne(forgetful, table, context, ({ part, state }) => order.push(`${part.name} ${state}`))
  expect(order).toEqual([
    ...['jobs stopping', 'jobs saved while the cluster is ready', 'jobs stopped'],
    ...['cluster stopping', 'cluster stopped'],
  ])
  expect([stateOfCluster(), lookAt(context.paths, 'other')]).toEqual(['stopped', 'ready'])
  await stop([other])
})

test('a component that ignores its stop signal is killed', async () => {
  const deaf = component('deaf', 'trap "" TERM; while true; do sleep 0.1; done')
  await start([deaf])
  await stop([deaf])
  expect(lookAt(context.paths, 'deaf')).toBe('stopped')
})

test('a component that exits too early reports the end of its log', async () => {
  const broken = component('broken', 'echo the reason; exit 1', { isReady: async () => false })
  await expect(start([broken])).rejects.toThrow(/broken exited.*\| the reason/s)
  await stop([broken])
})

test('a component whose program does not exist has failed', async () => {
  const command = async () => ({ file: '/no/such/program', arguments: [] })
  await expect(start([component('absent', '', { command })])).rejects.toThrow(/cannot be run/)
})

test('a component that is not ready in time has failed and is still stopped', async () => {
  const slow = component('slow', 'sleep 60', { isReady: async () => false, readyTimeoutMs: 300 })
  await expect(start([slow])).rejects.toThrow(/not ready within 0.3 s/)
  await stop([slow])
  expect(lookAt(context.paths, 'slow')).toBe('stopped')
})

test('the parts that need a failed part are not started', async () => {
  const told: string[] = []
  const failing = step('failing', () => Promise.reject(new Error('no')))
  const after = step('after', async () => undefined, { needs: ['failing'] })
  const tell = ({ part, state }: Progress) => told.push(`${part.name} ${state}`)
  await expect(start([failing, after], tell)).rejects.toThrow('no')
  expect(told).toEqual(['failing starting', 'failing failed'])
})

test('an optional part that does not start is reported, and the others are started', async () => {
  const store = component('store', 'exit 3', { isOptional: true, isReady: async () => false })
  const other = component('other', 'sleep 60')
  const told: string[] = []
  await start([store, other], ({ part, state }) => told.push(`${part.name} ${state}`))
  expect(told).toContain('store failed')
  expect(lookAt(context.paths, 'other')).toBe('ready')
  await stop([store, other])
})

test('a hanging step fails after its timeout', async () => {
  const hanging = step('hanging', () => new Promise(() => undefined), { timeoutMs: 50 })
  await expect(start([hanging])).rejects.toThrow(/hanging did not finish within/)
})

test('a step is undone before the parts that it needs are stopped, and a failure does not prevent the stop', async () => {
  const seen: string[] = []
  const base = component('base', 'sleep 60')
  const jobs = step('jobs', async () => undefined, {
    needs: ['base'],
    undo: {
      isNeeded: () => true,
      run: async () => {
        seen.push(lookAt(context.paths, 'base'))
        throw new Error('no savepoint')
      },
      timeoutMs: 1_000,
    },
  })
  await start([base, jobs])
  await stop([base, jobs])
  expect([...seen, lookAt(context.paths, 'base')]).toEqual(['ready', 'stopped'])
})

test('a second start leaves running parts alone', async () => {
  const once = component('once', 'sleep 60')
  await start([once])
  const first = readRecord(context.paths, 'once')
  await start([once])
  expect(readRecord(context.paths, 'once')).toEqual(first)
  await stop([once])
})
