import { buildLakehouse } from '@tenseams/lakehouse-service/app'
import { readLakehouseSettings } from '@tenseams/lakehouse-service/settings'
import { silverTables } from '@tenseams/lakehouse-service/silver/tables'
import { runApp } from '@tenseams/service/run'

/** A lakehouse whose silver takes the event that came last for the newest, not the one with the highest version. */
const byArrival = { ofEvent: 'kafka_offset', ofRow: '-1', ofStatus: 'rank' }

const settings = readLakehouseSettings()
const app = await buildLakehouse(settings, { silver: silverTables(byArrival) })
await runApp(app, settings)
