package tenseams.flink;

import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.avro.AvroSchema;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.client.CachedSchemaRegistryClient;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.client.SchemaRegistryClient;
import org.apache.flink.avro.registry.confluent.shaded.io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException;
import org.apache.flink.avro.shaded.org.apache.avro.Schema;
import org.apache.flink.formats.avro.SchemaCoder;

/**
 * Puts the id of a published schema before a record. Flink's own coder registers the schema instead, which only the publisher may
 * do: a job whose contract is not published has to fail, not to publish it.
 */
final class PublishedSchemaCoder implements SchemaCoder {
  private static final int CACHED_IDS = 10;

  private final String subject;
  private final SchemaRegistryClient registry;
  private Schema known;
  private int id;

  PublishedSchemaCoder(String subject, String url) {
    this.subject = subject;
    registry = new CachedSchemaRegistryClient(url, CACHED_IDS);
  }

  @Override
  public Schema readSchema(InputStream in) {
    throw new UnsupportedOperationException("only records that are written have this format");
  }

  @Override
  public void writeSchema(Schema schema, OutputStream out) throws IOException {
    if (schema != known) {
      id = publishedId(schema);
      known = schema;
    }
    out.write(0);
    new DataOutputStream(out).writeInt(id);
  }

  private int publishedId(Schema schema) throws IOException {
    try {
      return registry.getId(subject, new AvroSchema(schema));
    } catch (RestClientException failure) {
      if (failure.getStatus() == 404) {
        throw new IOException(
            subject + " has no such version: publish it by `npm run contracts -- publish`", failure);
      }
      throw new IOException("the registry does not tell the id of " + subject, failure);
    }
  }

  /** Made anew in each task, since a client of the registry cannot be sent there. */
  record Provider(String subject, String url) implements SchemaCoder.SchemaCoderProvider {
    @Override
    public SchemaCoder get() {
      return new PublishedSchemaCoder(subject, url);
    }
  }
}
