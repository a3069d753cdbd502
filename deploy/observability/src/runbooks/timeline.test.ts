import { appendFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Timeline, timelineText } from './timeline.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tenseams-timeline-'))
})
afterEach(() => rmSync(root, { recursive: true }))

const open = () => new Timeline('one', () => new Date('2026-11-30T03:00:00Z'), root)
const fence = { name: 'restart', kind: 'act', section: 'Mitigate' } as const

test('notes are kept in the instance’s folder, in their order, and read by everybody', () => {
  open().add({ alert: 'Lag', what: 'opened', labels: { group: 'payments' } })
  open().add({ alert: 'Lag', what: 'ran', fence, exitCode: 0, tookMs: 1_234, output: 'done' })
  open().add({ alert: 'Other', what: 'note', says: 'the provider is slow' })
  expect(
    open()
      .read('Lag')
      .map(({ what }) => what),
  ).toEqual(['opened', 'ran'])
  expect(timelineText(open().read())).toBe(
    [
      '2026-11-30T03:00:00.000Z  Lag  opened: group=payments',
      '2026-11-30T03:00:00.000Z  Lag  ran act restart: exit code 0, after 1.2 s',
      '2026-11-30T03:00:00.000Z  Other  note: the provider is slow',
    ].join('\n'),
  )
})

test('of long output the end is kept', () => {
  open().add({ alert: 'Lag', what: 'ran', fence, exitCode: 0, output: `${'x'.repeat(9_000)}end` })
  const [entry] = open().read()
  expect(entry?.output).toHaveLength(4_000)
  expect(entry?.output).toMatch(/end$/)
})

test('half a line of a process that was killed is left out', () => {
  open().add({ alert: 'Lag', what: 'opened' })
  appendFileSync(join(root, '.stack', 'one', 'runbooks', 'timeline.jsonl'), '{"at":"2026')
  expect(open().read()).toHaveLength(1)
})

test('an instance without notes has none', () => {
  expect(open().read()).toEqual([])
})
