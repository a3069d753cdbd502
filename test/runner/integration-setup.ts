import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { demonstrationSettings } from '@tenseams/demonstration/settings'
import { projectRoot } from '@tenseams/local/launcher/host/paths'
import { eventually } from '@tenseams/local/launcher/host/wait'
import {
  type DebeziumLine,
  defaultDebezium,
  isDebeziumLine,
} from '@tenseams/local/launcher/plan/debezium-line'
import { openStack, type StackOptions, startStack } from '@tenseams/local/launcher/supervise/stack'
import type { TestProject } from 'vitest/node'
import {
  debeziumVariable,
  endAbandoned,
  endInstance,
  freeOffset,
  instanceOf,
  instanceVariable,
} from './instance.ts'
import { reportFolderVariable, stackFile } from './reporters.ts'

const END_TIMEOUT_MS = 100_000

/**
 * Starts one stack for all files of the lane, on ports and data of its own, and stops it at the end. When this process
 * must go earlier (Ctrl-C, SIGTERM, a failed start) the stack is stopped on the way out; after SIGKILL the next run
 * does it.
 */
export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const given = process.env[instanceVariable]
  if (given !== undefined) {
    await assertRuns(given)
    project.provide('instance', given)
    return undefined
  }
  await endAbandoned()
  const instance = instanceOf(process.pid)
  const portOffset = freeOffset()
  announce(instance, portOffset)
  const endOnExit = () => endNow(instance)
  process.once('exit', endOnExit)
  await startStack(optionsOf(instance, portOffset))
  project.provide('instance', instance)
  return async () => {
    await endInstance(instance, {
      keepLogs: process.exitCode !== undefined && process.exitCode !== 0,
    })
    process.off('exit', endOnExit)
  }
}

function optionsOf(instance: string, portOffset: number): StackOptions {
  return {
    root: projectRoot,
    instance,
    portOffset,
    profile: 'full',
    // Windows that end while a test waits. Four jobs with a checkpoint every few seconds would keep two cores busy.
    settings: {
      checkpointIntervalMs: 10_000,
      intervals: demonstrationSettings.intervals,
      debezium: wantedDebezium(),
    },
    onNotice: (line) => console.log(`  ${line}`),
    onProgress: ({ part, state, durationMs }) => {
      if (state === 'starting' || state === 'stopping') return
      console.log(`  ${part.name} is ${state} after ${(durationMs / 1_000).toFixed(1)} s`)
    },
  }
}

function wantedDebezium(): DebeziumLine {
  const wanted = process.env[debeziumVariable] ?? defaultDebezium
  if (isDebeziumLine(wanted)) return wanted
  throw new Error(`${debeziumVariable}=${wanted} is no line of Debezium that we have`)
}

/** Tells `npm test` what to look for when all is over. */
function announce(instance: string, portOffset: number): void {
  console.log(`starting the stack ${instance} with port offset ${portOffset}`)
  const folder = process.env[reportFolderVariable]
  if (folder === undefined) return
  writeFileSync(join(folder, stackFile), JSON.stringify({ instance, portOffset }))
}

/** The process ends as soon as this returns, so nothing here may be asynchronous. */
function endNow(instance: string): void {
  const script = join(projectRoot, 'test', 'runner', 'end-instance.ts')
  spawnSync(process.execPath, [script, instance], { stdio: 'inherit', timeout: END_TIMEOUT_MS })
}

/** What was not started is the developer's choice; what was started must be well. */
async function assertRuns(instance: string): Promise<void> {
  const stack = await openStack({ root: projectRoot, instance })
  const isSound = async () => {
    const states = await stack.status()
    const sick = states.filter(({ healthy }) => healthy === false).map(({ name }) => name)
    if (sick.length > 0) throw new Error(`these do not run: ${sick.join(', ')}`)
    return true
  }
  await eventually(isSound, { timeoutMs: 20_000, what: `${instanceVariable}=${instance} to run` })
}
