import { runApp } from '@tenseams/service/run'
import { buildOrders } from './app.ts'
import { readOrderSettings } from './settings.ts'

const settings = readOrderSettings()
await runApp(await buildOrders(settings), settings)
