import { globSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { call } from '@tenseams/flink-jobs/flink/http'
import { eventually } from '@tenseams/local/launcher/host/wait'
import type { Stack } from '@tenseams/local/launcher/supervise/stack'

const REQUEST_MS = 10_000
/** Flink fetches the metrics of its TaskManagers every ten seconds. */
const METRICS_MS = 25_000
const MB = 1_048_576

/** The state of a job at one parallelism. */
export type Kept = {
  readonly parallelism: number
  /** The full size of its newest checkpoint. */
  readonly stateMb: number
  /** The managed memory of its slots, which RocksDB uses. */
  readonly managedMb: number
  /** RocksDB's files on disk, of all slots. */
  readonly filesMb: number
  readonly lines: readonly string[]
}

/** Reads the figures from Flink; call it right after a checkpoint. */
export async function keptBy(stack: Stack, jobId: string, parallelism: number): Promise<Kept> {
  const { flinkUrl } = stack.endpoints
  const ask = (path: string) => call(`${flinkUrl}/v1/${path}`, { timeoutMs: REQUEST_MS })
  // Flink's documented shapes (REST API).
  const { latest } = (await ask(`jobs/${jobId}/checkpoints`)) as { latest: Latest }
  const { taskmanagers } = (await ask('taskmanagers')) as { taskmanagers: readonly Manager[] }
  const [manager] = taskmanagers
  if (latest.completed === null || manager === undefined) throw new Error('nothing to measure yet')
  const { id, state_size: stateBytes } = latest.completed
  const managedMb = (manager.totalResource.managedMemory / manager.slotsNumber) * parallelism
  const stateMb = stateBytes / MB
  const filesMb = sizeOfFiles(join(stack.context.paths.temporary, 'flink-taskmanager')) / MB
  const size = `${parallelism} slots: state of ${stateMb.toFixed(0)} MB, ${(stateMb / managedMb).toFixed(1)} times the managed memory of ${managedMb.toFixed(0)} MB; RocksDB's files have ${filesMb.toFixed(0)} MB`
  const { vertices } = (await ask(`jobs/${jobId}`)) as { vertices: readonly Vertex[] }
  const lines = [size]
  for (const vertex of vertices) {
    const details = (await ask(
      `jobs/${jobId}/checkpoints/details/${id}/subtasks/${vertex.id}`,
    )) as { subtasks: readonly { state_size?: number }[] }
    const states = details.subtasks.map(({ state_size = 0 }) => state_size)
    // Sources and sinks keep offsets and transactions only.
    if (sum(states) < stateBytes / 20) continue
    const rows = await rowsBySubtask(() => ask(`jobs/${jobId}/vertices/${vertex.id}`))
    lines.push(`  ${operatorOf(vertex.name)}: rows ${shares(rows)}, state ${shares(states)}`)
  }
  return { parallelism, stateMb, managedMb, filesMb, lines }
}

/** What each subtask has read since its last start; empty when the metrics do not arrive in time. */
async function rowsBySubtask(ask: () => Promise<unknown>): Promise<readonly number[]> {
  const told = async () => {
    const { subtasks } = (await ask()) as { subtasks: readonly { metrics: SubtaskMetrics }[] }
    const isTold = subtasks.every(({ metrics }) => metrics['read-records-complete'])
    const rows = subtasks.map(({ metrics }) => metrics['read-records'])
    return isTold && rows.every((count) => count > 0) ? rows : undefined
  }
  const waiting = { timeoutMs: METRICS_MS, intervalMs: 1_000, what: "the subtasks' metrics" }
  return eventually(told, waiting).catch(() => [])
}

type SubtaskMetrics = {
  readonly 'read-records': number
  /** False while a subtask has not reported yet. */
  readonly 'read-records-complete': boolean
}

type Latest = { readonly completed: { readonly id: number; readonly state_size: number } | null }

type Manager = {
  readonly slotsNumber: number
  readonly totalResource: { readonly managedMemory: number }
}

type Vertex = { readonly id: string; readonly name: string }

const operatorOf = (name: string) => /^\w+(?=\[)/.exec(name)?.[0] ?? name.slice(0, 20)

function sizeOfFiles(folder: string): number {
  const sizes = globSync(join(folder, '**', '*.sst')).map(
    (file) => statSync(file, { throwIfNoEntry: false })?.size ?? 0,
  )
  return sum(sizes)
}

const sum = (numbers: readonly number[]) => numbers.reduce((one, other) => one + other, 0)

function shares(numbers: readonly number[]): string {
  if (numbers.length === 0) return 'not told'
  const all = Math.max(1, sum(numbers))
  return numbers.map((number) => `${Math.round((number / all) * 100)} %`).join(' ')
}
