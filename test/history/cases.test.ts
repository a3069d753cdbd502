import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { anomalies } from './anomaly.ts'
import { checkHistory } from './check.ts'
import { linesOf } from './read.ts'

/** What is expected of a history. Fields that an expectation omits are not compared. */
type Expected = {
  readonly says: string
  readonly anomalies: readonly Readonly<Record<string, unknown>>[]
  readonly unseen: number
}

const folder = new URL('cases/', import.meta.url)
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.jsonl'))
  .map((name) => name.replace('.jsonl', ''))
const textOf = (name: string) => readFileSync(new URL(name, folder), 'utf8')
const expectedOf = (name: string): Expected => JSON.parse(textOf(`${name}.expected.json`))

describe('planted and clean histories', () => {
  test.each(names)('%s', (name) => {
    const expected = expectedOf(name)
    const judgement = checkHistory(linesOf(textOf(`${name}.jsonl`)))
    const found = judgement.anomalies.map(({ kind, witnesses }) => ({
      ...{ kind, ...witnesses, offsets: witnesses.offsets.map(String) },
    }))
    expect(found.map(({ kind }) => kind)).toEqual(expected.anomalies.map(({ kind }) => kind))
    expect(found).toMatchObject(expected.anomalies)
    expect({ unseen: judgement.unseen.length, torn: judgement.torn }).toEqual({
      ...{ unseen: expected.unseen, torn: [] },
    })
  })

  test('each kind of anomaly is planted in at least two histories, and some are clean', () => {
    const planted = names.flatMap((name) => expectedOf(name).anomalies.map(({ kind }) => kind))
    const twice = Object.keys(anomalies).filter(
      (kind) => planted.filter((one) => one === kind).length >= 2,
    )
    expect(twice).toEqual(Object.keys(anomalies))
    expect(names.filter((name) => expectedOf(name).anomalies.length === 0).length).toBeGreaterThan(
      8,
    )
  })

  test('every file of the folder belongs to a history', () => {
    const due = names.flatMap((name) => [`${name}.expected.json`, `${name}.jsonl`])
    expect(readdirSync(folder).sort()).toEqual(due.sort())
  })
})
