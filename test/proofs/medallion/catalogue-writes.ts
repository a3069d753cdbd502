import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import { randomOf } from '../eos/schedule.ts'

const EVERY_MS = 80

/** Products and customers' segments that change while orders are placed: rows come, change, go, and come back. */
export class CatalogueWrites {
  readonly #shop: pg.Pool
  readonly #customers: readonly string[]
  readonly #random: () => number
  #stopped = false
  #running: Promise<void> = Promise.resolve()

  constructor(shop: pg.Pool, customers: readonly string[], seed: number) {
    this.#shop = shop
    this.#customers = customers
    this.#random = randomOf(seed)
  }

  start(): void {
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      await this.#writeOne()
      await delay(EVERY_MS)
    }
  }

  async #writeOne(): Promise<void> {
    const sku = `proof-${this.#upTo(30)}`
    const customer = this.#customers[this.#upTo(this.#customers.length)]
    const choice = this.#random()
    if (choice < 0.5) {
      await this.#shop.query(
        `insert into catalogue.products (sku, name, price_minor, currency) values ($1, 'Proof', $2, 'EUR')
         on conflict (sku) do update set price_minor = excluded.price_minor, updated_at = clock_timestamp()`,
        [sku, this.#upTo(10_000)],
      )
    } else if (choice < 0.7) {
      await this.#shop.query('delete from catalogue.products where sku = $1', [sku])
    } else {
      const segment = ['business', 'consumer', 'education'][this.#upTo(3)]
      await this.#shop.query(
        'update catalogue.customers set segment = $2, updated_at = clock_timestamp() where customer_id = $1',
        [customer, segment],
      )
    }
  }

  #upTo(end: number): number {
    return Math.floor(this.#random() * end)
  }
}
