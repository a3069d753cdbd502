import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Rule } from '@tenseams/contracts/slo/rules'
import { readSlos } from '@tenseams/contracts/slo/slo'
import { runProgram } from '@tenseams/local/launcher/host/program'
import { findMonitoring, type Monitoring } from '@tenseams/local/launcher/install/monitoring'
import { alertmanagerConfig } from '@tenseams/observability/alertmanager'
import { withInterval } from '@tenseams/observability/dashboards/promql'
import { prometheusConfig } from '@tenseams/observability/prometheus'
import { ruleFilesFor } from '@tenseams/observability/rule-files'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { mutantsOf } from '../../alerts/mutants.ts'
import { failuresOf, promtoolTests, type RuleTest, testedForm } from '../../alerts/promtool.ts'
import { casesByAlert, causes } from '../../alerts/rule-files.ts'
import { type SloTest, sloTestsOf } from '../../alerts/slo-tests.ts'
import { queries } from '../../dashboards/queries.ts'
import { rootFolder } from '../../runner/program.ts'

const INSTALL_TIMEOUT_MS = 7 * 60_000
const TIMEOUT_MS = 4 * 60_000

let programs: Monitoring
beforeAll(async () => {
  programs = await findMonitoring({ root: rootFolder })
}, INSTALL_TIMEOUT_MS)

const cases = casesByAlert()

const ruleTest = (
  name: string,
  rules: readonly Rule[],
  rest: Omit<RuleTest, 'name' | 'groups'>,
) => ({
  ...{ name, groups: [{ name: 'tested', rules }], ...rest },
})

/** A cause, or a mutant of it, with the cases of the cause. */
const causeTest = (name: string, cause: Rule, rule = testedForm(cause)): RuleTest =>
  ruleTest(name, [rule], { tests: promtoolTests(cause, cases.get(cause.alert ?? '') ?? []) })

const sloTest = ({ name, rules, tests, intervalSeconds }: SloTest, mutated = { name, rules }) =>
  ruleTest(mutated.name, mutated.rules, { tests, intervalSeconds })

/** The tests that pass, although something is wrong with their rule. */
async function survivors(mutants: readonly RuleTest[]): Promise<readonly string[]> {
  const noticed = await failuresOf(programs.promtool, mutants)
  return mutants.flatMap(({ name }) => (noticed.has(name) ? [] : [name]))
}

describe.each(['normal', 'drill'] as const)('the settings of the profile %s', (profile) => {
  const folder = mkdtempSync(join(tmpdir(), 'tenseams-settings-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const tokenFile = write('token', 'token')
  const login = { kind: 'basic', username: 'prometheus', passwordFile: tokenFile } as const

  test('are taken by Prometheus, with every rule', async () => {
    const ruleFiles = [...ruleFilesFor(profile)].map(([name, text]) => write(name, text))
    const targets = [
      { job: 'orders', address: '127.0.0.1:1', login: { kind: 'bearer', tokenFile } as const },
      { job: 'prometheus', address: '127.0.0.1:2', login },
    ]
    const alertmanager = { address: '127.0.0.1:3', login }
    const config = prometheusConfig({ profile, targets, alertmanager, ruleFiles })
    const file = write('prometheus.yml', config)
    const said = await runProgram({
      ...{ file: programs.promtool, arguments: ['check', 'config', file] },
      timeoutMs: TIMEOUT_MS,
    })
    expect(said).toContain('SUCCESS')
  })

  test('are taken by Alertmanager', async () => {
    const config = alertmanagerConfig({ profile, url: 'http://127.0.0.1:1/', tokenFile })
    const file = write('alertmanager.yml', config)
    const said = await runProgram({
      ...{ file: programs.amtool, arguments: ['check-config', file] },
      timeoutMs: TIMEOUT_MS,
    })
    expect(said).toContain('SUCCESS')
  })
})

describe('a query of a dashboard', () => {
  const parse = async (expressions: readonly string[]) => {
    const rules = expressions.map((expr, index) => ({ record: `query${index}`, expr }))
    const folder = mkdtempSync(join(tmpdir(), 'tenseams-queries-'))
    const file = join(folder, 'queries.yml')
    writeFileSync(file, stringify({ groups: [{ name: 'queries', rules }] }, { lineWidth: 0 }))
    try {
      const arguments_ = ['check', 'rules', file]
      return await runProgram({
        ...{ file: programs.promtool, arguments: arguments_, timeoutMs: TIMEOUT_MS },
      })
    } finally {
      rmSync(folder, { recursive: true })
    }
  }

  test('is understood by Prometheus', async () => {
    const said = await parse(queries.map(({ expr }) => withInterval(expr, '1m')))
    expect(said).toContain(`SUCCESS: ${queries.length} rules found`)
  })

  test('is refused where it is not', async () => {
    await expect(parse(['sum by (group (up)'])).rejects.toThrow(/query0|parse/)
  })
})

describe('an alert about a cause', () => {
  test(
    'fires in each of its cases when it must, and not before',
    async () => {
      const tests = causes().map((rule) => causeTest(rule.alert ?? '', rule))
      expect(await failuresOf(programs.promtool, tests)).toEqual(new Map())
    },
    TIMEOUT_MS,
  )

  test(
    'is held by its cases: a moved threshold, a turned comparison, a lost label are noticed',
    async () => {
      const mutants = causes().flatMap((rule) =>
        mutantsOf(testedForm(rule)).map((mutant) =>
          causeTest(`${rule.alert}: ${mutant.what}`, rule, mutant.rule),
        ),
      )
      expect(mutants.length).toBeGreaterThan(250)
      expect(await survivors(mutants)).toEqual([])
    },
    TIMEOUT_MS,
  )
})

describe('the rules of an objective', () => {
  const all = readSlos().flatMap(sloTestsOf)

  test(
    'call somebody at each burn rate, and not below it',
    async () => {
      expect(
        await failuresOf(
          programs.promtool,
          all.map((each) => sloTest(each)),
        ),
      ).toEqual(new Map())
    },
    TIMEOUT_MS,
  )

  test(
    'are held by their tests: a moved threshold, a turned comparison, a lost label are noticed',
    async () => {
      const mutants = all.flatMap((each) =>
        each.rules.flatMap((rule, index) =>
          isMutated(each, rule) ? mutantsOf(rule).map((mutant) => ({ each, index, mutant })) : [],
        ),
      )
      expect(mutants.length).toBeGreaterThan(400)
      const tests = mutants.map(({ each, index, mutant }) => {
        const name = `${each.name}: ${each.rules[index]?.record ?? 'alert'}: ${mutant.what}`
        return sloTest(each, { name, rules: each.rules.with(index, mutant.rule) })
      })
      expect(await survivors(tests)).toEqual([])
    },
    TIMEOUT_MS,
  )
})

/**
 * All rules of each objective over its shortest windows, where its series are selected. One generator writes those over the longer
 * ones, so there it is enough to change the alerts and the budget, of one objective of each kind.
 */
function isMutated({ name }: SloTest, { alert, record = '' }: Rule): boolean {
  if (name.endsWith('of 1h')) return true
  if (/^budget of (?:order-accepted|order-accepted-in-time|consumer-lag)$/.test(name)) {
    return /budget_left|ratio28d/.test(record)
  }
  return (
    alert !== undefined &&
    /^(?:OrderAccepted|OrderAcceptedInTime|ConsumerLag)(?:Fast|Slow)/.test(alert)
  )
}
