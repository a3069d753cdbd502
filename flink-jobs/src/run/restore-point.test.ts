import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { newestRestorePoint, whyNotRestored } from './restore-point.ts'

let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'restore-point-'))
})

afterEach(() => {
  rmSync(folder, { recursive: true })
})

function written(path: string, second: number, file = '_metadata') {
  mkdirSync(join(folder, path), { recursive: true })
  writeFileSync(join(folder, path, file), '')
  utimesSync(join(folder, path, file), second, second)
}

function urlOf(path: string): string {
  return `file://${join(folder, path)}`
}

describe('the newest restore point', () => {
  it('is undefined when the job has none', () => {
    expect(newestRestorePoint(folder, 'a-job')).toBeUndefined()
  })

  it('is a savepoint or a checkpoint of any run, whichever is newer', () => {
    written('savepoints/a-job/savepoint-1', 100)
    written('checkpoints/a-job/first-run/chk-9', 200)
    written('checkpoints/a-job/second-run/chk-2', 300)
    expect(newestRestorePoint(folder, 'a-job')).toBe(urlOf('checkpoints/a-job/second-run/chk-2'))
    written('savepoints/a-job/savepoint-2', 400)
    expect(newestRestorePoint(folder, 'a-job')).toBe(urlOf('savepoints/a-job/savepoint-2'))
  })

  it('is neither an unfinished one nor one of another job', () => {
    written('savepoints/a-job/savepoint-1', 100)
    written('checkpoints/a-job/run/chk-3', 200, 'some-state')
    written('savepoints/another-job/savepoint-1', 300)
    expect(newestRestorePoint(folder, 'a-job')).toBe(urlOf('savepoints/a-job/savepoint-1'))
  })
})

describe.each(['José', '100% [sure]', 'a*b?', '{x,y}'])('in a checkout below %s', (name) => {
  it('is found, and named by the path as it is, which Flink does not decode', () => {
    written(`${name}/savepoints/a-job/savepoint-1`, 100)
    expect(newestRestorePoint(join(folder, name), 'a-job')).toBe(
      `file://${folder}/${name}/savepoints/a-job/savepoint-1`,
    )
  })
})

it('a state of operators that the job has no more is refused with the next step', () => {
  const flinks = new Error(
    'job 1 FAILED: IllegalStateException: Failed to rollback to checkpoint/savepoint file:/s. Cannot map checkpoint/savepoint ' +
      'state for operator 7df19f87deec5680128845fd9a6ca18d to the new program, because the operator is not available',
  )
  expect(whyNotRestored('shopper-sessions', flinks)).toMatchObject({
    message: expect.stringMatching(
      /shopper-sessions: its state was made by other SQL.*down --purge/,
    ),
    cause: flinks,
  })
  const other = new Error('job 1 FAILED: no free slot')
  expect(whyNotRestored('shopper-sessions', other)).toBe(other)
})
