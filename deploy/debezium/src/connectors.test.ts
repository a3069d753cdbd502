import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { connectors, fill } from './connectors.ts'

describe('a connector’s file', () => {
  test('is filled in where a name is known and else left alone', () => {
    expect(fill('${PORT} ${routedByValue} ${OTHER}', { PORT: '1' })).toBe(
      '1 ${routedByValue} ${OTHER}',
    )
  })

  test.each(connectors)(
    '%s: never makes publications, always delivers exactly once',
    async (name) => {
      const text = await readFile(new URL(`../${name}.json`, import.meta.url), 'utf8')
      expect(JSON.parse(text)).toMatchObject({
        'publication.autocreate.mode': 'disabled',
        'exactly.once.support': 'required',
        'slot.name': name,
        'publication.name': name,
      })
    },
  )
})
