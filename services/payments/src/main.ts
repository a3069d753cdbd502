import { runApp } from '@tenseams/service/run'
import { buildPayments } from './app.ts'
import { readPaymentSettings } from './settings.ts'

const settings = readPaymentSettings()
await runApp(await buildPayments(settings), settings)
