import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { orderBody, postOrder } from '../../support/shop.ts'

/** An order that a client wanted, and what it knows of it. */
export type Wish = {
  readonly key: string
  readonly body: object
  readonly attempts: number
  /** The response; undefined when there was none before the client gave up. */
  readonly answer: Readonly<Record<string, unknown>> | undefined
}

const ASK_FOR_MS = 90_000
const RETRY_MS = 300
const REFUSED = 422

/**
 * Sends orders at a steady rate: the next order does not wait for the response to the last one. Each request is retried
 * under its Idempotency-Key until it is answered.
 */
export class Load {
  readonly #ordersUrl: string
  readonly #everyMs: number
  readonly #customers: readonly string[]
  readonly #asking = new Set<Promise<void>>()
  readonly wishes: Wish[] = []
  #stopped = false
  #running: Promise<void> = Promise.resolve()

  /** @param customers who order in turn; without them each order has a new customer id. */
  constructor(ordersUrl: string, perSecond: number, customers: readonly string[] = []) {
    this.#ordersUrl = ordersUrl
    this.#customers = customers
    this.#everyMs = 1_000 / perSecond
  }

  start(): void {
    this.#running = this.#run()
  }

  /** Sends no further orders; resolves when each is answered, or given up. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
    await Promise.all(this.#asking)
  }

  async #run(): Promise<void> {
    const begun = performance.now()
    for (let wish = 0; !this.#stopped; wish += 1) {
      await delay(Math.max(0, begun + wish * this.#everyMs - performance.now()))
      const asking = this.#ask(wish)
      this.#asking.add(asking)
      void asking.finally(() => this.#asking.delete(asking))
    }
  }

  async #ask(wish: number): Promise<void> {
    const key = randomUUID()
    const paymentMethod = wish % 10 === 9 ? 'card-declined' : 'card'
    const customerId = this.#customers[wish % this.#customers.length] ?? randomUUID()
    const body = orderBody({ customerId, paymentMethod })
    const deadline = performance.now() + ASK_FOR_MS
    for (let attempts = 1; ; attempts += 1) {
      const answer = await postOrder(this.#ordersUrl, body, key).catch(() => undefined)
      const isFinal = answer !== undefined && (answer.status < 300 || answer.status === REFUSED)
      if (isFinal || performance.now() > deadline) {
        const known = isFinal && answer.status < 300 ? answer.body : undefined
        this.wishes.push({ key, body, attempts, answer: known })
        return
      }
      await delay(RETRY_MS)
    }
  }
}
