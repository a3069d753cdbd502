/** How many tests of a part passed, failed, or were skipped. */
export type Tally = {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  /** A line for each failed test: its file, its name, and the first line of what it said. */
  readonly failures: readonly string[]
}

type Test = {
  readonly status: string
  readonly fullName?: string
  readonly failureMessages?: readonly string[]
}

export const none: Tally = { passed: 0, failed: 0, skipped: 0, failures: [] }

/** The parts of Vitest's JSON report that we count. */
type Report = {
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly message?: string
    readonly assertionResults: readonly Test[]
  }[]
}

/**
 * Counts a suite from its report and from how its process ended. A file that failed without a failed test (it could not
 * be loaded, or a hook failed) is one failure; a suite that ended badly, wrote no report, or ran nothing is at least one.
 */
export function tallySuite(reportText: string | undefined, endedWell: boolean): Tally {
  const report = parseReport(reportText)
  if (report === undefined) return { ...none, failed: 1, failures: ['no report was written'] }
  const statuses = report.testResults.flatMap((file) =>
    file.assertionResults.map((result) => result.status),
  )
  const brokenFiles = report.testResults.filter(
    (file) =>
      file.status === 'failed' && file.assertionResults.every(({ status }) => status !== 'failed'),
  )
  const passed = statuses.filter((status) => status === 'passed').length
  const failed = statuses.filter((status) => status === 'failed').length + brokenFiles.length
  const unexplained = failed === 0 && (!endedWell || passed === 0)
  return {
    passed,
    failed: unexplained ? 1 : failed,
    skipped: statuses.length - passed - statuses.filter((status) => status === 'failed').length,
    failures: [
      ...report.testResults.flatMap(({ name, assertionResults }) =>
        assertionResults
          .filter(({ status }) => status === 'failed')
          .map((test) => `${name}: ${test.fullName}: ${firstLine(test.failureMessages?.[0])}`),
      ),
      ...brokenFiles.map(({ name, message }) => `${name}: ${firstLine(message)}`),
    ],
  }
}

function firstLine(text = ''): string {
  return text.split('\n', 1)[0]?.slice(0, 300) ?? ''
}

export function addTallies(tallies: readonly Tally[]): Tally {
  return tallies.reduce(
    (sum, tally) => ({
      passed: sum.passed + tally.passed,
      failed: sum.failed + tally.failed,
      skipped: sum.skipped + tally.skipped,
      failures: [...sum.failures, ...tally.failures],
    }),
    none,
  )
}

/** The closing line of a run. */
export function closingLine({ passed, failed, skipped }: Tally): string {
  const base = `${passed} passed, ${failed} failed`
  return skipped === 0 ? base : `${base}, ${skipped} skipped`
}

function parseReport(text: string | undefined): Report | undefined {
  if (text === undefined) return undefined
  try {
    const report: unknown = JSON.parse(text)
    return isReport(report) ? report : undefined
  } catch {
    return undefined
  }
}

function isReport(value: unknown): value is Report {
  return typeof value === 'object' && value !== null && 'testResults' in value
}
