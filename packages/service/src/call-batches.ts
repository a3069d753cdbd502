import { UnderWay } from './under-way.ts'

export type CallBatchesOptions<Call, Answer> = {
  /** Batches under way at once, when the first of them are late. */
  readonly maxUnderWay: number
  readonly maxBatch: number
  readonly maxQueued: number
  /** Answers the calls, in their order. An Error as an answer is thrown to its caller alone. */
  readonly handle: (calls: readonly Call[]) => Promise<readonly (Answer | Error)[]>
  /** Whether what `handle` has thrown concerns every call. If not, each is tried alone, so that one bad call fails no other. */
  readonly concernsAll: (error: unknown) => boolean
  /** What a caller is told when `maxQueued` calls wait. */
  readonly onFull: () => Error
}

type Queued<Call, Answer> = {
  readonly call: Call
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

/**
 * Answers the calls of many callers in batches. While a batch is under way, calls queue up, and the next batch has all of
 * them: one caller alone is not delayed, and many share a round trip or a commit. A call is answered by a batch that begins
 * after it.
 */
export class CallBatches<Call, Answer> {
  readonly #options: CallBatchesOptions<Call, Answer>
  #queue: Queued<Call, Answer>[] = []
  readonly #underWay: UnderWay

  constructor(options: CallBatchesOptions<Call, Answer>) {
    this.#options = options
    this.#underWay = new UnderWay({ most: options.maxUnderWay, onLate: () => this.#pump() })
  }

  /** How many calls wait for a batch. */
  get waiting(): number {
    return this.#queue.length
  }

  answer(call: Call): Promise<Answer> {
    const { maxQueued, onFull } = this.#options
    if (this.#queue.length >= maxQueued) return Promise.reject(onFull())
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    this.#queue.push({ call, resolve, reject })
    this.#pump()
    return promise
  }

  #pump(): void {
    const { maxBatch } = this.#options
    while (this.#queue.length > 0 && this.#underWay.mayBegin) {
      const batch = this.#queue.slice(0, maxBatch)
      this.#queue = this.#queue.slice(batch.length)
      const end = this.#underWay.begin()
      void this.#answerAll(batch).finally(() => {
        end()
        this.#pump()
      })
    }
  }

  async #answerAll(batch: readonly Queued<Call, Answer>[]): Promise<void> {
    const { handle, concernsAll } = this.#options
    try {
      const answers = await handle(batch.map(({ call }) => call))
      for (const [index, { resolve, reject }] of batch.entries()) {
        const answer = answers[index]
        if (answer === undefined) reject(new Error('a call of the batch has no answer'))
        else if (answer instanceof Error) reject(answer)
        else resolve(answer)
      }
    } catch (error) {
      if (batch.length === 1 || concernsAll(error)) {
        for (const { reject } of batch) reject(error)
        return
      }
      for (const one of batch) await this.#answerAll([one])
    }
  }
}
