import { isInCohort } from '@tenseams/rollout/flags/cohort'
import type { InCohort } from '@tenseams/rollout/flags/file-provider'

/** Draws anew at each share: who was in at 10 % may be out at 50 %. */
export const drawAnew: InCohort = (change, key, percent) =>
  isInCohort(`${change} at ${percent}`, key, percent)
