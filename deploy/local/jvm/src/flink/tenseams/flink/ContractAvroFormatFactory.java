package tenseams.flink;

import java.util.Set;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.avro.shaded.org.apache.avro.Schema;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.formats.avro.AvroRowDataSerializationSchema;
import org.apache.flink.formats.avro.RegistryAvroSerializationSchema;
import org.apache.flink.formats.avro.RowDataToAvroConverters;
import org.apache.flink.formats.avro.registry.confluent.AvroConfluentFormatOptions;
import org.apache.flink.formats.avro.registry.confluent.RegistryAvroFormatFactory;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.format.DecodingFormat;
import org.apache.flink.table.connector.format.EncodingFormat;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DeserializationFormatFactory;
import org.apache.flink.table.factories.DynamicTableFactory;
import org.apache.flink.table.factories.SerializationFormatFactory;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.RowType;

/**
 * Format {@code contract-avro}: Flink's {@code avro-confluent} for topics with a contract.
 *
 * <p>A source passes over a record that cannot be decoded instead of failing the job for ever. Such a record is counted ({@code
 * undecodableRecords}); the lakehouse, which reads every topic, writes it to the topic's dead letter topic. A sink writes by the
 * published schema of its option {@code schema}, and registers none.
 */
public final class ContractAvroFormatFactory
    implements DeserializationFormatFactory, SerializationFormatFactory {
  private final RegistryAvroFormatFactory avro = new RegistryAvroFormatFactory();

  @Override
  public String factoryIdentifier() {
    return "contract-avro";
  }

  @Override
  public Set<ConfigOption<?>> requiredOptions() {
    return avro.requiredOptions();
  }

  @Override
  public Set<ConfigOption<?>> optionalOptions() {
    return avro.optionalOptions();
  }

  @Override
  public DecodingFormat<DeserializationSchema<RowData>> createDecodingFormat(
      DynamicTableFactory.Context context, ReadableConfig options) {
    DecodingFormat<DeserializationSchema<RowData>> decoding =
        avro.createDecodingFormat(context, options);
    return new DecodingFormat<>() {
      @Override
      public DeserializationSchema<RowData> createRuntimeDecoder(
          DynamicTableSource.Context source, DataType physicalType) {
        return new PassingOverSchema(decoding.createRuntimeDecoder(source, physicalType));
      }

      @Override
      public ChangelogMode getChangelogMode() {
        return decoding.getChangelogMode();
      }
    };
  }

  @Override
  public EncodingFormat<SerializationSchema<RowData>> createEncodingFormat(
      DynamicTableFactory.Context context, ReadableConfig options) {
    EncodingFormat<SerializationSchema<RowData>> checking =
        avro.createEncodingFormat(context, options);
    String text = options.get(AvroConfluentFormatOptions.SCHEMA);
    if (text == null) {
      throw new ValidationException("a sink of contract-avro needs the published schema");
    }
    String subject = options.get(AvroConfluentFormatOptions.SUBJECT);
    String url = options.get(AvroConfluentFormatOptions.URL);
    return new EncodingFormat<>() {
      @Override
      public SerializationSchema<RowData> createRuntimeEncoder(
          DynamicTableSink.Context sink, DataType consumed) {
        // Flink's own encoder is only made because it compares the schema with the table.
        checking.createRuntimeEncoder(sink, consumed);
        RowType type = (RowType) consumed.getLogicalType();
        return new AvroRowDataSerializationSchema(
            type,
            RegistryAvroSerializationSchema.forGeneric(
                new Schema.Parser().parse(text), new PublishedSchemaCoder.Provider(subject, url)),
            RowDataToAvroConverters.createConverter(type));
      }

      @Override
      public ChangelogMode getChangelogMode() {
        return checking.getChangelogMode();
      }
    };
  }
}
