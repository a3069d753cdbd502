import { statSync } from 'node:fs'
import {
  type EvaluationContext,
  FlagNotFoundError,
  type Provider,
  type ResolutionDetails,
  StandardResolutionReasons,
  TargetingKeyMissingError,
  TypeMismatchError,
} from '@openfeature/server-sdk'
import { isInCohort } from './cohort.ts'
import { type FlagsContent, readFlags } from './flags-file.ts'

export type InCohort = typeof isInCohort

/**
 * A provider of OpenFeature over a file, which is looked at for each evaluation and read when it has changed. Nothing of an earlier
 * file is kept: when it is missing or malformed, evaluations fail, and OpenFeature gives the caller's default.
 */
export class FileProvider implements Provider {
  readonly metadata = { name: 'file' }
  readonly runsOn = 'server'
  readonly #path: string
  readonly #inCohort: InCohort
  #seen = ''
  #content: FlagsContent = {}

  constructor(path: string, inCohort: InCohort = isInCohort) {
    this.#path = path
    this.#inCohort = inCohort
  }

  async resolveBooleanEvaluation(
    name: string,
    _default: boolean,
    { targetingKey }: EvaluationContext,
  ): Promise<ResolutionDetails<boolean>> {
    const flag = this.#read()[name]
    if (flag === undefined) throw new FlagNotFoundError(`${this.#path} has no flag ${name}`)
    if (targetingKey === undefined) throw new TargetingKeyMissingError(`${name} needs a key`)
    const change = name.slice(0, name.lastIndexOf('.'))
    const value = this.#inCohort(change, targetingKey, flag.percent)
    return { value, reason: StandardResolutionReasons.SPLIT }
  }

  resolveStringEvaluation = noOther
  resolveNumberEvaluation = noOther
  resolveObjectEvaluation = noOther

  #read(): FlagsContent {
    const { mtimeNs, size, ino } = statSync(this.#path, { bigint: true })
    const seen = `${mtimeNs} ${size} ${ino}`
    if (seen !== this.#seen) {
      this.#content = readFlags(this.#path)
      this.#seen = seen
    }
    return this.#content
  }
}

async function noOther(name: string): Promise<never> {
  throw new TypeMismatchError(`${name} is a share of keys: ask for a boolean`)
}
