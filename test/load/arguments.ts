import { resolve } from 'node:path'
import { commandOf, oneOf, readArguments, refuseMore, wholeNumber } from '@tenseams/cli/arguments'
import { UsageError } from '@tenseams/cli/errors'
import { projectRoot } from '@tenseams/cli/instance'
import { instanceOptions, portOffsetOf } from '@tenseams/cli/instance-options'
import { readMix } from './generator/mix.ts'
import { everyArrivals } from './generator/schedule.ts'
import type { Conditions } from './measure.ts'
import { LEAST_FOR_LAG_MS } from './report/verdict.ts'
import { readAddress, type Target } from './target.ts'

/** A load generator on one machine is asked for no more; every request of a run is remembered until its end. */
export const bounds = {
  ratePerSecond: 5_000,
  durationMs: 3_600_000,
  rampMs: 600_000,
  requests: 2_000_000,
  inFlight: 10_000,
}

const options = {
  ...instanceOptions,
  rate: { type: 'string', default: '20' },
  duration: { type: 'string', default: '30s' },
  ramp: { type: 'string', default: '5s' },
  'find-knee': { type: 'boolean', default: false },
  mix: { type: 'string', default: 'orders=1' },
  repeated: { type: 'string', default: '0' },
  arrivals: { type: 'string', default: 'even' },
  seed: { type: 'string', default: '1' },
  'in-flight': { type: 'string', default: '1000' },
  target: { type: 'string' },
  'not-loopback': { type: 'boolean', default: false },
  results: { type: 'string', default: 'load-results' },
} as const

export type LoadRequest = {
  readonly kind: 'measure'
  readonly instance: string
  readonly portOffset: number | undefined
  /** Undefined: the instance. */
  readonly address: Target | undefined
  readonly rate: number
  readonly isKneeWanted: boolean
  /** The folder that the figures go to. */
  readonly results: string
  readonly conditions: Conditions
}

export type CompareRequest = {
  readonly kind: 'compare'
  readonly files: readonly [string, string]
  readonly results: string
}

export type IdleRequest = {
  readonly kind: 'idle'
  readonly instance: string
  readonly portOffset: number | undefined
  readonly durationMs: number
}

/** Reads the arguments of `npm run load`. @throws UsageError */
export function readLoadArguments(
  args: readonly string[],
): LoadRequest | CompareRequest | IdleRequest {
  const { values, positionals } = readArguments(args, options)
  const [command, ...rest] = positionals
  const results = resolve(projectRoot, values.results)
  if (command !== undefined && commandOf(command, ['compare', 'idle']) === 'idle') {
    refuseMore(rest)
    const { instance } = values
    return { kind: 'idle', instance, portOffset: portOffsetOf(values), ...readTimes(values) }
  }
  if (command !== undefined) {
    const [one, other, ...more] = rest
    refuseMore(more)
    if (one === undefined || other === undefined) {
      throw new UsageError('compare takes the files of two runs, as in load-results/<time>.json')
    }
    return { kind: 'compare', files: [one, other], results }
  }
  const rate = readRate(values.rate)
  const { durationMs, rampMs } = readTimes(values)
  const isKneeWanted = values['find-knee']
  if (isKneeWanted && durationMs < LEAST_FOR_LAG_MS) {
    throw new UsageError('--find-knee needs a --duration of 20s or more, or a lag cannot be judged')
  }
  if (rate * (rampMs / 2_000 + durationMs / 1_000) > bounds.requests) {
    throw new UsageError(
      `that is more than ${bounds.requests} requests: lower --rate or --duration`,
    )
  }
  const { target } = values
  if (target === undefined && values['not-loopback']) {
    throw new UsageError('--not-loopback goes with --target only')
  }
  return {
    ...{ kind: 'measure', instance: values.instance, portOffset: portOffsetOf(values) },
    address: target === undefined ? undefined : readAddress(target, values['not-loopback']),
    ...{ rate, isKneeWanted, results },
    conditions: {
      ...{ durationMs, rampMs, mix: readMix(values.mix) },
      repeatedShare: wholeNumber('--repeated', values.repeated, { most: 100 }) / 100,
      arrivals: oneOf('--arrivals', values.arrivals, everyArrivals),
      seed: wholeNumber('--seed', values.seed, { most: 2 ** 32 - 1 }),
      maxInFlight: wholeNumber('--in-flight', values['in-flight'], {
        ...{ least: 1, most: bounds.inFlight },
      }),
    },
  }
}

function readTimes(values: { readonly duration: string; readonly ramp: string }) {
  const durationMs = readDuration('--duration', values.duration, bounds.durationMs)
  const rampMs = readDuration('--ramp', values.ramp, bounds.rampMs)
  if (durationMs < 1_000) throw new UsageError('--duration is 1s at least')
  return { durationMs, rampMs }
}

/** @throws UsageError */
export function readRate(text: string): number {
  const rate = Number(text)
  if (/^\d+(?:\.\d+)?$/.test(text) && rate > 0 && rate <= bounds.ratePerSecond) return rate
  throw new UsageError(
    `--rate takes requests a second, above 0 and at most ${bounds.ratePerSecond}, not "${text}"`,
  )
}

const UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000 }

function readDuration(name: string, text: string, mostMs: number): number {
  const [, amount = '', unit = 's'] = /^(\d{1,5})([sm])?$/.exec(text) ?? []
  const ms = Number(amount) * (UNITS_MS[unit] ?? 0)
  if (amount !== '' && ms <= mostMs) return ms
  throw new UsageError(
    `${name} takes a time such as 30s or 2m, at most ${mostMs / 60_000}m, not "${text}"`,
  )
}
