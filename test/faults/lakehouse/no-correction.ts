import { buildLakehouse } from '@tenseams/lakehouse-service/app'
import { openCorrections } from '@tenseams/lakehouse-service/gold/corrections'
import { readLakehouseSettings } from '@tenseams/lakehouse-service/settings'
import { runApp } from '@tenseams/service/run'

/** A lakehouse that makes the table of corrections and never writes to it: late money is in no figure. */
const settings = readLakehouseSettings()
const app = await buildLakehouse(settings, {
  correct: async (ports, { table }) => {
    await openCorrections(ports, table)
    return { kind: 'idle' }
  },
})
await runApp(app, settings)
