import type { OrderEvent } from '@tenseams/contracts/generated/orders.order.v1'
import { followCommitted } from '@tenseams/demonstration/committed-records'
import type { Endpoints } from '@tenseams/local/launcher/plan/endpoints'
import { machineMs } from '../clock.ts'
import { readTrace } from '../generator/trace.ts'
import type { Journeys } from './journeys.ts'
import { ORDERS_TOPIC } from './sights.ts'

/** One reader of committed records for all runs: asking for each order by HTTP would be a load of its own. */
export class OrdersReader {
  readonly #journeys = new Map<number, Journeys>()
  #stop: () => Promise<void> = async () => undefined

  static async open(
    endpoints: Pick<Endpoints, 'kafkaBrokers' | 'secretsFolder' | 'registryUrl'>,
  ): Promise<OrdersReader> {
    const reader = new OrdersReader()
    reader.#stop = await followCommitted<OrderEvent>(endpoints, [ORDERS_TOPIC], (record) => {
      const trace = readTrace(record.row.traceparent)
      if (trace === undefined) return
      const { partition, offset, row } = record
      const { type } = row
      reader.#journeys.get(trace.run)?.see({ trace, type, partition, offset, atMs: machineMs() })
    })
    return reader
  }

  /** From now on, events of that run go to these journeys. */
  follow(run: number, journeys: Journeys): void {
    this.#journeys.set(run, journeys)
  }

  forget(run: number): void {
    this.#journeys.delete(run)
  }

  close(): Promise<void> {
    return this.#stop()
  }
}
