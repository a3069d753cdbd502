import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { boundLogs } from './log.ts'

const folder = mkdtempSync(join(tmpdir(), 'tenseams-logs-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const LIMIT = 20_000
const sizeOf = (name: string) => statSync(join(folder, name)).size

/** A component: it writes a line of 100 characters for each line that it is sent, into a file that it keeps open. */
function startComponent(name: string) {
  const log = openSync(join(folder, name), 'a')
  const script = 'while read -r line; do printf "%099d\\n" "$line"; echo >&2; done'
  const child = spawn('/bin/sh', ['-c', script], { stdio: ['pipe', log, 'pipe'] })
  closeSync(log)
  let echoed = 0
  child.stderr?.on('data', (bytes: Buffer) => {
    echoed += bytes.length
  })
  const write = async (from: number, count: number) => {
    const lines = Array.from({ length: count }, (_, line) => `${from + line}\n`)
    child.stdin?.write(lines.join(''))
    await expect.poll(() => echoed, { interval: 5, timeout: 10_000 }).toBe(from + count)
  }
  return { child, write }
}

test('the log of a component that runs for a month has a bound, and its newest lines are whole and in order', async () => {
  const { child, write } = startComponent('component.log')
  const PER_DAY = 150
  for (let day = 0; day < 30; day += 1) {
    await write(day * PER_DAY, PER_DAY)
    boundLogs(folder, LIMIT)
    expect(sizeOf('component.log')).toBeLessThanOrEqual(LIMIT)
    if (day > 1) expect(sizeOf('component.log.1')).toBeLessThanOrEqual(LIMIT + PER_DAY * 100)
  }
  child.stdin?.end()
  await once(child, 'close')
  const text = ['component.log.1', 'component.log']
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('')
  const numbers = text.trimEnd().split('\n').map(Number)
  expect(numbers.at(-1)).toBe(30 * PER_DAY - 1)
  expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index))
})

test('only logs are bounded', () => {
  writeFileSync(join(folder, 'trace.json'), Buffer.alloc(2 * LIMIT))
  boundLogs(folder, LIMIT)
  expect(sizeOf('trace.json')).toBe(2 * LIMIT)
})
