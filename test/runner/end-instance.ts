import { endInstance } from './instance.ts'

/** Ends one instance; `integration-setup.ts` runs it when its process must go before its teardown. */
const [instance] = process.argv.slice(2)
if (instance === undefined) throw new Error('which instance?')
await endInstance(instance, { keepLogs: true })
process.exit(0)
