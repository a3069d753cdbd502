import { typeChanges } from './avro.ts'
import { nameChanges } from './avro-names.ts'
import { fieldChanges } from './protobuf.ts'
import { fileChanges } from './protobuf-file.ts'
import { casesOf } from './schema-change.ts'

/**
 * The table of compatibility: each rule under each level, in both formats. Tests compare both the check and the running
 * registry with it.
 */
export const compatibilityCases = casesOf([
  ...typeChanges,
  ...nameChanges,
  ...fieldChanges,
  ...fileChanges,
])
