import { Consumption } from '@tenseams/kafka/consume'
import { buildPayments } from '@tenseams/payments/app'
import { readPaymentSettings } from '@tenseams/payments/settings'
import { runApp } from '@tenseams/service/run'
import { commitOnReceipt } from '../kafka/commit-on-receipt.ts'

/** Payments that commits an offset before its effect, as a client with auto-commit does. */
const settings = readPaymentSettings()
const app = await buildPayments(settings, {
  openConsumption: (options) => new Consumption({ ...options, commitOffset: commitOnReceipt }),
})
await runApp(app, settings)
