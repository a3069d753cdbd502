import type { LabelsOf } from '@tenseams/telemetry/instruments'
import { readAtScrape } from '@tenseams/telemetry/readings'
import type { Registry } from 'prom-client'
import { Answers, type Bounds, type Sample, type Source } from './source.ts'

type Log = ConstructorParameters<typeof Answers>[1]

/** Shows the sources' answers, and whether each has answered. */
export function showSources(
  registry: Registry,
  sources: readonly Source[],
  log: Log,
  bounds?: Bounds,
): void {
  const all = sources.map((source) => ({ source, answers: new Answers(source, log, bounds) }))
  for (const { source, answers } of all) {
    for (const gauge of source.gauges) {
      readAtScrape(registry, gauge, async () => {
        const { samples } = await answers.current()
        return samples.filter(([name]) => name === gauge).map(readingOf)
      })
    }
  }
  readAtScrape(registry, 'tenseams_exporter_source_up', () =>
    Promise.all(
      all.map(async ({ answers }) => {
        const { isUp } = await answers.current()
        return [{ source: answers.name }, isUp ? 1 : 0] as const
      }),
    ),
  )
  readAtScrape(registry, 'tenseams_exporter_collect_duration_seconds', () =>
    Promise.all(
      all.map(async ({ answers }) => {
        const { seconds } = await answers.current()
        return [{ source: answers.name }, seconds] as const
      }),
    ),
  )
}

function readingOf([, labels, value]: Sample): readonly [LabelsOf<Sample[0]>, number] {
  return [labels, value]
}
