import { runApp } from '@tenseams/service/run'
import { buildLakehouse } from './app.ts'
import { readLakehouseSettings } from './settings.ts'

const settings = readLakehouseSettings()
await runApp(await buildLakehouse(settings), settings)
