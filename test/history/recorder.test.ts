import { execFileSync, spawnSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { checkHistory } from './check.ts'
import { HistoryError } from './parse.ts'
import { linesOf, readHistory } from './read.ts'
import { HistoryRecorder } from './recorder.ts'

const main = fileURLToPath(new URL('main.ts', import.meta.url))
const cases = fileURLToPath(new URL('cases/', import.meta.url))
const topicPartition = { topic: 'in', partition: 0 }

let folder = ''
let path = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'history-'))
  path = join(folder, 'clients.jsonl')
})
afterEach(() => rmSync(folder, { recursive: true }))

const read = (file = path) => linesOf(readFileSync(file, 'utf8'))
const written = () => read().filter((line) => line !== '').length

function sendOne(recorder: HistoryRecorder, value: string, offset: bigint): void {
  const records = [{ ...topicPartition, value }]
  const sending = recorder.invoke('p', { kind: 'send', records })
  sending.ok({ records: [{ ...topicPartition, value, offset }] })
}

describe('the recorder', () => {
  test('writes what can be read again, offsets beyond 2^53 among it', () => {
    const recorder = new HistoryRecorder(path)
    sendOne(recorder, 'a', 9_007_199_254_740_993n)
    recorder.note('r', { kind: 'seek', positions: [{ ...topicPartition, offset: 7n }] })
    recorder.close()
    expect(readHistory(read())).toMatchObject({
      operations: [
        { process: 'p', outcome: 'ok', records: [{ offset: 9_007_199_254_740_993n }], end: 1 },
        { process: 'r', outcome: 'ok', positions: [{ offset: 7n }] },
      ],
      torn: [],
    })
  })

  test('has an invocation, and all before it, in the file before the operation begins', () => {
    const recorder = new HistoryRecorder(path)
    sendOne(recorder, 'a', 0n)
    expect(written()).toBe(1)
    recorder.invoke('p', { kind: 'commit', transaction: 't1' })
    expect(written()).toBe(3)
    recorder.close()
  })

  test('buffers no more events than allowed', () => {
    const recorder = new HistoryRecorder(path, { maxBufferedEvents: 3 })
    for (let at = 0; at < 3; at += 1) recorder.note('p', { kind: 'crash' })
    expect(written()).toBe(0)
    recorder.note('p', { kind: 'crash' })
    expect(written()).toBe(4)
    recorder.close()
  })

  test('loses no invocation when its process is killed', () => {
    const program = `
      import { HistoryRecorder } from ${JSON.stringify(new URL('recorder.ts', import.meta.url).href)}
      const recorder = new HistoryRecorder(process.argv[1])
      recorder.invoke('p', { kind: 'send', records: [{ topic: 'in', value: 'a' }] })
      process.kill(process.pid, 'SIGKILL')`
    const { signal } = spawnSync(process.execPath, ['--input-type=module', '-e', program, path])
    expect(signal).toBe('SIGKILL')
    expect(readHistory(read()).operations).toMatchObject([{ outcome: 'unknown', end: Infinity }])
  })

  test('continues a file after a crash, without its truncated last line', () => {
    const before = new HistoryRecorder(path)
    sendOne(before, 'a', 0n)
    before.close()
    appendFileSync(path, '{"index":2,"timeUs":')
    const after = new HistoryRecorder(path)
    sendOne(after, 'b', 1n)
    after.close()
    const { operations, torn } = readHistory(read())
    expect(torn).toEqual([])
    expect(operations.map(({ kind, begin }) => [kind, begin])).toEqual([
      ...[['send', 0] as const, ['crash', 2] as const, ['send', 3] as const],
    ])
  })

  test('records nothing once it is closed', () => {
    const recorder = new HistoryRecorder(path)
    const sending = recorder.invoke('p', { kind: 'send', records: [] })
    recorder.close()
    sending.ok()
    expect(readHistory(read()).operations).toMatchObject([{ outcome: 'unknown' }])
  })
})

describe('a history', () => {
  const line = (fields: object) => JSON.stringify({ index: 0, timeUs: 1, process: 'p', ...fields })

  test('is judged without its truncated last line, which is reported', () => {
    const judgement = checkHistory([line({ phase: 'ok', kind: 'crash' }), '{"index":1,"ti'])
    expect(judgement).toMatchObject({ operations: 1, anomalies: [], torn: ['{"index":1,"ti'] })
  })

  test.each([
    ['a torn line in the middle', ['{"ind', line({ phase: 'ok', kind: 'crash' })]],
    ['an unknown kind', [line({ phase: 'ok', kind: 'deleted' })]],
    ['an unknown phase', [line({ phase: 'perhaps', kind: 'crash' })]],
    ['an index that does not rise', [1, 2].map(() => line({ phase: 'ok', kind: 'crash' }))],
    ['a completion of nothing', [line({ phase: 'ok', kind: 'crash', of: 7 })]],
    [
      'an offset that is a number',
      [line({ phase: 'ok', kind: 'seek', positions: [{ ...topicPartition, offset: 3 }] })],
    ],
    [
      'a clock that goes back',
      [
        line({ phase: 'ok', kind: 'crash', timeUs: 9 }),
        line({ phase: 'ok', kind: 'crash', index: 1 }),
      ],
    ],
    ['no object', ['[]']],
  ])('with %s cannot be judged', (_what, lines) => {
    expect(() => checkHistory(lines)).toThrow(HistoryError)
  })

  test('of several processes is merged in the order of their clock', () => {
    const other = join(folder, 'readers.jsonl')
    let now = 100
    const nowUs = () => ++now
    const writer = new HistoryRecorder(path, { nowUs })
    const reader = new HistoryRecorder(other, { nowUs })
    const opening = writer.invoke('p', { kind: 'begin', transaction: 't1' })
    opening.ok()
    const sent = {
      kind: 'send',
      transaction: 't1',
      records: [{ ...topicPartition, value: 'a' }],
    } as const
    writer.invoke('p', sent).ok({ records: [{ ...topicPartition, value: 'a', offset: 0n }] })
    reader.note('r', {
      kind: 'poll',
      positions: [],
      records: [{ ...topicPartition, offset: 0n, value: 'a' }],
    })
    writer.invoke('p', { kind: 'commit', transaction: 't1' }).ok()
    writer.close()
    reader.close()
    const { anomalies, operations } = checkHistory(read(), read(other))
    expect(operations).toBe(4)
    expect(anomalies).toMatchObject([
      { kind: 'precommitted-read', witnesses: { operations: [2, 4] } },
    ])
  })
})

describe('the command', () => {
  const run = (...parameters: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...parameters], {
      ...{ encoding: 'utf8', timeout: 15_000 },
    })
    return { status, said: stdout + stderr }
  }

  test('has three exit codes: clean, an anomaly, cannot be judged', () => {
    expect(run(join(cases, 'clean-unknown-sends.jsonl'))).toMatchObject({ status: 0 })
    const torn = run(join(cases, 'torn-transaction-two-partitions.jsonl'))
    expect(torn.status).toBe(1)
    expect(torn.said).toContain('torn-transaction: 1')
    writeFileSync(path, '')
    expect(run(path)).toMatchObject({ status: 2 })
    expect(run(join(folder, 'nowhere.jsonl'))).toMatchObject({ status: 2 })
    expect(run()).toMatchObject({ status: 2 })
  })

  test('has a help text', () => {
    const said = execFileSync(process.execPath, [main, '--help'], { encoding: 'utf8' })
    expect(said).toContain('external-nonmonotonic-poll')
  })
})
