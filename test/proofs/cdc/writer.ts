import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type pg from 'pg'
import { randomOf } from '../eos/schedule.ts'

/** Inserts, updates and deletes products and customers of its own until it is stopped. */
export class CatalogueWriter {
  readonly #pool: pg.Pool
  readonly #prefix = `cdc-${randomUUID().slice(0, 8)}`
  readonly #random: () => number
  readonly #products: string[] = []
  readonly #customers: string[] = []
  #isWriting = true
  #done: Promise<void> = Promise.resolve()
  #made = 0
  writes = 0

  constructor(pool: pg.Pool, seed: number) {
    this.#pool = pool
    this.#random = randomOf(seed)
  }

  /** Inserts rows beforehand, so that a snapshot takes a while. */
  async fill(rows: number): Promise<void> {
    await this.#pool.query(
      `insert into catalogue.products (sku, name, price_minor, currency)
       select $1 || '-old-' || n, 'Shelf', n, 'EUR' from generate_series(1, $2) n`,
      [this.#prefix, rows],
    )
    for (let at = 1; at <= rows; at += 1) this.#products.push(`${this.#prefix}-old-${at}`)
  }

  begin(pauseMs: number): void {
    this.#isWriting = true
    this.#done = this.#write(pauseMs)
  }

  async stop(): Promise<void> {
    this.#isWriting = false
    await this.#done
  }

  /** Deletes all of its rows that are left. */
  async tidy(): Promise<void> {
    await this.#pool.query('delete from catalogue.products where sku = any($1)', [this.#products])
    await this.#pool.query('delete from catalogue.customers where customer_id = any($1)', [
      this.#customers,
    ])
  }

  async #write(pauseMs: number): Promise<void> {
    while (this.#isWriting) {
      await this.one()
      await delay(pauseMs)
    }
  }

  /** One write, of any kind. */
  async one(): Promise<void> {
    const draw = this.#random()
    this.writes += 1
    if (draw < 0.3) return this.#insertProduct()
    if (draw < 0.4) return this.#insertCustomer()
    if (draw < 0.7) return this.#update()
    return this.#delete()
  }

  async #insertProduct(): Promise<void> {
    this.#made += 1
    const sku = `${this.#prefix}-${this.#made}`
    await this.#pool.query(
      `insert into catalogue.products (sku, name, price_minor, currency) values ($1, 'Rug', $2, 'EUR')`,
      [sku, this.#made],
    )
    this.#products.push(sku)
  }

  async #insertCustomer(): Promise<void> {
    this.#made += 1
    const tail = Math.floor(this.#random() * 2 ** 40)
      .toString(16)
      .padStart(12, '0')
    const id = `${this.#prefix.slice(4)}-0000-4000-8000-${tail}`
    const { rowCount } = await this.#pool.query(
      `insert into catalogue.customers (customer_id, segment, name_cipher, email_cipher)
       values ($1, 'new', '\\x01', '\\x02') on conflict do nothing`,
      [id],
    )
    if (rowCount === 1) this.#customers.push(id)
  }

  async #update(): Promise<void> {
    const sku = this.#products[this.#at(this.#products)]
    const customer = this.#customers[this.#at(this.#customers)]
    const price = Math.floor(this.#random() * 100_000)
    await this.#pool.query('update catalogue.products set price_minor = $2 where sku = $1', [
      ...[sku, price],
    ])
    await this.#pool.query('update catalogue.customers set segment = $2 where customer_id = $1', [
      ...[customer, `s${price % 7}`],
    ])
  }

  async #delete(): Promise<void> {
    const [sku] = this.#products.splice(this.#at(this.#products), 1)
    await this.#pool.query('delete from catalogue.products where sku = $1', [sku])
    if (this.#random() > 0.3) return
    const [customer] = this.#customers.splice(this.#at(this.#customers), 1)
    await this.#pool.query('delete from catalogue.customers where customer_id = $1', [customer])
  }

  #at(list: readonly unknown[]): number {
    return Math.floor(this.#random() * list.length)
  }
}
