import { changeKafkajs } from './change-kafkajs.ts'

/** kafkajs's member of a group, as far as it is needed here. */
type ConsumerGroup = {
  /** The broker may keep a fetch for so long. */
  maxWaitTime: number
  readonly subscriptionState: { paused(): readonly unknown[] }
  fetch(nodeId: number): Promise<unknown>
}

/** While a partition is paused. */
const LONGEST_WAIT_MS = 100

/**
 * Shortens the fetches of a consumer while it has paused a partition, so that one which is resumed is fetched soon: kafkajs
 * 2.2.4 asks for it in the next fetch, and sends that when the one under way is answered (consumer/consumerGroup.js). So
 * without a pause a fetch may wait long, which costs nothing at rest.
 */
export function shortenFetchesWhilePaused(): void {
  changeKafkajs('consumer/consumerGroup', 'short-fetch', shorten)
}

function shorten({ prototype }: { readonly prototype: ConsumerGroup }): void {
  const { fetch } = prototype
  const usual = new WeakMap<ConsumerGroup, number>()
  prototype.fetch = function (this: ConsumerGroup, nodeId: number) {
    const usualMs = usual.get(this) ?? this.maxWaitTime
    usual.set(this, usualMs)
    const isPaused = this.subscriptionState.paused().length > 0
    this.maxWaitTime = isPaused ? Math.min(usualMs, LONGEST_WAIT_MS) : usualMs
    return fetch.call(this, nodeId)
  }
}
