import { UsageError } from '@tenseams/cli/errors'
import { describe, expect, test } from 'vitest'
import { readStackArguments } from './stack-arguments.ts'

describe('npm run stack', () => {
  test('works on the instance default and the profile full unless told otherwise', () => {
    const request = readStackArguments(['up'])
    expect(request).toMatchObject({
      ...{ command: 'up', instance: 'default', profile: 'full', names: [] },
    })
    expect(request.portOffset).toBeUndefined()
  })

  test('works on the instance that it is given', () => {
    const target = ['--instance', 'two', '--port-offset', '100', '--profile', 'minimal']
    expect(readStackArguments(['kill', 'kafka', ...target])).toMatchObject({
      command: 'kill',
      names: ['kafka'],
      instance: 'two',
      portOffset: 100,
      profile: 'minimal',
    })
  })

  test('stops one component when it is named, since the whole is stopped by down', () => {
    expect(readStackArguments(['stop', 'kafka'])).toMatchObject({
      command: 'stop',
      names: ['kafka'],
    })
  })

  test('takes a line of Debezium, or keeps the one of the last start', () => {
    expect(readStackArguments(['up', '--debezium', '2.7']).debezium).toBe('2.7')
    expect(readStackArguments(['up']).debezium).toBeUndefined()
  })

  test.each([
    [['up', '--unheard'], /--unheard/],
    [['up', '--offset', '100'], /--offset/],
    [['fly'], /no command "fly"/],
    [[], /which command/],
    [['kill'], /the name of one component/],
    [['stop'], /the name of one component/],
    [['stop', 'kafka', 'orders'], /the name of one component/],
    [['kill', 'a', 'b'], /the name of one component/],
    [['status', 'kafka'], /"kafka" is not expected/],
    [['up', '--purge'], /--purge/],
    [['up', '--profile', 'huge'], /minimal, full/],
    [['up', '--port-offset', '-100'], /./],
    [['up', '--debezium', '1.9'], /one of 2.7, 3.6/],
    [['status', '--debezium', '2.7'], /--debezium goes with up/],
    [['logs', 'kafka', '--lines', 'many'], /--lines takes a whole number/],
  ])('refuses %j', (args, message) => {
    expect(() => readStackArguments(args)).toThrow(UsageError)
    expect(() => readStackArguments(args)).toThrow(message)
  })
})
