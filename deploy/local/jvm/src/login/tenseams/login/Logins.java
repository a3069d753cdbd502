package tenseams.login;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;

/**
 * Who may log in to a server: a file with a line {@code <SHA-256 of a token> <identity>} for each token. It is read again when
 * it has changed, so a rotation needs no restart; while one is under way, an identity has two lines. The server knows no
 * token itself, and a token is random enough that nobody finds it by its hash.
 */
public final class Logins {
  private final Path file;
  private volatile Read read = new Read(FileTime.fromMillis(0), Map.of());

  private record Read(FileTime changed, Map<String, String> identities) {}

  public Logins(Path file) {
    this.file = file;
  }

  /** The identity whose token it is; empty when it is nobody's. */
  public Optional<String> identityOf(String token) throws IOException {
    return Optional.ofNullable(identities().get(hashOf(token)));
  }

  /** The same of a header {@code Authorization}: {@code Bearer <token>}, or {@code Basic} with the identity's name. */
  public Optional<String> identityIn(String authorization) throws IOException {
    if (authorization == null) {
      return Optional.empty();
    }
    int blank = authorization.indexOf(' ');
    String scheme = authorization.substring(0, Math.max(blank, 0));
    String credentials = authorization.substring(blank + 1).strip();
    if (scheme.equalsIgnoreCase("Bearer")) {
      return identityOf(credentials);
    }
    return scheme.equalsIgnoreCase("Basic") ? basic(credentials) : Optional.empty();
  }

  private Optional<String> basic(String credentials) throws IOException {
    String[] parts = decoded(credentials).split(":", 2);
    return parts.length < 2
        ? Optional.empty()
        : identityOf(parts[1]).filter(identity -> identity.equals(parts[0]));
  }

  private static String decoded(String base64) {
    try {
      return new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException malformed) {
      return "";
    }
  }

  private Map<String, String> identities() throws IOException {
    FileTime changed = Files.getLastModifiedTime(file);
    Read last = read;
    if (!changed.equals(last.changed())) {
      last = new Read(changed, parsed());
      read = last;
    }
    return last.identities();
  }

  private Map<String, String> parsed() throws IOException {
    Map<String, String> identities = new HashMap<>();
    for (String line : Files.readAllLines(file)) {
      String[] parts = line.strip().split(" ", 2);
      if (parts.length == 2) {
        identities.put(parts[0], parts[1]);
      }
    }
    return identities;
  }

  private static String hashOf(String token) {
    try {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(sha256.digest(token.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
