import { runApp } from '@tenseams/service/run'
import { buildFulfilment } from './app.ts'
import { readFulfilmentSettings } from './settings.ts'

const settings = readFulfilmentSettings()
await runApp(await buildFulfilment(settings), settings)
