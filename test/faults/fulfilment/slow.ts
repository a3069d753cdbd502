import { fencingTakeover } from '@tenseams/kafka/ownership'
import { runFaultyFulfilment } from './faulty-fulfilment.ts'

/** Fulfilment with all of its guards, which may be slow at one step. */
await runFaultyFulfilment(fencingTakeover)
