import { describe, expect, test } from 'vitest'
import { readStackArguments, readStartArguments, UsageError } from './arguments.ts'

describe('npm run stack', () => {
  test('takes the instance default and the profile full unless told otherwise', () => {
    const request = readStackArguments(['up'])
    expect(request).toMatchObject({ verb: 'up', instance: 'default', profile: 'full', names: [] })
    expect(request.portOffset).toBeUndefined()
  })

  test('takes an instance of its own', () => {
    const args = ['kill', 'kafka', '--instance', 'two', '--offset', '100', '--profile', 'minimal']
    expect(readStackArguments(args)).toMatchObject({
      verb: 'kill',
      names: ['kafka'],
      instance: 'two',
      portOffset: 100,
      profile: 'minimal',
    })
  })

  test('takes a line of Debezium, or keeps the one of the last start', () => {
    expect(readStackArguments(['up', '--debezium', '2.7']).debezium).toBe('2.7')
    expect(readStackArguments(['up']).debezium).toBeUndefined()
  })

  test('helps beside anything', () => {
    expect(readStackArguments(['kill', '--help']).verb).toBe('help')
  })

  test.each([
    [['up', '--unheard'], /--unheard/],
    [['fly'], /"fly" is no verb/],
    [[], /which verb/],
    [['kill'], /the name of one component/],
    [['kill', 'a', 'b'], /the name of one component/],
    [['status', 'kafka'], /"kafka" is not expected/],
    [['up', '--purge'], /--purge/],
    [['up', '--profile', 'huge'], /minimal, full/],
    [['up', '--offset', '-100'], /./],
    [['up', '--debezium', '1.9'], /one of 2.7, 3.6/],
    [['status', '--debezium', '2.7'], /--debezium goes with up only/],
    [['logs', 'kafka', '--lines', 'many'], /--lines takes a whole number/],
  ])('refuses %j', (args, message) => {
    expect(() => readStackArguments(args)).toThrow(UsageError)
    expect(() => readStackArguments(args)).toThrow(message)
  })
})

describe('npm start', () => {
  test('knows fresh and once', () => {
    expect(readStartArguments(['--fresh', '--once'])).toMatchObject({ fresh: true, once: true })
  })

  test('knows several components that are to be killed', () => {
    const args = ['--kill', 'connect', '--kill', 'lakehouse']
    expect(readStartArguments(args).kill).toEqual(['connect', 'lakehouse'])
    expect(readStartArguments([]).kill).toEqual([])
  })

  test.each([[['--unheard']], [['once']]])('refuses %j', (args) => {
    expect(() => readStartArguments(args)).toThrow(UsageError)
  })
})
