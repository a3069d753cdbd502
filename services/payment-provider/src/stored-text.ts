import { Type } from 'typebox'

type Bounds = { readonly minLength: number; readonly maxLength: number }

/** Text that Postgres can store: it refuses NUL. */
export const StoredText = (bounds: Bounds) => Type.String({ ...bounds, pattern: '^[^\\u0000]*$' })
