package tenseams.kafka;

import java.io.IOException;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Which rights were used: a file a day (UTC), with a line {@code <time> <user> <operation> <resource> <name>} for each use that is
 * the first of its kind on that day, and so none for each request. Names are encoded as in a form. A restart repeats lines.
 *
 * <p>All is bounded: a file in bytes, and with it what is kept in memory; the folder in days. The last line of a file that is full is
 * {@code <time> full}: what it does not have may have been used.
 */
final class Uses {
  record Use(String user, Enum<?> operation, Enum<?> resource, String name) {}

  private static final long DAY_MS = 86_400_000;
  private static final long RETRY_MS = 60_000;
  private static final int MOST_DAYS = 400;
  /** Topics have names of 249 characters at most; ids of groups and transactions may be as long as a request. */
  private static final int MOST_NAME = 255;

  private final Path folder;
  private final long mostBytes;
  private final Consumer<IOException> onError;
  private volatile Day today = new Day(Long.MIN_VALUE);
  private volatile long pausedUntilMs = Long.MIN_VALUE;

  private static final class Day {
    final long number;
    final Set<Use> seen = ConcurrentHashMap.newKeySet();
    volatile boolean full;

    Day(long number) {
      this.number = number;
    }
  }

  /** @param onError is told why a line cannot be written; the next one is tried a minute later. */
  Uses(Path folder, long mostBytes, Consumer<IOException> onError) {
    this.folder = folder;
    this.mostBytes = mostBytes;
    this.onError = onError;
  }

  /** Costs a look into a set, unless it is the first of its kind today. Never throws: no request fails because of it. */
  void note(Use use, long nowMs) {
    Day day = today;
    if (day.number == Math.floorDiv(nowMs, DAY_MS) && (day.full || day.seen.contains(use))) {
      return;
    }
    if (nowMs >= pausedUntilMs) {
      add(use, nowMs);
    }
  }

  private synchronized void add(Use use, long nowMs) {
    long number = Math.floorDiv(nowMs, DAY_MS);
    if (today.number != number) {
      today = new Day(number);
    }
    Day day = today;
    if (day.full || day.seen.contains(use)) {
      return;
    }
    try {
      day.full = !append(day, lineOf(use, nowMs), nowMs);
      day.seen.add(use);
    } catch (IOException failure) {
      pausedUntilMs = nowMs + RETRY_MS;
      onError.accept(failure);
    }
  }

  /** Whether there is room for more. */
  private boolean append(Day day, String line, long nowMs) throws IOException {
    Path file = folder.resolve(LocalDate.ofEpochDay(day.number) + ".uses");
    if (!Files.exists(file)) {
      Files.createDirectories(folder);
      removeOldest();
    }
    boolean fits = Files.notExists(file) || Files.size(file) + line.length() <= mostBytes;
    String written = fits ? line : timeOf(nowMs) + " full\n";
    try (SeekableByteChannel channel =
        Files.newByteChannel(
            file,
            Set.of(StandardOpenOption.CREATE, StandardOpenOption.APPEND),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
      channel.write(ByteBuffer.wrap(written.getBytes(StandardCharsets.UTF_8)));
    }
    return fits;
  }

  private void removeOldest() throws IOException {
    try (Stream<Path> found = Files.list(folder)) {
      List<Path> files =
          found.filter(each -> each.toString().endsWith(".uses")).sorted().toList();
      for (Path file : files.subList(0, Math.max(0, files.size() - MOST_DAYS + 1))) {
        Files.deleteIfExists(file);
      }
    }
  }

  private static String lineOf(Use use, long nowMs) {
    String name = use.name().substring(0, Math.min(use.name().length(), MOST_NAME));
    return String.join(
            " ",
            timeOf(nowMs),
            encoded(use.user()),
            wordOf(use.operation()),
            wordOf(use.resource()),
            encoded(name))
        + "\n";
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private static String timeOf(long nowMs) {
    return Instant.ofEpochMilli(nowMs).truncatedTo(ChronoUnit.SECONDS).toString();
  }

  /** DESCRIBE_CONFIGS → describe-configs */
  private static String wordOf(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
