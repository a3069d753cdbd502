import { portsAt } from '@tenseams/cli/ports'
import { differencesFrom } from '@tenseams/contracts/telemetry/compare'
import { readTelemetry } from '@tenseams/contracts/telemetry/read'
import { readScrape, type Scrape } from '@tenseams/contracts/telemetry/scrape'
import { readCredentials } from '@tenseams/identities/credentials'
import { credentialsFileIn } from '@tenseams/identities/store'
import { type ScrapeTarget, scrapeTargets } from '@tenseams/local/launcher/plan/scrape-targets'
import { beforeAll, expect, test } from 'vitest'
import { type TestStack, useStack } from '../../support/stack.ts'

/** What the running system shows is what is declared: no more, no less, and no label beyond its bound. */

const telemetry = readTelemetry()
const REQUEST_TIMEOUT_MS = 10_000
const scrapes = new Map<string, Scrape>()

beforeAll(async () => {
  const stack = await useStack()
  for (const target of scrapeTargets(stack.context.ports)) {
    scrapes.set(target.part, await scrape(stack, target))
  }
})

async function scrape({ context }: TestStack, target: ScrapeTarget): Promise<Scrape> {
  const file = credentialsFileIn({ folder: context.paths.secrets }, 'exporter')
  const { token } = await readCredentials(file)
  const response = await fetch(target.url, {
    headers: target.needsToken ? { authorization: `Bearer ${token}` } : {},
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  })
  expect(response.status, target.url).toBe(200)
  return readScrape(await response.text())
}

const parts = scrapeTargets(portsAt(0)).map(({ part }) => part)

test.each(parts)('%s shows what is declared for it', (part) => {
  const own = scrapes.get(part)
  if (own === undefined) expect.fail(`${part} was not asked`)
  expect(differencesFrom(telemetry, part, own)).toEqual([])
})

test('Flink shows the metrics of its jobs', () => {
  const restarts = scrapes.get('flink-jobmanager')?.samples ?? []
  const jobs = restarts.filter(({ metric }) => metric === 'flink_jobmanager_job_numRestarts')
  expect(jobs.map(({ labels }) => labels.job_name)).toContain('revenue-per-minute')
})
