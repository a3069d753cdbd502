import { Gauge, type Registry } from 'prom-client'
import { type GaugeName, type LabelsOf, optionsOf } from './instruments.ts'

/** A gauge whose values are read when somebody asks for them, so that between two scrapes it costs nothing. */
class ReadGauge extends Gauge {
  readonly readers: Read<Readonly<Record<string, string>>>[] = []

  /** Called by the registry at each scrape. Between `reset` and the last `set` nothing else runs. */
  async collect(): Promise<void> {
    const read = await Promise.all(this.readers.map((reader) => reader()))
    this.reset()
    for (const [labels, value] of read.flat()) this.set(labels, value)
  }
}

type Labelled<Labels> = readonly (readonly [labels: Labels, value: number])[]
type Read<Labels> = () => Labelled<Labels> | Promise<Labelled<Labels>>

/** Has a gauge read at each scrape; what takes time may be awaited, and should not throw, since the whole scrape fails then. Several owners may read values of one gauge, each of its own labels. */
export function readAtScrape<Name extends GaugeName>(
  registry: Registry,
  name: Name,
  read: Read<LabelsOf<Name>>,
): void {
  const known = registry.getSingleMetric(name)
  const gauge = known instanceof ReadGauge ? known : new ReadGauge(optionsOf(registry, name))
  gauge.readers.push(read)
}

/** A queue inside a service, of which one can see how full it is. */
export type Queue = {
  readonly name: string
  /** Most items that it takes before it refuses. */
  readonly capacity: number
  waiting(): number
}

export function observeQueues(registry: Registry, queues: readonly Queue[]): void {
  readAtScrape(registry, 'tenseams_queue_items', () =>
    queues.map(({ name, waiting }) => [{ queue: name }, waiting()]),
  )
  readAtScrape(registry, 'tenseams_queue_capacity_items', () =>
    queues.map(({ name, capacity }) => [{ queue: name }, capacity]),
  )
}

/** What a pool of connections says of itself; `pg.Pool` does. */
export type Pool = {
  readonly totalCount: number
  readonly idleCount: number
  readonly waitingCount: number
  readonly options: { readonly max: number }
}

/** @param pools by the name of the database that each is connected with. */
export function observePools(registry: Registry, pools: Readonly<Record<string, Pool>>): void {
  const each = Object.entries(pools)
  readAtScrape(registry, 'tenseams_pool_connections', () =>
    each.flatMap(([pool, { totalCount, idleCount }]) => [
      [{ pool, state: 'used' }, totalCount - idleCount] as const,
      [{ pool, state: 'idle' }, idleCount] as const,
    ]),
  )
  readAtScrape(registry, 'tenseams_pool_capacity_connections', () =>
    each.map(([pool, { options }]) => [{ pool }, options.max]),
  )
  readAtScrape(registry, 'tenseams_pool_waiting_requests', () =>
    each.map(([pool, { waitingCount }]) => [{ pool }, waitingCount]),
  )
}
