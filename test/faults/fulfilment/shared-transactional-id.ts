import { runFaultyFulfilment } from './faulty-fulfilment.ts'
import { useIdOfProcess } from './takeovers.ts'

/** Fulfilment whose transactional ids belong to the process and not to the partition. */
await runFaultyFulfilment(useIdOfProcess)
