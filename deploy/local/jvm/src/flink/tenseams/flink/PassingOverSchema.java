package tenseams.flink;

import java.io.EOFException;
import java.io.IOException;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException;
import org.apache.flink.metrics.Counter;
import org.apache.flink.table.data.RowData;

/**
 * Decodes as another schema does, and returns null, which Flink drops, for bytes that can never be decoded. Whatever is
 * not known to be the record's own fault is thrown on: with the registry away the job restarts until it is back.
 */
final class PassingOverSchema implements DeserializationSchema<RowData> {
  private static final long serialVersionUID = 1L;
  private static final String AVRO = "org.apache.flink.avro.shaded.org.apache.avro.";
  private static final int NOT_FOUND = 404;

  private final DeserializationSchema<RowData> decoder;
  private transient Counter undecodable;

  PassingOverSchema(DeserializationSchema<RowData> decoder) {
    this.decoder = decoder;
  }

  @Override
  public void open(InitializationContext context) throws Exception {
    decoder.open(context);
    undecodable = context.getMetricGroup().counter("undecodableRecords");
  }

  @Override
  public RowData deserialize(byte[] message) throws IOException {
    try {
      return decoder.deserialize(message);
    } catch (IOException | RuntimeException failure) {
      if (!isTheRecordsFault(failure)) throw failure;
      undecodable.inc();
      return null;
    }
  }

  @Override
  public boolean isEndOfStream(RowData row) {
    return decoder.isEndOfStream(row);
  }

  @Override
  public TypeInformation<RowData> getProducedType() {
    return decoder.getProducedType();
  }

  static boolean isTheRecordsFault(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof RestClientException answer) return answer.getStatus() == NOT_FOUND;
      if (cause instanceof EOFException || cause instanceof IndexOutOfBoundsException) return true;
      if (cause.getClass().getName().startsWith(AVRO)) return true;
      String message = cause.getMessage();
      if (message != null && message.contains("Magic number does not match")) return true;
    }
    return false;
  }
}
