import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { jvmArguments } from '../host/jvm.ts'
import { temporaryFolderOf } from '../host/paths.ts'
import type { Component } from '../plan/part.ts'
import { everyProfile } from '../plan/profiles.ts'
import { openContext } from './context.ts'
import { killComponent, startComponent, stopComponent } from './supervisor.ts'

const root = mkdtempSync(join(tmpdir(), 'tenseams-supervisor-'))
const context = await openContext({ root, instance: 'one' })
const { paths } = context
const { signal } = new AbortController()
afterAll(() => rmSync(root, { recursive: true, force: true }))

const component: Component = {
  ...{ kind: 'component', name: 'server', title: 'a server', profiles: everyProfile, needs: [] },
  ...{ ports: [], readyTimeoutMs: 10_000, stopSignal: 'SIGTERM', stopTimeoutMs: 5_000 },
  command: async () => ({ file: '/bin/sleep', arguments: ['60'] }),
  isReady: async () => true,
}

test('what a killed server has left in its temporary folder is gone at its next start', async () => {
  const folder = temporaryFolderOf(paths, component.name)
  await startComponent(component, context, signal)
  writeFileSync(join(folder, 'unpacked.jar'), 'left by a kill')
  await killComponent(component, paths)
  await startComponent(component, context, signal)
  expect(readdirSync(folder)).toEqual([])
  writeFileSync(join(folder, 'unpacked.jar'), 'left by a stop')
  await stopComponent(component, paths)
  expect(existsSync(folder)).toBe(false)
})

test('a JVM writes its temporary files there', () => {
  const temporaryFolder = temporaryFolderOf(paths, 'server')
  expect(jvmArguments(paths, { heapMb: 64, temporaryFolder })).toContain(
    `-Djava.io.tmpdir=${temporaryFolder}`,
  )
})
