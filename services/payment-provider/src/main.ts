import { runApp } from '@tenseams/service/run'
import { buildPaymentProvider } from './app.ts'
import { readProviderSettings } from './settings.ts'

const settings = readProviderSettings()
await runApp(await buildPaymentProvider(settings), settings)
