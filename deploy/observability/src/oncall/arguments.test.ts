import { describe, expect, test } from 'vitest'
import { readOncallArguments } from './arguments.ts'

const read = (...args: readonly string[]) =>
  readOncallArguments([...args, '--instance', 'never-started', '--port-offset', '9900'])

describe('what on-call asks for', () => {
  test('is a question without a command, with the operator’s file of the instance', () => {
    expect(read('captures')).toMatchObject({
      ...{ family: 'captures', command: undefined, rest: [], reason: '' },
      paymentsUrl: 'http://127.0.0.1:29901',
      credentialsFile: expect.stringMatching(/never-started\/secrets\/operator\.json$/),
    })
  })

  test('needs a reason when it changes something, unless it is only shown', () => {
    expect(() => read('captures', 'freeze')).toThrow('--reason')
    expect(() => read('park', 'payments', 'orders', '0', '1')).toThrow('--reason')
    expect(read('captures', 'freeze', '--dry-run').dryRun).toBe(true)
    expect(read('connectors', 'restart', 'cdc', '--reason', 'failed')).toMatchObject({
      ...{ command: 'restart', rest: ['cdc'], reason: 'failed' },
    })
  })

  test.each(['two\nlines', 'x'.repeat(201)])(
    'refuses a reason that is no line of a log',
    (text) => {
      expect(() => read('captures', 'freeze', '--reason', text)).toThrow('one line')
    },
  )

  test.each([
    [['captures', '--to', 'latest'], '--to goes with'],
    [['captures', '--reason', 'x'], '--reason goes with'],
    [['readers', 'orders', '--dry-run'], '--dry-run goes with'],
    [['connectors', '--brokers', '127.0.0.1:1'], '--brokers does not go with connectors'],
    [['unheard'], 'no command "unheard"'],
    [[], 'which command'],
  ])('refuses an option that it would ignore: %j', (args, message) => {
    expect(() => read(...args)).toThrow(message)
  })

  test('sends no credentials of an instance to another server', () => {
    expect(() => read('captures', '--payments', 'http://elsewhere.example:1')).toThrow(
      '--credentials',
    )
    const elsewhere = [
      '--payments',
      'http://elsewhere.example:1',
      '--credentials',
      '/own.json',
    ] as const
    expect(read('captures', ...elsewhere).credentialsFile).toBe('/own.json')
  })
})
