import { VerbError } from '@tenseams/cli/errors'
import { expect, test } from 'vitest'
import { mistakesOf, nearest, pageAbout, pageTexts } from './pages.ts'

test('an alert is found by its name, by its page’s, and whatever the case', () => {
  const texts = pageTexts()
  for (const name of ['ConsumerLagFastBurn', 'ConsumerLagBurn', 'consumerlagslowburn']) {
    expect(pageAbout(name, texts).name).toBe('ConsumerLagBurn')
  }
})

test('an alert without a page is answered by the nearest names', () => {
  expect(() => pageAbout('ConsumerLag', pageTexts())).toThrow(
    /no runbook about ConsumerLag; the nearest are ConsumerLagBurn, /,
  )
  expect(() => pageAbout('x', pageTexts())).toThrow(VerbError)
})

test('names are near that share their pairs of characters', () => {
  const names = ['ServiceDown', 'ExporterDown', 'FlinkJobDown', 'Watchdog']
  expect(nearest('ServceDown', names)).toEqual(['ServiceDown', 'ExporterDown', 'FlinkJobDown'])
})

test('a page with mistakes is not walked through: all of them are told, with file and line', () => {
  const texts = new Map([['Slow', '---\nalert: Slow\nseverity: loud\n---\n# Slow\n']])
  expect(() => pageAbout('Slow', texts)).toThrow(/runbooks\/Slow\.md:3: severity is one of/)
  expect(mistakesOf(texts).length).toBeGreaterThan(5)
})
