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

  test('shows the last hundred lines of every part, or of those that are named', () => {
    expect(readStackArguments(['logs'])).toMatchObject({ names: [], lines: 100 })
    expect(
      readStackArguments(['logs', 'kafka', '--part', 'orders', '--part', 'connect']),
    ).toMatchObject({ names: ['kafka', 'orders', 'connect'], lines: 100 })
  })

  test('shows all since a time, unless it is told how many', () => {
    const { lines, sinceMs } = readStackArguments(['logs', '--since', '2026-11-30T12:00'])
    expect([lines, sinceMs]).toEqual([undefined, Date.parse('2026-11-30T12:00Z')])
    expect(readStackArguments(['logs', '--since', '1h', '--lines', '5']).lines).toBe(5)
  })

  test('follows an order, whatever the case of its id', () => {
    const id = '0198A1B2-0000-7000-8000-00000000000A'
    expect(readStackArguments(['logs', '--order', id]).order).toBe(id.toLowerCase())
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
    [['logs', '--lines', '0'], /from 1 to 100000/],
    [['logs', '--lines', '1000000'], /from 1 to 100000/],
    [['logs', '--since', 'yesterday'], /--since takes how long ago/],
    [['logs', '--order', '42'], /--order takes the whole id of an order/],
    [['status', '--part', 'kafka'], /--part goes with logs/],
    [['up', '--order', 'x'], /--order goes with logs/],
    [['up', '--since', '1h'], /--since goes with logs/],
  ])('refuses %j', (args, message) => {
    expect(() => readStackArguments(args)).toThrow(UsageError)
    expect(() => readStackArguments(args)).toThrow(message)
  })
})
