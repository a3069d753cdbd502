package tenseams.catalog;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import org.apache.iceberg.Files;
import org.apache.iceberg.io.FileIO;
import org.apache.iceberg.io.InputFile;
import org.apache.iceberg.io.OutputFile;
import org.apache.iceberg.io.PositionOutputStream;
import org.apache.iceberg.io.SeekableInputStream;

/**
 * The metadata files of tables, on this machine's disk.
 *
 * <p>Without its native library, Hadoop's local file system starts a process ({@code chmod}) for each file
 * that it creates, and creates two, since it writes a checksum beside each. That was more than the rest of a
 * commit.
 */
public final class LocalFileIO implements FileIO {
  @Override
  public InputFile newInputFile(String location) {
    return new Input(location, Files.localInput(fileOf(location)));
  }

  @Override
  public OutputFile newOutputFile(String location) {
    return new Output(location, Files.localOutput(fileOf(location)));
  }

  @Override
  public void deleteFile(String location) {
    try {
      java.nio.file.Files.deleteIfExists(fileOf(location).toPath());
    } catch (IOException error) {
      throw new UncheckedIOException("cannot delete " + location, error);
    }
  }

  /** Nothing is decoded: to Hadoop, too, {@code %2F} in a path is part of the name. */
  private static File fileOf(String location) {
    String path = location.replaceFirst("^file:(//)?(?=/)", "");
    if (!path.startsWith("/")) {
      throw new IllegalArgumentException(location + " is not a file on this machine");
    }
    return Path.of(path).toFile();
  }

  /** A file that is called as the caller has called it, whatever its path on the disk. */
  private record Input(String location, InputFile file) implements InputFile {
    @Override
    public long getLength() {
      return file.getLength();
    }

    @Override
    public SeekableInputStream newStream() {
      return file.newStream();
    }

    @Override
    public boolean exists() {
      return file.exists();
    }
  }

  private record Output(String location, OutputFile file) implements OutputFile {
    @Override
    public PositionOutputStream create() {
      makeFolder();
      return file.create();
    }

    @Override
    public PositionOutputStream createOrOverwrite() {
      makeFolder();
      return file.createOrOverwrite();
    }

    /** Iceberg's local files fail when somebody else makes the folder at the same moment. */
    private void makeFolder() {
      try {
        java.nio.file.Files.createDirectories(fileOf(location).toPath().getParent());
      } catch (IOException error) {
        throw new UncheckedIOException("cannot make the folder of " + location, error);
      }
    }

    @Override
    public InputFile toInputFile() {
      return new Input(location, file.toInputFile());
    }
  }
}
