package tenseams.flink;

import java.util.Set;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.formats.avro.registry.confluent.RegistryAvroFormatFactory;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.format.DecodingFormat;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DeserializationFormatFactory;
import org.apache.flink.table.factories.DynamicTableFactory;
import org.apache.flink.table.types.DataType;

/**
 * Format {@code contract-avro}: Flink's {@code avro-confluent} for sources, which passes over a record that cannot be
 * decoded instead of failing the job for ever. Such a record is counted ({@code undecodableRecords}); the lakehouse,
 * which reads every topic, writes it to the topic's dead letter topic.
 */
public final class ContractAvroFormatFactory implements DeserializationFormatFactory {
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
}
