import { join } from 'node:path'
import { UsageError } from '@tenseams/cli/errors'
import { projectRoot } from '@tenseams/cli/instance'
import { describe, expect, test } from 'vitest'
import { readLoadArguments } from './arguments.ts'

const read = (text: string) => readLoadArguments(text.split(' ').filter((word) => word !== ''))

test('without options it is a light load of orders on the default instance', () => {
  expect(read('')).toEqual({
    ...{ kind: 'measure', instance: 'default', portOffset: undefined, address: undefined },
    ...{ rate: 20, isKneeWanted: false, results: join(projectRoot, 'load-results') },
    conditions: {
      ...{ durationMs: 30_000, rampMs: 5_000, repeatedShare: 0, arrivals: 'even', seed: 1 },
      mix: { orders: 1, declined: 0, cancellations: 0, reads: 0 },
      maxInFlight: 1_000,
    },
  })
})

test('every condition can be set', () => {
  const request = read(
    '--rate 7.5 --duration 2m --ramp 0 --mix orders=9,reads=1 --repeated 5 --arrivals poisson --seed 7 --in-flight 9 --instance other --port-offset 100 --find-knee',
  )
  expect(request).toMatchObject({
    ...{ instance: 'other', portOffset: 100, rate: 7.5, isKneeWanted: true },
    conditions: {
      ...{ durationMs: 120_000, rampMs: 0, repeatedShare: 0.05, arrivals: 'poisson', seed: 7 },
      maxInFlight: 9,
    },
  })
})

test('what the parts use while nothing is sent is asked for by a word', () => {
  expect(read('idle --duration 1m --instance other')).toMatchObject({
    ...{ kind: 'idle', instance: 'other', durationMs: 60_000 },
  })
})

describe('is refused', () => {
  test.each([
    ['--rate 0', '--rate takes requests a second'],
    ['--rate 5001', 'at most 5000'],
    ['--rate -1', '--rate'],
    ['--rate ten', '"ten"'],
    ['--duration 61m', 'at most 60m'],
    ['--duration 0s', '1s at least'],
    ['--duration 3h', 'such as 30s or 2m'],
    ['--ramp 11m', '--ramp'],
    ['--rate 5000 --duration 60m', 'requests: lower --rate or --duration'],
    ['--find-knee --duration 10s', '20s or more'],
    ['--mix cakes=1', 'its names are'],
    ['--repeated 101', 'from 0 to 100'],
    ['--arrivals never', 'even, poisson'],
    ['--in-flight 0', 'from 1 to 10000'],
    ['--target http://shop.example.com', '--not-loopback'],
    ['--not-loopback', 'goes with --target only'],
    ['compare', 'the files of two runs'],
    ['compare a.json', 'the files of two runs'],
    ['compare a.json b.json c.json', '"c.json" is not expected'],
    ['contrast a.json b.json', 'there is no command "contrast"'],
    ['--quick', '--quick'],
  ])('%s', (text, reason) => {
    expect(() => read(text)).toThrow(UsageError)
    expect(() => read(text)).toThrow(reason)
  })
})

test('two runs are compared by their files', () => {
  expect(read('compare a.json b.json --results /tmp')).toEqual({
    ...{ kind: 'compare', files: ['a.json', 'b.json'], results: '/tmp' },
  })
})
