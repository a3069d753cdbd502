package tenseams.connect;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import javax.security.auth.Subject;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.CallbackHandler;
import javax.security.auth.callback.NameCallback;
import javax.security.auth.callback.PasswordCallback;
import javax.security.auth.callback.UnsupportedCallbackException;
import javax.security.auth.login.FailedLoginException;
import javax.security.auth.login.LoginException;
import javax.security.auth.spi.LoginModule;
import tenseams.login.Logins;

/**
 * Lets Connect's own basic authentication ask {@link Logins}: an identity's name and its token. Kafka's own module for this,
 * PropertyFileLoginModule, keeps passwords in the clear, and reads its file once.
 */
public final class TokenLogin implements LoginModule {
  /** One for all requests, each of which has a login module of its own: the file is read when it has changed. */
  private static volatile Logins logins;

  private CallbackHandler callbacks;

  @Override
  public void initialize(
      Subject subject, CallbackHandler handler, Map<String, ?> shared, Map<String, ?> options) {
    callbacks = handler;
    if (logins == null) {
      logins = new Logins(Path.of(String.valueOf(options.get("file"))));
    }
  }

  @Override
  public boolean login() throws LoginException {
    NameCallback name = new NameCallback("identity");
    PasswordCallback password = new PasswordCallback("token", false);
    try {
      callbacks.handle(new Callback[] {name, password});
      char[] token = password.getPassword();
      Optional<String> identity =
          token == null ? Optional.empty() : logins.identityOf(String.valueOf(token));
      if (identity.isEmpty() || !identity.get().equals(name.getName())) {
        throw new FailedLoginException("this is no token of an identity that may use Connect");
      }
      return true;
    } catch (IOException | UnsupportedCallbackException failure) {
      LoginException unavailable = new LoginException("the identities cannot be read");
      unavailable.initCause(failure);
      throw unavailable;
    }
  }

  @Override
  public boolean commit() {
    return true;
  }

  @Override
  public boolean abort() {
    return true;
  }

  @Override
  public boolean logout() {
    return true;
  }
}
