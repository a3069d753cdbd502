import { spawn } from 'node:child_process'
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Rule, RuleGroup } from '@tenseams/contracts/slo/rules'
import { stringify } from 'yaml'
import type { Case } from './rule-files.ts'

/** Rules, and what they must say about some series. */
export type RuleTest = {
  readonly name: string
  readonly groups: readonly RuleGroup[]
  readonly tests: readonly unknown[]
  /** Between two evaluations. */
  readonly intervalSeconds?: number
}

const TIMEOUT_MS = 120_000
const INTERVAL_SECONDS = 15

/** The form of promtool of the cases of one alert. Severity and owner are what the file of rules says, not a mutant. */
export function promtoolTests(rule: Rule, cases: readonly Case[]): readonly unknown[] {
  const alertname = rule.alert ?? ''
  return cases.map(({ says, series, at }) => ({
    interval: `${INTERVAL_SECONDS}s`,
    name: says,
    input_series: Object.entries(series).map(([name, values]) => ({
      series: name,
      values: repeatable(values),
    })),
    alert_rule_test: Object.entries(at).map(([time, firing]) => ({
      eval_time: time,
      alertname,
      exp_alerts: (firing === 'silent' ? [] : firing).map(({ summary, ...labels }) => ({
        exp_labels: { ...labels, ...rule.labels },
        exp_annotations: { summary },
      })),
    })),
  }))
}

/** A value of 0 that is repeated must be written `0+0x12`: YAML and promtool take `0x12` for a hexadecimal 18. */
function repeatable(values: unknown): string {
  if (typeof values === 'string' && !/(?:^|\s)0x/.test(values)) return values
  throw new Error(`${values}: text is expected, in which 0 repeated is written like 0+0x12`)
}

/** A rule as the tests see it: of its annotations only the summary, which says figures. */
export function testedForm(rule: Rule): Rule {
  const { annotations, ...rest } = rule
  return { ...rest, ...(annotations && { annotations: { summary: annotations.summary ?? '' } }) }
}

/**
 * Runs the tests, many in one process, and returns the output about each that failed. A test that promtool does not mention
 * fails, too: it takes a whole file for broken when it cannot read a rule.
 *
 * @param promtool the program.
 */
export async function failuresOf(
  promtool: string,
  tests: readonly RuleTest[],
): Promise<ReadonlyMap<string, string>> {
  const folder = mkdtempSync(join(tmpdir(), 'tenseams-rules-'))
  try {
    const files = tests.map((test, index) => writeTest(folder, test, index))
    const workers = availableParallelism()
    const shares = Array.from({ length: workers }, (_, worker) =>
      files.filter((_file, index) => index % workers === worker),
    ).filter((share) => share.length > 0)
    const outputs = await Promise.all(
      shares.map((share, worker) => output(promtool, share, join(folder, `output-${worker}`))),
    )
    const said = saidByFile(outputs.join('\n'))
    return new Map(
      tests.flatMap(({ name }, index) => {
        const about = said.get(files[index] ?? '') ?? 'promtool says nothing of it'
        return /^\s*SUCCESS\s*$/.test(about) ? [] : [[name, about] as const]
      }),
    )
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Both streams in their common order: what a failure says goes to the one, the file's name to the other. */
async function output(promtool: string, files: readonly string[], to: string): Promise<string> {
  const log = openSync(to, 'w')
  try {
    const child = spawn(promtool, ['test', 'rules', ...files], {
      stdio: ['ignore', log, log],
      timeout: TIMEOUT_MS,
      killSignal: 'SIGKILL',
    })
    const ended = Promise.withResolvers<void>()
    child.once('error', ended.reject)
    child.once('close', () => ended.resolve())
    await ended.promise
  } finally {
    closeSync(log)
  }
  return readFileSync(to, 'utf8')
}

function writeTest(folder: string, test: RuleTest, index: number): string {
  const { groups, tests, intervalSeconds = INTERVAL_SECONDS } = test
  const own = join(folder, String(index))
  mkdirSync(own)
  writeFileSync(join(own, 'rules.yml'), stringify({ groups }, { lineWidth: 0 }))
  const file = join(own, 'test.yml')
  const evaluated = { rule_files: ['rules.yml'], evaluation_interval: `${intervalSeconds}s`, tests }
  writeFileSync(file, stringify(evaluated, { lineWidth: 0 }))
  return file
}

function saidByFile(output: string): ReadonlyMap<string, string> {
  const parts = output.split(/^Unit Testing: {2}(.+)$/m).slice(1)
  const pairs = parts.flatMap((part, index) =>
    index % 2 === 0 ? [[part.trim(), parts[index + 1] ?? ''] as const] : [],
  )
  return new Map(pairs)
}
