package tenseams.flink;

import java.io.EOFException;
import java.io.IOException;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException;
import org.apache.flink.metrics.Counter;
import org.apache.flink.table.data.RowData;
import org.apache.flink.util.InstantiationUtil;

/**
 * Decodes as another schema does, and returns null, which Flink drops, for bytes that can never be decoded. Whatever is
 * not known to be the record's own fault is thrown on: with the registry away the job restarts until it is back.
 *
 * After such bytes it decodes with a fresh decoder: Avro's reads ahead and keeps what it had not used when it gave up, and
 * would take that for the beginning of the next record, which is a good one.
 */
final class PassingOverSchema implements DeserializationSchema<RowData> {
  private static final long serialVersionUID = 1L;
  private static final String AVRO = "org.apache.flink.avro.shaded.org.apache.avro.";
  private static final int NOT_FOUND = 404;
  private static final String NO_MAGIC_BYTE = "Magic number does not match";
  /** The registry's client about a schema that is no Avro: an id that belongs to a Protobuf topic. */
  private static final String OTHER_FORMAT = "Invalid schema ";

  private DeserializationSchema<RowData> decoder;
  private transient InitializationContext context;
  private transient Counter undecodable;

  PassingOverSchema(DeserializationSchema<RowData> decoder) {
    this.decoder = decoder;
  }

  @Override
  public void open(InitializationContext context) throws Exception {
    this.context = context;
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
      decoder = fresh(decoder);
      return null;
    }
  }

  /** What a decoder has read is transient in it, so its copy has read nothing. */
  private DeserializationSchema<RowData> fresh(DeserializationSchema<RowData> used)
      throws IOException {
    try {
      DeserializationSchema<RowData> copy =
          InstantiationUtil.clone(used, used.getClass().getClassLoader());
      copy.open(context);
      return copy;
    } catch (Exception failure) {
      throw new IOException("no fresh decoder after a record that could not be decoded", failure);
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
      if (cause.getClass().getName().startsWith(AVRO) || isThrownByAvro(cause)) return true;
      String message = cause.getMessage();
      if (message == null) continue;
      if (message.contains(NO_MAGIC_BYTE) || message.startsWith(OTHER_FORMAT)) return true;
    }
    return false;
  }

  /** Avro throws Java's own exceptions, too, for lengths that nobody has written. It does no I/O of its own here. */
  private static boolean isThrownByAvro(Throwable failure) {
    StackTraceElement[] frames = failure.getStackTrace();
    return frames.length > 0 && frames[0].getClassName().startsWith(AVRO);
  }
}
