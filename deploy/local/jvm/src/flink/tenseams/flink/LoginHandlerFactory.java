package tenseams.flink;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.io.network.netty.InboundChannelHandlerFactory;
import org.apache.flink.shaded.netty4.io.netty.channel.ChannelHandler;
import org.apache.flink.util.ConfigurationException;
import tenseams.login.Logins;

/** Puts {@link LoginHandler} behind {@link SameOriginHandler} in every REST interface of Flink. */
public final class LoginHandlerFactory implements InboundChannelHandlerFactory {
  private static final ConfigOption<String> FILE =
      ConfigOptions.key("tenseams.logins.file").stringType().noDefaultValue();
  private static final ConfigOption<String> OPEN =
      ConfigOptions.key("tenseams.logins.open-paths").stringType().noDefaultValue();

  /** One for all connections of this process. */
  private Logins logins;

  @Override
  public int priority() {
    return -1;
  }

  /** A process without these settings would answer everybody, so it does not start. */
  @Override
  public Optional<ChannelHandler> createHandler(
      Configuration configuration, Map<String, String> responseHeaders)
      throws ConfigurationException {
    String file = configuration.get(FILE);
    String open = configuration.get(OPEN);
    if (file == null || open == null) {
      throw new ConfigurationException("set " + FILE.key() + " and " + OPEN.key());
    }
    synchronized (this) {
      if (logins == null) {
        logins = new Logins(Path.of(file));
      }
    }
    return Optional.of(new LoginHandler(logins, Pattern.compile(open)));
  }
}
