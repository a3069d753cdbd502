import { avroChanges } from './avro.ts'
import { protobufChanges } from './protobuf.ts'
import { casesOf } from './schema-change.ts'

/**
 * The table of compatibility: each rule under each level, in both formats. Tests compare both the check and the running
 * registry with it.
 */
export const compatibilityCases = casesOf([...avroChanges, ...protobufChanges])
