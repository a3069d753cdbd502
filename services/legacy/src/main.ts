import { runApp } from '@tenseams/service/run'
import { buildLegacy } from './app.ts'
import { readLegacySettings } from './settings.ts'

const settings = readLegacySettings()
await runApp(await buildLegacy(settings), settings)
