/** What the order of a batch's records depends on. */
export type Keyed = { readonly offset: string; readonly key: Buffer | null }

/**
 * Which records of a fetched batch may be under way at the same time, and up to which one the offset may be committed.
 * Records of one key follow each other in the order of their offsets; records without a key count as one key, since nobody
 * knows what they belong to. It decides only, and touches nothing.
 *
 *     queued ──next──▶ under way ──end, done──▶ passed; the next record of the key may start
 *                          └────── end, not done ──▶ waits; the later records of the key stay queued
 */
export class BatchOrder<Message extends Keyed> {
  readonly #messages: readonly Message[]
  readonly #passed: Set<Message>
  /** The next record of the same key. */
  readonly #followers: ReadonlyMap<Message, Message>
  /** Records that may start, the longest ready first; those before `#nextReady` were given out. */
  readonly #ready: Message[]
  #nextReady = 0
  /** How many records from the start of the batch are passed without a gap. */
  #unbroken = 0

  /** @param isPassed tells records that need no second effect, because their first one is durable. */
  constructor(messages: readonly Message[], isPassed: (message: Message) => boolean) {
    this.#messages = messages
    this.#passed = new Set(messages.filter(isPassed))
    const { firsts, followers } = byKey(messages.filter((message) => !this.#passed.has(message)))
    this.#ready = firsts
    this.#followers = followers
  }

  /** A record that may start now; undefined when there is none. */
  next(): Message | undefined {
    const message = this.#ready[this.#nextReady]
    if (message !== undefined) this.#nextReady += 1
    return message
  }

  /** The record is no longer under way. One that is not done holds back the later ones of its key. */
  end(message: Message, isDone: boolean): void {
    if (!isDone) return
    this.pass(message)
    const follower = this.#followers.get(message)
    if (follower !== undefined) this.#ready.push(follower)
  }

  /** The record no longer holds back the committed offset. Whether it is still under way does not matter here. */
  pass(message: Message): void {
    this.#passed.add(message)
  }

  /** The record up to which all are passed; its offset may be committed. */
  get lastUnbroken(): Message | undefined {
    return this.#messages[this.#countUnbroken() - 1]
  }

  /** The lowest record that is not passed: the next fetch begins with it. */
  get firstOpen(): Message | undefined {
    return this.#messages[this.#countUnbroken()]
  }

  /** Records behind `firstOpen` that are passed; the next fetch delivers them again. */
  get ahead(): readonly Message[] {
    return this.#messages
      .slice(this.#countUnbroken())
      .filter((message) => this.#passed.has(message))
  }

  #countUnbroken(): number {
    for (;;) {
      const message = this.#messages[this.#unbroken]
      if (message === undefined || !this.#passed.has(message)) return this.#unbroken
      this.#unbroken += 1
    }
  }
}

export type Handling<Message> = {
  /** How many records are under way at most. */
  readonly atOnce: number
  /** Asked before each start. When it says no, what is under way is finished and nothing more is started. */
  readonly mayStart: () => boolean
  /** Whether the record is done. When it throws, what is under way is finished, and its error is thrown. */
  readonly handle: (message: Message) => Promise<boolean>
}

/** Handles the records as wide as their order allows, and returns when none is under way and none may start. */
export function sideBySide<Message extends Keyed>(
  order: BatchOrder<Message>,
  { atOnce, mayStart, handle }: Handling<Message>,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const errors: unknown[] = []
  let underWay = 0
  const startMore = () => {
    while (underWay < atOnce && errors.length === 0 && mayStart()) {
      const message = order.next()
      if (message === undefined) break
      underWay += 1
      void one(message).then(startMore)
    }
    if (underWay > 0) return
    if (errors.length > 0) reject(errors[0])
    else resolve()
  }
  const one = async (message: Message) => {
    let isDone = false
    try {
      isDone = await handle(message)
    } catch (error) {
      errors.push(error)
    }
    underWay -= 1
    order.end(message, isDone)
  }
  startMore()
  return promise
}

function byKey<Message extends Keyed>(messages: readonly Message[]) {
  const firsts: Message[] = []
  const followers = new Map<Message, Message>()
  const lasts = new Map<string | null, Message>()
  for (const message of messages) {
    const key = message.key === null ? null : message.key.toString('latin1')
    const before = lasts.get(key)
    if (before === undefined) firsts.push(message)
    else followers.set(before, message)
    lasts.set(key, message)
  }
  return { firsts, followers }
}
