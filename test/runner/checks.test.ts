import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { staticChecks } from './checks.ts'
import { rootFolder } from './program.ts'

test('npm test compares the contracts with those that others rely on', () => {
  const programs = staticChecks.map(({ program }) => [program.file, ...program.parameters])
  expect(programs).toContainEqual(['contracts/src/main.ts', 'check'])
})

const workflows = join(rootFolder, '.github/workflows')

type Workflow = {
  readonly jobs: Readonly<Record<string, { readonly steps: readonly Step[] }>>
}

type Step = { readonly uses?: string; readonly with?: Readonly<Record<string, unknown>> }

test.each(readdirSync(workflows))('%s gets the whole history', (file) => {
  const { jobs }: Workflow = parse(readFileSync(join(workflows, file), 'utf8'))
  const steps = Object.values(jobs).flatMap((job) => job.steps)
  const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'))
  expect(checkouts.length).toBeGreaterThan(0)
  for (const checkout of checkouts) expect(checkout.with).toMatchObject({ 'fetch-depth': 0 })
})
