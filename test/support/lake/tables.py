"""Runs steps on Iceberg tables with pyiceberg: a list of steps as JSON on stdin, the result of each as JSON on stdout.

Values travel as text that keeps them whole: whole numbers, days and microseconds in digits, decimals with their point,
floating numbers as the hexadecimal digits of their eight bytes (one NaN for all), bytes as hexadecimal digits, a UUID as
its text. Lists, maps and structs travel as JSON of plain values.
"""

import json
import os
import struct
import sys
from decimal import Decimal
from uuid import UUID

import pyarrow as pa
from pyiceberg.catalog import load_catalog
from pyiceberg.expressions import AlwaysTrue, EqualTo
from pyiceberg.partitioning import PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.types import (
    BinaryType,
    BooleanType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IcebergType,
    MapType,
    NestedField,
    PrimitiveType,
    StringType,
    TimestampType,
    TimestamptzType,
    TimeType,
    UUIDType,
)

COUNTED = {
    DateType: pa.int32(),
    TimeType: pa.int64(),
    TimestampType: pa.int64(),
    TimestamptzType: pa.int64(),
}


def text_of(kind: IcebergType, value):
    """A value in the exchange format. Days and microseconds are numbers here already."""
    if value is None:
        return None
    if isinstance(kind, MapType):
        return dict(value)
    if not isinstance(kind, PrimitiveType):
        return value
    if isinstance(kind, (BooleanType, StringType)):
        return value
    if isinstance(kind, (FloatType, DoubleType)):
        return "NaN" if value != value else struct.pack(">d", value).hex()
    if isinstance(kind, DecimalType):
        return format(value, "f")
    if isinstance(kind, BinaryType):
        return value.hex()
    if isinstance(kind, UUIDType):
        return str(value if isinstance(value, UUID) else UUID(bytes=value))
    return str(value)


def value_of(kind: IcebergType, text):
    """The inverse."""
    if text is None or not isinstance(kind, PrimitiveType):
        return text
    if isinstance(kind, (BooleanType, StringType)):
        return text
    if isinstance(kind, (FloatType, DoubleType)):
        return float("nan") if text == "NaN" else struct.unpack(">d", bytes.fromhex(text))[0]
    if isinstance(kind, DecimalType):
        return Decimal(text)
    if isinstance(kind, BinaryType):
        return bytes.fromhex(text)
    if isinstance(kind, UUIDType):
        return UUID(text).bytes
    return int(text)


def counted(column: pa.ChunkedArray, kind: IcebergType) -> pa.ChunkedArray:
    """Days and microseconds as plain numbers, since Python's own types have neither all days nor all of them exactly."""
    plain = COUNTED.get(type(kind))
    return column if plain is None else column.cast(plain)


def rows_of(schema: Schema, found: pa.Table) -> list:
    columns = [
        [text_of(field.field_type, value) for value in counted(found[field.name], field.field_type).to_pylist()]
        for field in schema.fields
    ]
    names = [field.name for field in schema.fields]
    return [dict(zip(names, row)) for row in zip(*columns)]


def column_of(kind: IcebergType, wanted: pa.DataType, texts: list) -> pa.Array:
    values = [value_of(kind, text) for text in texts]
    if isinstance(kind, UUIDType):
        return pa.ExtensionArray.from_storage(wanted, pa.array(values, pa.binary(16)))
    if type(kind) in COUNTED:
        return pa.array(values, COUNTED[type(kind)]).cast(wanted)
    if not isinstance(kind, PrimitiveType):
        values = [list(value.items()) if isinstance(value, dict) and isinstance(kind, MapType) else value for value in values]
    return pa.array(values, wanted)


def arrow_of(schema: Schema, rows: list) -> pa.Table:
    wanted = schema.as_arrow()
    return pa.Table.from_arrays(
        [
            column_of(field.field_type, wanted.field(field.name).type, [row.get(field.name) for row in rows])
            for field in schema.fields
        ],
        schema=wanted,
    )


