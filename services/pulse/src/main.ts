import { runApp } from '@tenseams/service/run'
import { buildPulse } from './app.ts'
import { readPulseSettings } from './settings.ts'

const settings = readPulseSettings()
await runApp(await buildPulse(settings), settings)
