package tenseams.catalog;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.postgresql.plugin.AuthenticationPlugin;
import org.postgresql.plugin.AuthenticationRequestType;
import org.postgresql.util.PSQLException;
import org.postgresql.util.PSQLState;

/**
 * The password of a role of Postgres out of an identity's file of credentials (packages/identities).
 *
 * <p>The driver asks for it at each new connection, so a rotation needs no restart. While one is
 * under way there are two, and only the rotation knows which of them Postgres takes: a connection
 * waits the moment that it lasts. After one that was interrupted, connections try the two in turn.
 */
public final class CredentialsFile implements AuthenticationPlugin {
  private static final long WAIT_MS = 3_000;
  private static final long POLL_MS = 50;
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final AtomicInteger ATTEMPTS = new AtomicInteger();

  private final Path file;
  private final String role;

  /** Called by the driver with the properties of the connection: {@code credentials} and {@code user}. */
  public CredentialsFile(Properties connection) {
    this.file = Path.of(connection.getProperty("credentials"));
    this.role = connection.getProperty("user");
  }

  @Override
  public char[] getPassword(AuthenticationRequestType type) throws PSQLException {
    try {
      JsonNode credentials = read();
      long deadline = System.currentTimeMillis() + WAIT_MS;
      while (credentials.has("next") && System.currentTimeMillis() < deadline) {
        Thread.sleep(POLL_MS);
        credentials = read();
      }
      boolean isInterrupted = credentials.has("next");
      boolean isTurnOfNext = isInterrupted && ATTEMPTS.getAndIncrement() % 2 == 1;
      return passwordIn(isTurnOfNext ? credentials.get("next") : credentials);
    } catch (IOException failure) {
      throw unusable(failure.getMessage());
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw unusable("interrupted");
    }
  }

  /** No part of the file gets into an error: it may be a secret. */
  private JsonNode read() throws IOException, PSQLException {
    Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(file);
    for (PosixFilePermission permission : permissions) {
      if (!permission.name().startsWith("OWNER_")) {
        throw unusable("other users can use it: run `chmod 600 " + file + "`");
      }
    }
    byte[] content = Files.readAllBytes(file);
    try {
      return JSON.readTree(content);
    } catch (IOException malformed) {
      throw unusable("it is no JSON");
    }
  }

  private char[] passwordIn(JsonNode secrets) throws PSQLException {
    String password = secrets.path("postgres").path(role).textValue();
    if (password == null) {
      throw unusable("it has no password of the role " + role);
    }
    return password.toCharArray();
  }

  private PSQLException unusable(String why) {
    return new PSQLException(
        "the credentials in " + file + " cannot be used: " + why, PSQLState.CONNECTION_UNABLE_TO_CONNECT);
  }
}
