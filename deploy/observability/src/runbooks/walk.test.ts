import { expect, test } from 'vitest'
import type { Fence, Page } from './page.ts'
import type { Outcome } from './run-fence.ts'
import type { Entry } from './timeline.ts'
import { verdictOf, walk } from './walk.ts'

const fence = (changes: Partial<Fence>): Fence => ({
  ...{ name: 'lag', kind: 'check', destroys: false, withinSeconds: 60, command: 'metrics' },
  ...{ section: 'Is it real', line: 1, ...changes },
})

const page: Page = {
  ...{ name: 'Lag', alerts: ['Lag'], severity: 'page', drill: undefined, budgetMinutes: 20 },
  ...{ labels: { group: 'payments' }, introduction: 'The shell.' },
  sections: [
    { name: 'Is it real', text: 'Look.', line: 1 },
    { name: 'Mitigate', text: 'Restart.', line: 5 },
    { name: 'Verify', text: 'Look again.', line: 9 },
  ],
  fences: [
    fence({}),
    fence({ name: 'restart', kind: 'act', destroys: true, section: 'Mitigate' }),
    fence({ name: 'small', kind: 'verify', section: 'Verify' }),
  ],
}

/** Somebody who gives these answers, one after another, and then is gone. */
async function walked(answers: readonly string[], exitCode = 0, fences = page.fences) {
  const entries: Omit<Entry, 'at'>[] = []
  const ran: (readonly [string, Readonly<Record<string, string>>])[] = []
  const said: string[] = []
  const left = [...answers]
  const verified = await walk({
    ...{ page: { ...page, fences }, alert: 'Lag', labels: {} },
    person: { say: (text) => void said.push(text), ask: async () => left.shift() },
    timeline: { add: (entry) => void entries.push(entry) },
    run: async ({ name }, labels): Promise<Outcome> => {
      ran.push([name, labels])
      return { exitCode, reason: '', output: 'seen', tookMs: 5 }
    },
  })
  return { entries, ran, said: said.join('\n'), verified }
}

test('commands run by their name or number, with the labels that were said', async () => {
  const { ran, entries } = await walked(['orders', '1', 'lag', 'q'])
  expect(ran).toEqual([
    ['lag', { group: 'orders' }],
    ['lag', { group: 'orders' }],
  ])
  expect(entries.map(({ what }) => what)).toEqual(['opened', 'ran', 'ran', 'closed'])
})

test('what ends or removes something runs after its name was typed, and not before', async () => {
  const refused = await walked(['', '', 'restart', 'yes', 'q'])
  expect(refused.ran).toEqual([])
  expect(refused.entries.map(({ what }) => what)).toEqual(['opened', 'refused', 'closed'])
  const confirmed = await walked(['', '', 'restart', 'restart', 'q'])
  expect(confirmed.ran.map(([name]) => name)).toEqual(['restart'])
})

test('what commands ask for is asked of who runs them, and without an answer they do not run', async () => {
  const asking = fence({ name: 'end', section: 'Is it real', command: 'kill ${PID:?export it}' })
  const { ran } = await walked(['payments', 'end', '17', 'end', '', 'q'], 0, [asking])
  expect(ran).toEqual([['end', { group: 'payments', pid: '17' }]])
})

test('sections are walked forward and back, and a note is kept', async () => {
  const { said, entries } = await walked(['', '', 'b', 'n the provider is slow', 'q'])
  expect(said.match(/== [\w ]+/g)).toEqual(['== Is it real', '== Mitigate', '== Is it real'])
  expect(entries).toContainEqual({ alert: 'Lag', what: 'note', says: 'the provider is slow' })
})

test('an answer that is no command is answered by what there is', async () => {
  const { said, ran } = await walked(['', 'lagg', 'q'])
  expect((await walked(['', 'small', 'q'])).ran.map(([name]) => name)).toEqual(['small'])
  expect(said).toContain('here: lag')
  expect(ran).toEqual([])
})

test('a walk ends with what was verified', async () => {
  expect((await walked(['', '', '', 'small', ''])).said).toMatch(/verified$/)
  expect((await walked(['', '', '', 'small', ''], 1)).said).toMatch(/not verified: small$/)
  expect(verdictOf(new Map())).toBe('nothing was verified')
})

test('a walk ends when nobody answers any more', async () => {
  const { entries } = await walked([])
  expect(entries.at(-1)?.what).toBe('closed')
})
