import { projectRoot } from '@tenseams/cli/instance'
import { demonstrationSettings } from '@tenseams/demonstration/settings'
import { eventually } from '@tenseams/local/launcher/host/wait'
import {
  type DebeziumLine,
  defaultDebezium,
  isDebeziumLine,
} from '@tenseams/local/launcher/plan/debezium-line'
import { planStart } from '@tenseams/local/launcher/plan/plan'
import { openStack, type StackOptions, startStack } from '@tenseams/local/launcher/supervise/stack'
import { parts } from '@tenseams/local/parts/parts'
import type { TestProject } from 'vitest/node'
import { guard } from './instances/guardian.ts'
import {
  debeziumVariable,
  endAbandoned,
  endAtOnce,
  endInstance,
  freeOffset,
  instanceOf,
  instanceVariable,
  type StartedInstance,
} from './instances/instance.ts'
import { listUnusedRights } from './unused-rights.ts'

/**
 * Starts one stack for all files of the suite, on ports and data of its own, and stops it at the end. When this process
 * ends earlier (Ctrl-C, SIGTERM, SIGKILL, a failed start), the stack ends with it.
 *
 * The files side by side need none of Flink's jobs, whose planning keeps one core busy for most of a minute: they begin as
 * soon as everything else is ready. The others await the jobs (`jobs-setup.ts`).
 */
export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const given = process.env[instanceVariable]
  if (given !== undefined) {
    await assertRuns(given)
    project.provide('instance', given)
    return undefined
  }
  endAbandoned()
  const started = { instance: instanceOf(process.pid), portOffset: freeOffset() }
  const { instance } = started
  console.log(`starting the stack ${instance} with port offset ${started.portOffset}`)
  const unguard = guard(started)
  const endOnExit = () => endAtOnce(instance, { keepLogs: true })
  process.once('exit', endOnExit)
  const options = optionsOf(started)
  const withoutJobs = await startStack({ ...options, only: allBut('flink-jobs') })
  withoutJobs.release()
  project.provide('instance', instance)
  const jobs = startJobs(options)
  return async () => {
    await jobs
    await listUnusedRights(instance)
    await endInstance(instance, {
      keepLogs: process.exitCode !== undefined && process.exitCode !== 0,
    })
    process.off('exit', endOnExit)
    unguard()
  }
}

async function startJobs(options: StackOptions): Promise<void> {
  try {
    const stack = await startStack(options)
    stack.release()
  } catch (error) {
    console.error('the jobs did not start:', error)
  }
}

function allBut(step: string): readonly string[] {
  return planStart(parts, 'full').flatMap(({ part }) => (part.name === step ? [] : [part.name]))
}

function optionsOf(started: StartedInstance): StackOptions {
  return {
    root: projectRoot,
    ...started,
    profile: 'full',
    // Windows that end while a test waits. Four jobs with a checkpoint every few seconds would keep two cores busy.
    settings: {
      checkpointIntervalMs: 10_000,
      intervals: demonstrationSettings.intervals,
      debezium: wantedDebezium(),
      // For the test that starts Prometheus: it scrapes each second.
      alerts: 'drill',
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
  throw new Error(`${debeziumVariable}=${wanted} is not a supported line of Debezium`)
}

/** Which parts run is the developer's choice, but those that were started must be healthy. */
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
