import { runApp } from '@tenseams/service/run'
import { buildPager } from './app.ts'
import { readPagerSettings } from './settings.ts'

const settings = readPagerSettings()
await runApp(await buildPager(settings), settings)
