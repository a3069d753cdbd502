/**
 * For `node --import`: the clock of the process is three seconds behind, as a machine's is whose NTP has failed. What is measured by
 * `performance.now()` and timers is not changed.
 */
const BEHIND_MS = 3_000

const RealDate = Date

globalThis.Date = class extends RealDate {
  constructor(...parameters: ConstructorParameters<DateConstructor> | []) {
    if (parameters.length === 0) super(RealDate.now() - BEHIND_MS)
    else super(...parameters)
  }

  static override now(): number {
    return RealDate.now() - BEHIND_MS
  }
} as DateConstructor
