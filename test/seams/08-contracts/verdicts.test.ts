import { randomUUID } from 'node:crypto'
import { openRegistry, type Registry } from '@tenseams/codec/registry'
import { compatibilityCases } from '@tenseams/contracts/gate/cases/table'
import { expect, test } from 'vitest'
import { useStack } from '../../support/stack.ts'

const timeoutMs = 60_000
const AT_ONCE = 4

type Case = (typeof compatibilityCases)[number]

/** The cases of one change: the same schemas under each level. */
const changes = [
  ...Map.groupBy(compatibilityCases, ({ format, name }) => `${format}: ${name}`).values(),
]

test('the running registry gives the verdict of the table for each rule, level and format', async () => {
  const { registryUrl, publisherLogin } = (await useStack()).endpoints
  const registry = openRegistry(registryUrl, timeoutMs, publisherLogin)
  const differing: string[] = []
  const tally = { compatible: 0, incompatible: 0 }
  const left = [...changes]
  const work = async () => {
    for (let cases = left.pop(); cases !== undefined; cases = left.pop()) {
      for (const [tried, verdict] of await verdicts(registry, cases)) {
        tally[verdict] += 1
        if (verdict !== tried.registry) differing.push(lineOf(tried, verdict))
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  expect(differing.toSorted()).toEqual([])
  expect(tally.compatible + tally.incompatible).toBe(compatibilityCases.length)
  expect(unexplained()).toEqual([])
  expect(Math.min(tally.compatible, tally.incompatible)).toBeGreaterThan(0)
}, 300_000)

/**
 * Cases in which the registry differs from the specification without a reason, either in the table or as the sentence that
 * the check prints for the rule.
 */
function unexplained(): readonly string[] {
  return compatibilityCases
    .filter(({ registry, specification }) => registry !== specification)
    .filter(({ registryBecause, rules }) => registryBecause === undefined && rules.length === 0)
    .map((tried) => lineOf(tried, tried.specification))
}

type Verdict = Case['registry']

const lineOf = ({ format, name, level, registry }: Case, verdict: Verdict) =>
  `${format}, ${name}, ${level}: the registry says ${verdict}, the table ${registry}`

/** Registers the older versions once, then the newer one under each level, and removes it when it was accepted. */
async function verdicts(registry: Registry, cases: readonly Case[]) {
  const subject = `verdict-${randomUUID()}`
  const [first] = cases
  if (first === undefined) return []
  const { format } = first
  try {
    for (const text of first.older) await registry.register(subject, { text, format })
    const found: (readonly [Case, Verdict])[] = []
    for (const tried of cases) {
      await registry.setLevel(subject, tried.level)
      found.push([tried, await verdictOn(registry, subject, tried)])
    }
    return found
  } finally {
    await registry.remove(subject)
  }
}

async function verdictOn(
  registry: Registry,
  subject: string,
  { newer, format }: Case,
): Promise<Verdict> {
  try {
    const { version } = await registry.register(subject, { text: newer, format })
    await registry.removeVersion(subject, version)
    return 'compatible'
  } catch (error) {
    // 409: refused by a compatibility rule. 422: refused by the parser (an alias for a field that the writer has too).
    if (error instanceof Error && /answered (?:409|422)/.test(error.message)) return 'incompatible'
    throw error
  }
}
