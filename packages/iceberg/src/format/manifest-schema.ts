/** The Avro schemas of Iceberg's metadata files, format v2 (Iceberg spec, "Manifests" and "Manifest Lists"). */

import type { AvroField } from './partition-type.ts'

type AvroType = string | object

const required = (name: string, type: AvroType, id: number): object => ({
  name,
  type,
  'field-id': id,
})

const optional = (name: string, type: AvroType, id: number): object => ({
  name,
  type: ['null', type],
  default: null,
  'field-id': id,
})

/** Avro maps have text keys only, so Iceberg writes maps by column id as lists of pairs. */
const byColumn = (keyId: number, valueId: number, type: AvroType): object => ({
  type: 'array',
  logicalType: 'map',
  items: {
    type: 'record',
    name: `k${keyId}_v${valueId}`,
    fields: [required('key', 'int', keyId), required('value', type, valueId)],
  },
})

const dataFileOf = (partition: readonly AvroField[]): object => ({
  type: 'record',
  name: 'r2',
  fields: [
    required('content', 'int', 134),
    required('file_path', 'string', 100),
    required('file_format', 'string', 101),
    required(
      'partition',
      {
        type: 'record',
        name: 'r102',
        fields: partition.map(({ id, name, type }) => optional(name, type, id)),
      },
      102,
    ),
    required('record_count', 'long', 103),
    required('file_size_in_bytes', 'long', 104),
    optional('column_sizes', byColumn(117, 118, 'long'), 108),
    optional('value_counts', byColumn(119, 120, 'long'), 109),
    optional('null_value_counts', byColumn(121, 122, 'long'), 110),
    optional('nan_value_counts', byColumn(138, 139, 'long'), 137),
    optional('lower_bounds', byColumn(126, 127, 'bytes'), 125),
    optional('upper_bounds', byColumn(129, 130, 'bytes'), 128),
    optional('key_metadata', 'bytes', 131),
    optional('split_offsets', { type: 'array', items: 'long', 'element-id': 133 }, 132),
    optional('equality_ids', { type: 'array', items: 'int', 'element-id': 136 }, 135),
    optional('sort_order_id', 'int', 140),
  ],
})

/** A manifest's entries hold partitions, so each partition spec has a schema of its own. */
export const manifestEntrySchemaOf = (partition: readonly AvroField[]): object => ({
  type: 'record',
  name: 'manifest_entry',
  fields: [
    required('status', 'int', 0),
    optional('snapshot_id', 'long', 1),
    optional('sequence_number', 'long', 3),
    optional('file_sequence_number', 'long', 4),
    required('data_file', dataFileOf(partition), 2),
  ],
})

const partitionSummary = {
  type: 'record',
  name: 'r508',
  fields: [
    required('contains_null', 'boolean', 509),
    optional('contains_nan', 'boolean', 518),
    optional('lower_bound', 'bytes', 510),
    optional('upper_bound', 'bytes', 511),
  ],
}

export const manifestFileSchema = {
  type: 'record',
  name: 'manifest_file',
  fields: [
    required('manifest_path', 'string', 500),
    required('manifest_length', 'long', 501),
    required('partition_spec_id', 'int', 502),
    required('content', 'int', 517),
    required('sequence_number', 'long', 515),
    required('min_sequence_number', 'long', 516),
    required('added_snapshot_id', 'long', 503),
    required('added_files_count', 'int', 504),
    required('existing_files_count', 'int', 505),
    required('deleted_files_count', 'int', 506),
    required('added_rows_count', 'long', 512),
    required('existing_rows_count', 'long', 513),
    required('deleted_rows_count', 'long', 514),
    optional('partitions', { type: 'array', items: partitionSummary, 'element-id': 508 }, 507),
    optional('key_metadata', 'bytes', 519),
  ],
}
