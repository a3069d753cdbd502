import { buildLakehouse } from '@tenseams/lakehouse-service/app'
import { readLakehouseSettings } from '@tenseams/lakehouse-service/settings'
import { runApp } from '@tenseams/service/run'
import { refreshRecordingFirst } from './record-first.ts'

/** A lakehouse whose silver records the snapshot it is made of before its rows, and is killed once in between. */
const settings = readLakehouseSettings()
await runApp(await buildLakehouse(settings, { refresh: refreshRecordingFirst }), settings)
