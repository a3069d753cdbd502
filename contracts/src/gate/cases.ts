import { avroEvolutions } from './cases-avro.ts'
import { protobufEvolutions } from './cases-protobuf.ts'
import { casesOf } from './evolution.ts'

/**
 * The table of compatibility: each rule under each level, in both formats. The check is held to it, and so is the
 * running registry.
 */
export const compatibilityCases = casesOf([...avroEvolutions, ...protobufEvolutions])
