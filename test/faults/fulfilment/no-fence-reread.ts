import { runFaultyFulfilment } from './faulty-fulfilment.ts'
import { readBeforeFence } from './takeovers.ts'

/** Fulfilment that reads committed offsets before it fences the old owner of a partition. */
await runFaultyFulfilment(readBeforeFence)
