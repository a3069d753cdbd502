import { runFaultyFulfilment } from './faulty-fulfilment.ts'
import { sendOutsideTransaction } from './takeovers.ts'

/** Fulfilment that sends its output outside of the transaction that has the offsets. */
await runFaultyFulfilment(sendOutsideTransaction)
