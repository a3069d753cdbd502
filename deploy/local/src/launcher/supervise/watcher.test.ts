import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import type { Component } from '../plan/part.ts'
import { everyProfile } from '../plan/profiles.ts'
import { openContext } from './context.ts'
import { readRestarts } from './restarts.ts'
import { readRecord } from './run-record.ts'
import { killComponent, logFileOf, lookAt, startComponent, stopComponent } from './supervisor.ts'
import { Watcher } from './watcher.ts'

const root = mkdtempSync(join(tmpdir(), 'tenseams-watch-'))
const context = await openContext({ root, instance: 'one' })
const { paths } = context
const { signal } = new AbortController()
afterAll(() => rmSync(root, { recursive: true, force: true }))

const sleeper = (name: string, script = 'exec sleep 60'): Component => ({
  ...{ kind: 'component', name, title: name, profiles: everyProfile, needs: [], ports: [] },
  command: async () => ({ file: '/bin/sh', arguments: ['-c', script] }),
  isReady: async () => true,
  ...{ readyTimeoutMs: 2_000, stopSignal: 'SIGTERM', stopTimeoutMs: 500, isWatched: true },
})

/** A watcher whose clock moves only by hand, what it has said, and how many starts it has begun. */
function newWatcher(...components: readonly Component[]) {
  const clock = { now: 1_000_000 }
  const said: string[] = []
  const begun = { starts: 0 }
  const watcher = new Watcher({
    ...{ components, context },
    openContext: async () => {
      begun.starts += 1
      return context
    },
    say: (line) => said.push(line),
    now: () => clock.now,
  })
  /** Looks, moves the clock, and looks again. */
  const lookAfter = async (ms: number) => {
    await watcher.look(signal)
    clock.now += ms
    await watcher.look(signal)
  }
  return { watcher, clock, said, begun, lookAfter }
}

const pidOf = (name: string) => readRecord(paths, name)?.identity.pid

/** It dies as in a crash, and nobody says so. */
async function die(name: string) {
  process.kill(pidOf(name) ?? 0, 'SIGKILL')
  await expect.poll(() => lookAt(paths, name), { timeout: 10_000 }).toBe('failed')
}

let count = 0
let component: Component
let name: string
beforeEach(() => {
  count += 1
  name = `service-${count}`
  component = sleeper(name)
})

describe('a service that has died', () => {
  test('is started again after a pause, and its log and status say so', async () => {
    const { lookAfter, watcher, said, begun } = newWatcher(component)
    await startComponent(component, context, signal)
    const before = pidOf(name)
    await die(name)
    await lookAfter(999)
    expect(begun.starts).toBe(0)
    await lookAfter(1)
    await watcher.look(signal)
    expect(begun.starts).toBe(1)
    await expect.poll(() => lookAt(paths, name), { timeout: 10_000 }).toBe('ready')
    expect(pidOf(name)).not.toBe(before)
    await expect.poll(() => said, { timeout: 10_000 }).toHaveLength(2)
    expect(said.join('\n')).toMatch(
      /has exited by itself \(1 in 30 min.* again in 1 s\n.*runs again/,
    )
    expect(readFileSync(logFileOf(paths, name), 'utf8')).toContain('runs again')
    await watcher.look(signal)
    await stopComponent(component, paths)
  })

  test('stays ended when it was killed or stopped on purpose, also while it waits for its restart', async () => {
    const { lookAfter, said } = newWatcher(component)
    for (const end of [killComponent, stopComponent]) {
      await startComponent(component, context, signal)
      await end(component, paths)
      await lookAfter(120_000)
      expect(lookAt(paths, name)).toBe('stopped')
      expect(said).toEqual([])
    }
    await startComponent(component, context, signal)
    await die(name)
    await lookAfter(10)
    await killComponent(component, paths)
    await lookAfter(120_000)
    expect(lookAt(paths, name)).toBe('stopped')
    expect(readRestarts(paths, name).deaths).toEqual([])
  })

  test('stays ended when that happens at the moment of its restart', async () => {
    const clock = { now: 1_000_000 }
    const ended = Promise.withResolvers<void>()
    const watcher = new Watcher({
      ...{ components: [component], context, say: () => undefined, now: () => clock.now },
      openContext: async () => {
        await killComponent(component, paths)
        ended.resolve()
        return context
      },
    })
    await startComponent(component, context, signal)
    await die(name)
    await watcher.look(signal)
    clock.now += 1_000
    await watcher.look(signal)
    await ended.promise
    await watcher.look(signal)
    expect(lookAt(paths, name)).toBe('stopped')
  })

  test('is left to its launcher when it died before it was ever ready', async () => {
    const dying = sleeper(name, 'exit 1')
    const { lookAfter, said } = newWatcher(dying)
    await expect(
      startComponent({ ...dying, isReady: async () => false }, context, signal),
    ).rejects.toThrow('exited')
    await lookAfter(120_000)
    expect(said).toEqual([])
  })

  test('and is slow to start again is ready as soon as it answers', async () => {
    let answers = false
    const slow = { ...component, isReady: async () => answers, readyTimeoutMs: 50 }
    const { lookAfter, watcher, said } = newWatcher(slow)
    await startComponent(component, context, signal)
    await die(name)
    await lookAfter(1_000)
    await expect.poll(() => said.at(-1), { timeout: 10_000 }).toMatch(/was not ready within/)
    await watcher.look(signal)
    expect(readRecord(paths, name)?.phase).toBe('starting')
    answers = true
    await watcher.look(signal)
    expect(readRecord(paths, name)?.phase).toBe('ready')
    await stopComponent(component, paths)
  })

  test('again and again is named a crash loop, and is given up after the tenth time', async () => {
    await startComponent(component, context, signal)
    await die(name)
    const dying: Component = { ...sleeper(name, 'exit 1'), isReady: async () => false }
    const { watcher, clock, said } = newWatcher(dying)
    const deaths = () => readRestarts(paths, name).deaths.length
    for (let death = 1; death <= 10; death += 1) {
      await expect
        .poll(() => watcher.look(signal).then(deaths), { timeout: 10_000, interval: 10 })
        .toBe(death)
      clock.now += 60_000
    }
    expect(said.filter((line) => line.includes('crash loop: '))).toHaveLength(7)
    expect(said.at(-1)).toMatch(/crash loop, given up: 10 .* restart service-/)
    const count = said.length
    clock.now += 86_400_000
    await watcher.look(signal)
    expect(said).toHaveLength(count)
    await stopComponent(dying, paths)
    expect(readRestarts(paths, name).gaveUp).toBe(false)
  })
})

test('two that start or end a component at the same moment leave one process for its record', async () => {
  const outcomes = await Promise.allSettled([
    startComponent(component, context, signal),
    startComponent(component, context, signal),
  ])
  expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  await Promise.all([stopComponent(component, paths), stopComponent(component, paths)])
  expect(lookAt(paths, name)).toBe('stopped')
})