def create(catalog, step):
    schema = Schema.model_validate(step["schema"])
    spec = PartitionSpec.model_validate(step["spec"])
    table = catalog.create_table(step["table"], schema, partition_spec=spec, properties=step.get("properties", {}))
    return table.schema().model_dump(mode="json")


def append(catalog, step):
    table = catalog.load_table(step["table"])
    table.append(arrow_of(table.schema(), step["rows"]))


def delete(catalog, step):
    table = catalog.load_table(step["table"])
    kind = table.schema().find_field(step["column"]).field_type
    table.delete(EqualTo(step["column"], value_of(kind, step["value"])))


def type_of(text: str) -> IcebergType:
    return NestedField.model_validate({"id": 1, "name": "any", "required": False, "type": text}).field_type


def evolve(catalog, step):
    with catalog.load_table(step["table"]).update_schema() as update:
        for name, kind in step.get("add", {}).items():
            update.add_column(name, type_of(kind))
        for name, kind in step.get("widen", {}).items():
            update.update_column(name, field_type=type_of(kind))
        for old, new in step.get("rename", {}).items():
            update.rename_column(old, new)
        for name in step.get("first", []):
            update.move_first(name)


def set_property(catalog, step):
    with catalog.load_table(step["table"]).transaction() as transaction:
        transaction.set_properties(**step["properties"])


def read(catalog, step):
    scan = catalog.load_table(step["table"]).scan()
    schema = scan.projection()
    return rows_of(schema, scan.to_arrow())


def filtered(catalog, step):
    """For each value of each plain column: rows found with a filter by it, and rows with it."""
    table = catalog.load_table(step["table"])
    schema = table.schema()
    everything = table.scan().to_arrow()
    found = {}
    for field in schema.fields:
        kind = field.field_type
        if not isinstance(kind, PrimitiveType) or field.name in step.get("except", []):
            continue
        texts = [text_of(kind, value) for value in counted(everything[field.name], kind).to_pylist()]
        for text in sorted({text for text in texts if text not in (None, "NaN")}, key=str):
            value = UUID(text) if isinstance(kind, UUIDType) else value_of(kind, text)
            with_filter = table.scan(row_filter=EqualTo(field.name, value), selected_fields=(field.name,))
            found[f"{field.name} = {text}"] = [with_filter.to_arrow().num_rows, texts.count(text)]
    return found


def files(catalog, step):
    """Number of files that a scan reads, without and with a filter."""
    table = catalog.load_table(step["table"])
    kind = table.schema().find_field(step["column"]).field_type
    by = EqualTo(step["column"], value_of(kind, step["value"]))
    return [len(list(table.scan(row_filter=row_filter).plan_files())) for row_filter in (AlwaysTrue(), by)]


def count(catalog, step):
    """Rows, distinct values of a column and their bytes' sum, without holding more than a batch."""
    scan = catalog.load_table(step["table"]).scan(selected_fields=tuple(step["columns"]))
    rows, seen = 0, set()
    for batch in scan.to_arrow_batch_reader():
        rows += batch.num_rows
        seen.update(zip(*(batch[name].to_pylist() for name in step["columns"])))
    return {"rows": rows, "distinct": len(seen)}


STEPS = {
    "create": create,
    "append": append,
    "delete": delete,
    "evolve": evolve,
    "set-properties": set_property,
    "read": read,
    "filtered": filtered,
    "files": files,
    "count": count,
}


def own_token():
    """That of whoever runs this."""
    with open(os.environ["CREDENTIALS_FILE"], encoding="utf-8") as file:
        return json.load(file)["token"]


def main():
    wanted = json.load(sys.stdin)
    catalog = load_catalog("lake", type="rest", uri=wanted["catalogUrl"], token=own_token())
    json.dump([STEPS[step["do"]](catalog, step) for step in wanted["steps"]], sys.stdout, default=str)


main()
