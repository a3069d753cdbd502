import { runApp } from '@tenseams/service/run'
import { buildAuditor } from './app.ts'
import { readAuditorSettings } from './settings.ts'

const settings = readAuditorSettings()
await runApp(await buildAuditor(settings), settings)
