package tenseams.connect;

import io.debezium.connector.postgresql.PostgresConnectorTask;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.connect.source.SourceRecord;

/**
 * Debezium's task, with fewer transactions under load and nothing to do for Kafka while nothing comes (adr/0045).
 *
 * <p>Connect makes a transaction of what a poll returns. After a silence, four polls return what has come, as Debezium's own do:
 * that is an order's way while there is no other. Later ones gather, so a busy connector has eight transactions a second. (A
 * leaky bucket, which is empty again after half a second.) An open transaction never outlives its poll, so a task can be
 * paused, stopped or killed at any time.
 *
 * <p>Connect calls {@link #commit()} after each transaction and after each poll without records. Debezium then reads its
 * offsets back from Kafka, to tell Postgres up to where its log may be removed. Once a second is enough for that, and only
 * after there were records.
 */
public class GatheringPostgresTask extends PostgresConnectorTask {
  private static final long GATHER_NANOS = TimeUnit.MILLISECONDS.toNanos(120);
  private static final long BURST_NANOS = 4 * GATHER_NANOS;
  private static final long FLUSH_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final int MOST_RECORDS = 4_096;

  /** When the bucket is empty. Each batch fills it by what a busy connector gathers. */
  private long emptyAt = System.nanoTime();
  private long lastFlushAt = System.nanoTime() - FLUSH_NANOS;
  private boolean isFlushDue;

  @Override
  public List<SourceRecord> doPoll() throws InterruptedException {
    List<SourceRecord> first = super.doPoll();
    if (first == null || first.isEmpty()) return first;
    List<SourceRecord> records = new ArrayList<>(first);
    while (records.size() < MOST_RECORDS && emptyAt - System.nanoTime() > BURST_NANOS - GATHER_NANOS) {
      List<SourceRecord> more = super.doPoll();
      if (more != null) records.addAll(more);
    }
    long now = System.nanoTime();
    emptyAt = Math.max(emptyAt - now, 0) + now + GATHER_NANOS;
    isFlushDue = true;
    return records;
  }

  /** Called by the thread that polls, as the fields require. */
  @Override
  public void commit() throws InterruptedException {
    if (!isFlushDue || System.nanoTime() - lastFlushAt < FLUSH_NANOS) return;
    isFlushDue = false;
    lastFlushAt = System.nanoTime();
    super.commit();
  }
}
