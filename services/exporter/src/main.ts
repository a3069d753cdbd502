import { runApp } from '@tenseams/service/run'
import { buildExporter } from './app.ts'
import { readExporterSettings } from './settings.ts'

const settings = readExporterSettings()
await runApp(await buildExporter(settings), settings)
