import { buildFulfilment, connectKafka } from '@tenseams/fulfilment/app'
import { readFulfilmentSettings } from '@tenseams/fulfilment/settings'
import type { TakeOver, TakeoverOptions } from '@tenseams/kafka/ownership'
import { runApp } from '@tenseams/service/run'
import { slowStep } from './slow-step.ts'

/** Fulfilment with another takeover of partitions, which may be slow at one step. */
export async function runFaultyFulfilment(
  takeOverWith: (options: TakeoverOptions) => TakeOver,
): Promise<void> {
  const settings = readFulfilmentSettings()
  const kafka = connectKafka(settings)
  const onStep = slowStep()
  const takeOver = takeOverWith({
    kafka,
    transactionTimeoutMs: settings.TRANSACTION_TIMEOUT_MS,
    onHalfTaken: (partition) => onStep('half-taken', partition),
  })
  await runApp(await buildFulfilment(settings, { kafka, takeOver, onStep }), settings)
}
