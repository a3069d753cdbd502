import { runService } from '@tenseams/service/run'
import { buildAuditor } from './app.ts'
import { readAuditorSettings } from './settings.ts'

const settings = readAuditorSettings()
const { server, closing } = await buildAuditor(settings)
await runService(server, settings, closing)
