package tenseams.connect;

import io.debezium.connector.postgresql.PostgresConnector;
import org.apache.kafka.connect.connector.Task;

/** Debezium's connector with {@link GatheringPostgresTask} as its task. All of its settings are Debezium's. */
public class GatheringPostgresConnector extends PostgresConnector {
  @Override
  public Class<? extends Task> taskClass() {
    return GatheringPostgresTask.class;
  }
}
