import { UsageError } from '@tenseams/cli/errors'
import { describe, expect, test } from 'vitest'
import { readStartArguments } from './start-arguments.ts'

describe('npm start', () => {
  test('takes --fresh and --once', () => {
    expect(readStartArguments(['--fresh', '--once'])).toMatchObject({ fresh: true, once: true })
  })

  test('takes several components to kill', () => {
    const args = ['--kill', 'connect', '--kill', 'lakehouse']
    expect(readStartArguments(args).kill).toEqual(['connect', 'lakehouse'])
    expect(readStartArguments([]).kill).toEqual([])
  })

  test.each([[['--unheard']], [['once']]])('refuses %j', (args) => {
    expect(() => readStartArguments(args)).toThrow(UsageError)
  })
})
